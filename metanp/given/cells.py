"""Collections of cells from callers."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.given.settings import InputError, shown

HOW_TO_READ = "make cells with Cell.from_nasbench201 or its like"


def read_cells(cells: Any, what: str = "cells") -> list[Cell] | CellArray:
    """Cells in the order given, copied.

    Args:
        what: how messages call them.

    Raises:
        InputError: something that is no collection of cells, or an item that is no `Cell`; names it and its position.
    """
    if isinstance(cells, CellArray):
        parameters = None if cells.parameters is None else cells.parameters.copy()
        return CellArray(cells.operation.copy(), cells.adjacency.copy(), parameters)
    listed = _listed(cells, what)
    for place, cell in enumerate(listed):
        if not isinstance(cell, Cell):
            raise InputError(f"cell {place} is {shown(cell)}, no Cell; make one with Cell.from_nasbench201 or its like")
    return listed


def read_evaluated(cells: Any) -> list[Cell] | CellArray:
    """Evaluated cells, in an order that scores can follow.

    Raises:
        InputError: as `read_cells`; or a set, which has no order.
    """
    if isinstance(cells, Set) and not hasattr(cells, "mapping"):
        raise InputError("the evaluated cells are a set, which has no order that scores could follow; give a list")
    return read_cells(cells, "evaluated cells")


def _listed(cells: Any, what: str) -> list[Any]:
    if isinstance(cells, Cell):
        raise InputError(f"the {what} are one Cell; give a list, [cell]")
    if isinstance(cells, str | bytes):
        raise InputError(f"the {what} are a text, {shown(cells)}; give a list of cells: {HOW_TO_READ}")
    if isinstance(cells, Mapping):
        raise InputError(f"the {what} are a mapping; give its keys or its values as a list")
    if hasattr(cells, "columns"):
        raise InputError(f"the {what} are a table; give the column that holds the cells")
    if getattr(cells, "ndim", 1) != 1:
        raise InputError(f"the {what} are an array of shape {np.shape(cells)}; give a list of cells, or one column")
    try:
        return list(cells)
    except TypeError:
        raise InputError(f"the {what} are {shown(cells)} ({type(cells).__name__}); give a list of cells") from None
