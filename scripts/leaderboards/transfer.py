"""Training data of predictors that transfer from other benchmarks: those that the kind of table allows.

    kind, tested benchmark -> tables -> some cells of each, with all their measured scores except costs

MetaNP of the same kind is trained on these tables too; if it is cross-task, also on those that cross-space allows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from data import load_benchmark
from data.table import Table
from metanp.cell_array import CellArray
from tasks.measured import COSTS
from tasks.sources import DEVELOPMENT, allowed_tables


def nearest_tables(kind: str, tested: str) -> tuple[str, ...]:
    """The closely related tables that cross-task adds, else all that cross-space allows; no development benchmarks."""
    if kind not in ("cross-space", "cross-task"):
        return ()
    allowed = [name for name in allowed_tables(kind, tested) if name not in DEVELOPMENT]
    far = allowed_tables("cross-space", tested)
    return tuple(name for name in allowed if name not in far) or tuple(allowed)


@dataclass(frozen=True)
class MeasuredSources:
    """All tasks of some tables, on `cells` random cells of each; see `metanp.baselines.transferred.Sources`."""

    tables: tuple[str, ...]
    cells: int = 512

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", tuple(self.tables))  # configurations give lists

    def read(self, seed: int) -> tuple[CellArray, Float[np.ndarray, "cell task"]]:
        """Cells of all tables, and their scores, without costs; NaN where not measured."""
        rng = np.random.default_rng([seed, 103])
        parts, scores = [], []
        for table in map(load_benchmark, self.tables):
            rows = rng.choice(len(table), size=min(self.cells, len(table)), replace=False)
            parts.append(table.cells[rows])
            scores.append(np.stack([column[rows] for column in _columns(table)], axis=1))
        return CellArray.concatenate(parts), _diagonal(scores)


def _columns(table: Table) -> Iterable[np.ndarray]:
    for name, metric in table.metrics.items():
        if metric.quantity not in COSTS:
            yield table.mean(name) if metric.maximize else -table.mean(name)


def _diagonal(scores: list[np.ndarray]) -> np.ndarray:
    """The blocks along the diagonal of one array, NaN elsewhere."""
    whole = np.full((sum(len(s) for s in scores), sum(s.shape[1] for s in scores)), np.nan)
    row = column = 0
    for block in scores:
        whole[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return whole
