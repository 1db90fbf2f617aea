"""Numbers of an archive before they become a `Table`: arrays that grow by row, one for each metric and seed.

They take as much memory as the table will; nothing else may grow with the number of cells. Knows no format: readers
say what was measured (`Measured`), for which row and in which run.

Axes:
    cell   rows of the table
    seed   runs of one cell, ordered by the official seed number, or by appearance where runs have none
"""

import math
from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from data.table import Metric
from metanp.cell import Cell
from metanp.cell_array import CellArray

CHUNK = 512  # cells held as Cell objects at once
COMPUTED = ("parameters", "flops")  # side features, as no training is needed to compute them
UNITS = {
    "accuracy": "percent",
    "loss": "nats",
    "time": "s",
    "latency": "s",
    "parameters": "million",
    "flops": "million",
}


class Measured(NamedTuple):
    """The meaning of a number, as in `Metric`, and the name of its column in the archive."""

    dataset: str
    split: str
    quantity: str
    epochs: int | None
    column: str

    @property
    def name(self) -> str:
        """Such as `cifar10_validation_accuracy_200`, `cifar10_latency`, `parameters`."""
        split = "" if self.split == "none" else self.split
        return "_".join(str(word) for word in (self.dataset, split, self.quantity, self.epochs) if word)

    def metric(self, source: str, sha256: str) -> Metric:
        """Its description in the table."""
        kind = self.quantity.removeprefix("halfway_")
        unit, maximize = UNITS[kind], kind == "accuracy"
        what = (self.dataset, self.quantity, self.split, self.epochs)
        return Metric(self.name, *what, unit, maximize, source, sha256, self.column)


class Columns:
    """Values by (what was measured, seed) and row; rows may come in any order, and a value never set is NaN."""

    def __init__(self) -> None:
        self._columns: dict[tuple[Measured, int], array[float]] = {}

    def put(self, measured: Measured, seed: int, row: int, value: float) -> None:
        """Set one value. An infinite one (a loss that diverged) counts as failed."""
        column = self._columns.get((measured, seed))
        if column is None:
            column = self._columns[measured, seed] = array("d")
        if row >= len(column):
            column.extend([math.nan] * (row + 1 - len(column)))
        column[row] = value if math.isfinite(value) else math.nan

    def take(self, order: Int[np.ndarray, " cell"], source: str, sha256: str) -> Iterator[tuple[Metric, np.ndarray]]:
        """Every metric in the form of `Table.from_columns`, emptying this; only one is held twice at a time.

        Args:
            order: row of each row of the table.
            source: name of the archive, as the descriptions give it.
            sha256: of the archive.
        """
        for measured in sorted({measured for measured, _ in self._columns}, key=lambda measured: measured.name):
            seeds = sorted(seed for other, seed in self._columns if other == measured)
            values = np.full((len(order), len(seeds)), math.nan)
            for i, seed in enumerate(seeds):
                column = self._columns.pop((measured, seed))
                values[: len(column), i] = column
            values = values[order]
            yield measured.metric(source, sha256), values[:, 0] if measured.quantity in COMPUTED else values


def cell_array(cells: Iterable[Cell]) -> CellArray:
    """As `CellArray.from_cells`, with never more than `CHUNK` of the cells held as objects."""
    parts: list[CellArray] = []
    waiting: list[Cell] = []
    for cell in cells:
        waiting.append(cell)
        if len(waiting) == CHUNK:
            parts.append(CellArray.from_cells(waiting))
            waiting.clear()
    return CellArray.concatenate([*parts, CellArray.from_cells(waiting)] if waiting else parts)
