"""Cells as they are written, dead operations included: for costs of the whole network.

A score such as accuracy depends on what a cell computes, and cells that compute the same are predicted alike.
Benchmarks that build operations on dead edges too measure latency and energy with them. So where evaluated cells have
dead operations, MetaNP reads the cells in three ways (`metanp.side.Side.views`): what they compute alone; beside it,
how often each operation is written; beside that, where each operation and edge is written. The context weighs them
(`metanp.reading`). For other predictors the columns are side features (`written_features`).

    written conv3x3    how often a cell has the operation
    node 2: conv3x3    1 where the node is this operation, else 0
    edge 1-3           1 where there is the edge, else 0

Axes: cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from metanp.brief import brief
from metanp.cell import Cell
from metanp.cell_array import SMALL, CellArray, as_array, by_size
from metanp.given import read_cells
from metanp.operations import NONE, operation_text

COUNT = "written "
Columns = dict[str, Float[np.ndarray, " cell"]]


class Arrays:
    """Operations and edges of cells; computed when first asked for."""

    def __init__(self, cells: Sequence[Cell] | CellArray):
        self.cells = cells

    def __getstate__(self) -> dict[str, Any]:
        """Numbers of operations are good for one process."""
        return {"cells": self.cells}

    @cached_property
    def by_size(self) -> list[tuple[Int[np.ndarray, " cell"], CellArray, dict[str, int]]]:
        """Positions and arrays of cells of similar size, and the number of each operation that they have."""
        found = []
        for rows, some in by_size(self.cells):
            present = np.unique(some.operation[some.operation >= 0]).tolist()
            found.append((rows, some, {operation_text(one): one for one in present}))
        return found


@dataclass(frozen=True)
class Written:
    """Columns of some of the cells of `whole`."""

    whole: Arrays
    row: Int[np.ndarray, " cell"]

    __repr__ = brief

    @classmethod
    def of(cls, cells: Sequence[Cell] | CellArray) -> Written:
        """Of all of these cells."""
        return cls(Arrays(cells), np.arange(len(cells)))

    def rows(self, index: Int[np.ndarray, " row"]) -> Written:
        """Some of the cells."""
        return Written(self.whole, self.row[index])

    def varying(self) -> list[tuple[str, ...]]:
        """Names of columns in which the cells differ, by kind: of numbers of operations, then of nodes and edges.

        None where no cell has dead operations, and where a cell is larger than `metanp.cell_array.SMALL`.
        """
        cells = self._array()
        if cells is None or not _with_dead(cells).any():
            return []
        return [tuple(_counts(cells)), tuple(_places(cells))]

    def column(self, name: str) -> Float[np.ndarray, " cell"]:
        """One column, even one that none of these cells has."""
        found = np.zeros(len(self.whole.cells))
        for rows, some, numbers in self.whole.by_size:
            found[rows] = _column(some, numbers, name)
        return found[self.row]

    def _array(self) -> CellArray | None:
        """The cells, where none is large."""
        if not len(self.row):
            return None
        cells = self.whole.cells
        some = cells[self.row] if isinstance(cells, CellArray) else [cells[i] for i in self.row.tolist()]
        size = some.size.max() if isinstance(some, CellArray) else max(map(len, some))
        return as_array(some) if size <= SMALL else None


def written_features(cells: Iterable[Cell] | CellArray, of: Iterable[Cell] | CellArray | None = None) -> Columns:
    """Cells as they are written, as side features for any predictor; MetaNP reads them by itself.

    Args:
        cells: any, with any number of nodes.
        of: the cells that columns are for, the evaluated ones where `cells` are candidates; `cells` themselves without.

    Returns:
        By name, (cell,) numbers; the same names for the same `of`.

    Raises:
        TypeError, ValueError: an item that is no cell.
    """
    given = read_cells(cells)
    known = as_array(given if of is None else read_cells(of, "cells whose columns are wanted"))
    written = Written.of(given)
    return {name: written.column(name) for name in (*_counts(known), *_places(known))}


def _with_dead(cells: CellArray) -> Bool[np.ndarray, " cell"]:
    """Which cells have operations that no path from the input to the output passes."""
    return (cells.operation > NONE).sum(1) > (cells.pruned().operation > NONE).sum(1)


def _counts(cells: CellArray) -> Iterator[str]:
    """Columns of operations in whose number the cells differ."""
    for one in np.unique(cells.operation[cells.operation >= 0]).tolist():
        if len(np.unique((cells.operation == one).sum(1))) > 1:
            yield COUNT + operation_text(one)


def _places(cells: CellArray) -> Iterator[str]:
    """Columns of nodes and edges in which the cells differ."""
    for node, here in enumerate(cells.operation.T):
        for one in np.unique(here[here >= 0]).tolist():
            if not (here == one).all():
                yield f"node {node}: {operation_text(one)}"
    count = cells.adjacency.sum(0)
    yield from (f"edge {start}-{end}" for start, end in np.argwhere((count > 0) & (count < len(cells))).tolist())


def _column(cells: CellArray, numbers: dict[str, int], name: str) -> Float[np.ndarray, " cell"]:
    """One column of cells in one array. numbers: of their operations."""
    width, absent = cells.operation.shape[1], -2
    if name.startswith(COUNT):
        return (cells.operation == numbers.get(name.removeprefix(COUNT), absent)).sum(1).astype(float)
    if name.startswith("edge "):
        start, end = map(int, name.removeprefix("edge ").split("-"))
        return cells.adjacency[:, start, end].astype(float) if end < width else np.zeros(len(cells))
    node, operation = name.removeprefix("node ").split(": ", 1)
    here = cells.operation[:, int(node)] if int(node) < width else np.full(len(cells), -1)
    return (here == numbers.get(operation, absent)).astype(float)
