"""The configurations of a table of curves as cells, so that predictors of architectures can read them."""

from __future__ import annotations

import numpy as np

from data import Table, load_benchmark
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
        places = benchmark_rows(table, benchmark)
        rows = np.flatnonzero(places >= 0)
        return benchmark.cells[places[rows]], rows
    numbers = {**table.curves.architecture, **table.curves.hyperparameters}
    if not numbers:
        raise ValueError(f"nothing is known of the configurations of {table.name} but their curves")
    known = [{name: column[i] for name, column in numbers.items() if np.isfinite(column[i])} for i in range(len(table))]
    rows = np.flatnonzero([bool(one) for one in known])
    made = [Cell.from_parameters({name: float(value) for name, value in known[i].items()}) for i in rows]
    return CellArray.from_cells(made), rows


def benchmark_rows(table: CurveTable, benchmark: Table) -> np.ndarray:
    """(config,): the row of each configuration in its benchmark; -1 where it has none."""
    place = {name: i for i, name in enumerate(benchmark.ids)}
    return np.array([place.get(name, -1) for name in table.ids], dtype=np.int64)
