"""The configurations of a table of curves as cells, so that predictors of architectures can read them."""

from __future__ import annotations

import numpy as np

from data import load_benchmark
from data.curves.table import CurveTable
from metanp.cell import Cell
from metanp.cell_array import CellArray


def cells_of(table: CurveTable, download: bool = False) -> tuple[CellArray, np.ndarray]:
    """Cells, and the row of the table that each is of: those of its benchmark, else of the numbers that are known.

    Raises:
        ValueError: nothing is known of its configurations.
        FileUnavailable: its benchmark is not at hand.
    """
    if table.benchmark:
        benchmark = load_benchmark(table.benchmark, download)
        place = {name: i for i, name in enumerate(benchmark.ids)}
        rows = np.array([i for i, name in enumerate(table.ids) if name in place])
        return benchmark.cells[[place[table.ids[i]] for i in rows]], rows
    numbers = {**table.curves.architecture, **table.curves.hyperparameters}
    if not numbers:
        raise ValueError(f"nothing is known of the configurations of {table.name} but their curves")
    known = [{name: column[i] for name, column in numbers.items() if np.isfinite(column[i])} for i in range(len(table))]
    rows = np.flatnonzero([bool(one) for one in known])
    made = [Cell.from_parameters({name: float(value) for name, value in known[i].items()}) for i in rows]
    return CellArray.from_cells(made), rows
