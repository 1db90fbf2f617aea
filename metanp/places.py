"""The operations of chains by their place: in a chain of blocks the third block is the third block.

A graph says what a cell computes, and which of many blocks carries an operation is hard to see in it. Where cells are
chains, as macro skeletons are, the operation at each place is a column. There are such columns where all evaluated
cells are written as chains. A candidate has those of its pruned form, so that candidates that compute the same have the
same columns.

Axes: cell; place, of a chain, from the input on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from metanp.brief import brief
from metanp.cell import Cell
from metanp.cell_array import CellArray, by_size
from metanp.operations import OUTPUT, operation_text

PLACE = "place "
NOWHERE = -1


class Chains:
    """What cells are as chains; computed when first asked for."""

    def __init__(self, cells: Sequence[Cell] | CellArray):
        self.cells = cells

    def __getstate__(self) -> dict[str, Any]:
        """Numbers of operations are good for one process."""
        return {"cells": self.cells}

    @cached_property
    def written(self) -> Bool[np.ndarray, " cell"]:
        """Which are chains of two operations and more as they are written, without parameters of their own."""
        found = np.zeros(len(self.cells), dtype=bool)
        for rows, some in by_size(self.cells):
            found[rows] = _is_chain(some)
        return found

    @cached_property
    def operations(self) -> Int[np.ndarray, "cell place"]:
        """The number of the operation at each place; `NOWHERE` behind the end, and for cells that are no chain."""
        parts = []
        for rows, some in by_size(self.cells):
            pruned = some.pruned()
            inner = np.where(pruned.operation == OUTPUT, NOWHERE, pruned.operation)[:, 1:]
            parts.append((rows, np.where(_is_chain(pruned)[:, None], inner, NOWHERE)))
        found = np.full((len(self.cells), max(own.shape[1] for _, own in parts)), NOWHERE, dtype=np.int32)
        for rows, own in parts:
            found[rows, : own.shape[1]] = own
        return found


@dataclass(frozen=True)
class Places:
    """Columns of some of the cells of `whole`."""

    whole: Chains
    row: Int[np.ndarray, " cell"]

    __repr__ = brief

    @classmethod
    def of(cls, cells: Sequence[Cell] | CellArray) -> Places:
        """Of all of these cells."""
        return cls(Chains(cells), np.arange(len(cells)))

    def rows(self, index: Int[np.ndarray, " row"]) -> Places:
        """Some of the cells."""
        return Places(self.whole, self.row[index])

    def __bool__(self) -> bool:
        """Whether any cell is written as a chain."""
        return bool(self.whole.written[self.row].any())

    def varying(self) -> list[str]:
        """Names of the columns in which the cells differ; none unless all are written as chains."""
        if not len(self.row) or not self.whole.written[self.row].all():
            return []
        operations = self.whole.operations[self.row]
        pairs = ((place, number) for place in range(operations.shape[1]) for number in np.unique(operations[:, place]))
        return [
            f"{PLACE}{place}={operation_text(int(number))}"
            for place, number in pairs
            if number != NOWHERE and (operations[:, place] != number).any()
        ]

    def column(self, name: str) -> Float[np.ndarray, " cell"]:
        """1 where a chain has that operation at that place, else 0."""
        place, _, wanted = name.removeprefix(PLACE).partition("=")
        operations = self.whole.operations
        if int(place) >= operations.shape[1]:
            return np.zeros(len(self.row))
        here = operations[self.row, int(place)]
        numbers = [number for number in np.unique(here) if number != NOWHERE and operation_text(int(number)) == wanted]
        return np.isin(here, numbers).astype(float)


def _is_chain(cells: CellArray) -> Bool[np.ndarray, " cell"]:
    size, width = cells.size, cells.operation.shape[1]
    step = np.arange(width - 1)
    along = cells.adjacency[:, step, step + 1].sum(1)
    chain = (size > 3) & (along == size - 1) & (cells.adjacency.sum((1, 2)) == size - 1)
    return chain if cells.parameters is None else chain & np.array([not one for one in cells.parameters], dtype=bool)
