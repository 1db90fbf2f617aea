"""Columns of numbers derived from architectures: from their parameters, described operations, and places in chains.

Other cells of the vocabulary have no column; `metanp.features` reads words and graphs. A predictor reads the columns
beside side features, on the scale of the evaluated cells. Which column a cell has, and its value, depends on that cell
alone, never on the cells beside it.

    width.0          a number, or the first in a text (5 of 5x5); NaN where there is none
    kernel=5x5       1 where the parameter is this text, else 0
    depth given      1 where there is such a parameter, else 0
    total width      of described operations: total, mean, largest, smallest over the nodes that state one
    place 2=skip     1 where the third operation of a chain is this one, else 0 (`metanp.places`)

Axes: cell; column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.brief import counted
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.operation import NUMBERS
from metanp.operations import VOCABULARY, described, operation_index
from metanp.parameters import Parameters, Value
from metanp.places import Places
from metanp.written import Written

GIVEN = " given"
OF_OPERATIONS = ("kernel_height", "kernel_width", *NUMBERS)
UNSTATED = {"kernel_height": 0.0, "kernel_width": 0.0, "width": 0.0, "width_ratio": 0.0, "heads": 0.0}
OVER_NODES: dict[str, Callable[[Sequence[float]], float]] = {
    "total": sum,
    "mean": fmean,
    "largest": max,
    "smallest": min,
}
Columns = dict[str, dict[int, float]]
NUMBER_IN_TEXT = re.compile(r"[-+]?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Descriptions:
    """Columns of cells, kept sparse: a text that only one cell has is a column too.

    n: how many cells. flags: columns that are 0, numbers: those that are missing, where a cell has no value; by name,
    the value of each row that has one. places: columns of chains; written: of cells as they are written.
    """

    n: int
    flags: Columns
    numbers: Columns
    places: Places
    written: Written

    def __repr__(self) -> str:
        return f"Descriptions({counted(self.n, 'cell')}, {counted(len(self.flags) + len(self.numbers), 'column')})"

    def __bool__(self) -> bool:
        return bool(self.flags or self.numbers or self.places)

    @classmethod
    def of(cls, cells: Sequence[Cell] | CellArray) -> Descriptions:
        """Every column that any of these cells has."""
        parameters, operations = _said(cells)
        flags: Columns = {}
        numbers: Columns = {}
        for row, one in enumerate(parameters):
            for name, value in one:
                flags.setdefault(name + GIVEN, {})[row] = 1.0
                if isinstance(value, str):
                    flags.setdefault(f"{name}={value}", {})[row] = 1.0
                if (number := _number(value)) is not None:
                    numbers.setdefault(name, {})[row] = number
        for row, stated in enumerate(operations):
            for name, number in _over_nodes(stated):
                numbers.setdefault(name, {})[row] = number
        return cls(len(cells), flags, numbers, Places.of(cells), Written.of(cells))

    def rows(self, index: Any) -> Descriptions:
        """Some of the cells."""
        if not self.n:
            return self
        chosen = np.arange(self.n)[index]
        taken, places, written = chosen.tolist(), self.places.rows(chosen), self.written.rows(chosen)
        if not self.flags and not self.numbers:
            return replace(self, n=len(taken), places=places, written=written)
        flags, numbers = (
            {name: {i: values[row] for i, row in enumerate(taken) if row in values} for name, values in columns.items()}
            for columns in (self.flags, self.numbers)
        )
        return Descriptions(len(taken), flags, numbers, places, written)

    def varying(self) -> list[str]:
        """The columns of which some cells have other values than others, without places; what is missing counts for
        nothing."""
        flags = [name for name, values in self.flags.items() if 0 < len(values) < self.n]
        numbers = (name for name, values in self.numbers.items() if len({*values.values()}) > 1)
        return sorted(flags) + sorted(numbers)

    def column(self, name: str, flag: bool) -> Float[np.ndarray, " cell"]:
        """One column, even one that none of these cells has; flag: 0, not missing, for cells without a value."""
        column = np.full(self.n, 0.0 if flag else np.nan)
        values = (self.flags if flag else self.numbers).get(name, {})
        column[list(values)] = list(values.values())
        return column


NOTHING = Descriptions(0, {}, {}, Places.of([]), Written.of([]))


def _said(cells: Sequence[Cell] | CellArray) -> tuple[list[Parameters], list[list[int]]]:
    """The parameters of each cell, and the numbers of its described operations; empty lists where no cell has any."""
    if isinstance(cells, CellArray):
        if cells.operation.max(initial=-1) < len(VOCABULARY):
            return [] if cells.parameters is None else list(cells.parameters), []
        cells = cells.to_cells()
    parameters = [cell.parameters for cell in cells]
    numbers = [[operation_index(one) for one in cell.operations if not isinstance(one, str)] for cell in cells]
    return parameters if any(parameters) else [], numbers if any(numbers) else []


def _over_nodes(operations: Sequence[int]) -> Iterator[tuple[str, float]]:
    """Numbers of a cell's described operations, over those that state one."""
    known = [described(number).numbers for number in operations]
    for name in OF_OPERATIONS if known else ():
        if stated := [one[name] for one in known if one[name] != UNSTATED.get(name)]:
            yield from ((f"{over} {name}", float(function(stated))) for over, function in OVER_NODES.items())


def _number(value: Value) -> float | None:
    """A number, or the first that stands in a text: 5 of 5x5."""
    if not isinstance(value, str):
        return float(value)
    found = NUMBER_IN_TEXT.search(value)
    return float(found.group()) if found else None
