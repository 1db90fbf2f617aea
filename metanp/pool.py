"""Candidate cells made ready once, for as many rankings as one likes.

Encoding does not depend on the evaluated cells, so a search that asks after each training encodes its candidates once.

Axes: cell, as given; graph, the distinct pruned cells among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, UInt64

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.encoder import GraphEncoder, Points
from metanp.graphs import Graphs, as_array

CHUNK = 8192  # graphs encoded at once: tens of megabytes of activations


@dataclass(frozen=True)
class Side:
    """Named side features of cells, NaN where missing."""

    names: tuple[str, ...]
    values: Float[np.ndarray, "cell side"]

    @classmethod
    def of(cls, features: Any, n: int) -> Side:
        """From a DataFrame, or a mapping of name to one number a cell (None or NaN where missing), or None.

        Raises:
            ValueError: a column with another number of rows than there are cells, or a value that is infinite or no
                number; named.
        """
        if features is None:
            return cls((), np.zeros((n, 0)))
        names = list(features.keys() if isinstance(features, Mapping) else features.columns)
        columns = [_column(name, features[name], n) for name in names]
        return cls(tuple(map(str, names)), np.stack(columns, axis=1) if columns else np.zeros((n, 0)))

    def in_order(self, names: Sequence[str]) -> Float[np.ndarray, "cell side"]:
        """The columns called `names`, all missing where this has no such column."""
        missing = np.full(len(self.values), np.nan)
        columns = [self.values[:, self.names.index(n)] if n in self.names else missing for n in names]
        return np.stack(columns, axis=1) if columns else np.zeros((len(self.values), 0))


def _column(name: Any, values: Any, n: int) -> Float[np.ndarray, " cell"]:
    try:
        column = np.asarray([np.nan if v is None else v for v in values], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"side feature {name!r}: {error}; expected one number a cell, NaN where missing") from None
    if len(column) != n:
        raise ValueError(f"side feature {name!r} has {len(column)} values for {n} cells")
    if np.isinf(column).any():
        raise ValueError(f"side feature {name!r} is infinite at cell {int(np.isinf(column).argmax())}")
    return column


@dataclass(frozen=True)
class Pool:
    """Encoded cells; made by `MetaNP.encode`, good for that checkpoint alone."""

    cells: Sequence[Cell] | CellArray
    points: Points = field(repr=False)  # one row a graph
    graph: Int[np.ndarray, " cell"] = field(repr=False)
    fingerprint: UInt64[np.ndarray, " graph"] = field(repr=False)
    side: Side = field(repr=False)
    checkpoint: str

    def __len__(self) -> int:
        return len(self.graph)

    def cell(self, index: int) -> Cell:
        """One of the cells, as given."""
        if isinstance(self.cells, CellArray):
            return self.cells[[index]].to_cells()[0]
        return self.cells[index]


def encode(encoder: GraphEncoder, cells: Sequence[Cell] | CellArray, side: Side, checkpoint: str) -> Pool:
    """Run the encoder over the distinct cells, in pieces."""
    device = encoder.feature_scale.device
    pruned = as_array(cells).pruned()
    fingerprint, first, graph = np.unique(pruned.fingerprint(), return_index=True, return_inverse=True)
    points: Points | None = None
    with torch.inference_mode():
        for start in range(0, len(first), CHUNK):
            rows = first[start : start + CHUNK]
            part = encoder(Graphs.of(pruned[rows]).to_data().to(device))
            # written in place, so that a large pool is never held twice
            points = points or part.map(lambda x: x.new_empty((len(first), x.shape[1])))
            for name, whole in vars(points).items():
                whole[start : start + len(rows)] = getattr(part, name)
    assert points is not None
    return Pool(cells, points, graph, fingerprint, side, checkpoint)
