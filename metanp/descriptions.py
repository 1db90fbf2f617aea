"""What architectures say of themselves in numbers: their parameters, and the numbers of described operations.

Words and graphs say nothing here (`metanp.features` reads those), so that cells of the vocabulary alone have no column.
A predictor reads the columns beside side features, on the scale of the evaluated cells.

    width.0          a number, NaN where an architecture lacks it
    kernel=5x5       1 where the parameter is this text, else 0; beside it `kernel`, where every text holds a number
    depth given      1 where there is such a parameter at all, else 0
    total width      of described operations: total, mean, largest, smallest over the nodes that say it

Axes: cell; column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.brief import brief
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.operation import NUMBERS
from metanp.operations import VOCABULARY, described, operation_index
from metanp.parameters import Parameters, Value

GIVEN = " given"
OF_OPERATIONS = ("kernel_height", "kernel_width", *NUMBERS)
UNSAID = {"kernel_height": 0.0, "kernel_width": 0.0, "width": 0.0, "width_ratio": 0.0, "heads": 0.0}
OVER_NODES: dict[str, Callable[[np.ndarray], Any]] = {
    "total": np.sum,
    "mean": np.mean,
    "largest": np.max,
    "smallest": np.min,
}
NUMBER_IN_TEXT = re.compile(r"[-+]?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Descriptions:
    """Columns by name; `texts` are the parameters of which a column says whether they are a certain text."""

    names: tuple[str, ...]
    values: Float[np.ndarray, "cell column"]
    texts: frozenset[str]

    __repr__ = brief

    @classmethod
    def of(cls, cells: Sequence[Cell] | CellArray) -> Descriptions:
        """Every column that any of these cells has."""
        if isinstance(cells, CellArray) and cells.parameters is None and not _describes(cells):
            return cls((), np.zeros((len(cells), 0)), frozenset())
        parameters, operations = _said(cells)
        columns = dict(_of_parameters(parameters)) | dict(_of_operations(operations))
        texts = {name for one in parameters for name, value in one if isinstance(value, str)}
        values = np.stack([*columns.values()], axis=1) if columns else np.zeros((len(cells), 0))
        return cls(tuple(columns), values, frozenset(texts))


def _said(cells: Sequence[Cell] | CellArray) -> tuple[list[Parameters], list[list[int]]]:
    """The parameters of each cell, and the numbers of its described operations."""
    if isinstance(cells, CellArray):
        if not _describes(cells):
            return list(cells.each_parameters()), [[]] * len(cells)
        cells = cells.to_cells()
    numbers = [[operation_index(one) for one in cell.operations if not isinstance(one, str)] for cell in cells]
    return [cell.parameters for cell in cells], numbers


def _describes(cells: CellArray) -> bool:
    """Whether any operation is described."""
    return bool(cells.operation.max(initial=-1) >= len(VOCABULARY))


def _of_parameters(cells: Sequence[Parameters]) -> Iterator[tuple[str, Float[np.ndarray, " cell"]]]:
    found: dict[str, dict[int, Value]] = {}
    for row, parameters in enumerate(cells):
        for name, value in parameters:
            found.setdefault(name, {})[row] = value
    for name, values in sorted(found.items()):
        texts = sorted({value for value in values.values() if isinstance(value, str)})
        numbers = {row: _number(value) for row, value in values.items()}
        if all(number is not None for number in numbers.values()):
            yield name, _column(numbers, len(cells), np.nan)
        for text in texts:
            yield f"{name}={text}", _column({row: value == text for row, value in values.items()}, len(cells), 0.0)
        if len(values) < len(cells):
            yield name + GIVEN, _column(dict.fromkeys(values, 1.0), len(cells), 0.0)


def _of_operations(cells: Sequence[Sequence[int]]) -> Iterator[tuple[str, Float[np.ndarray, " cell"]]]:
    if not any(cells):
        return
    known = {number: described(number).numbers for numbers in cells for number in numbers}
    for name in OF_OPERATIONS:
        said = {number: one[name] for number, one in known.items() if one[name] != UNSAID.get(name)}
        if len(set(said.values())) < 2:
            continue
        nodes = [np.array([said[number] for number in numbers if number in said]) for numbers in cells]
        for over, function in OVER_NODES.items():
            yield f"{over} {name}", np.array([function(values) if len(values) else np.nan for values in nodes])


def _number(value: Value) -> float | None:
    """A number, or the first that stands in a text: 5 of 5x5."""
    if not isinstance(value, str):
        return float(value)
    found = NUMBER_IN_TEXT.search(value)
    return float(found.group()) if found else None


def _column(values: dict[int, float | None], n: int, missing: float) -> Float[np.ndarray, " cell"]:
    column = np.full(n, missing)
    column[list(values)] = [float(value or 0) for value in values.values()]
    return column
