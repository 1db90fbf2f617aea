"""Cells as they are written, as side features: for costs of the whole network, dead operations included.

A score such as accuracy depends on what a cell computes, and cells that compute the same are predicted alike. A
benchmark that builds operations on dead edges too measures their latency and energy, and in such costs each operation
counts by its place. Where a score is such a cost, give these columns with the evaluated cells and with the candidates:

    model.fit(cells, latency, features=written_features(cells), maximize=False)
    model.rank(candidates, features=written_features(candidates, of=cells), include_evaluated=True)

The last argument keeps candidates that compute the same as an evaluated cell, as they may cost less.

Axes: cell.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float

from metanp.cell import Cell
from metanp.cell_array import CellArray, as_array
from metanp.given import read_cells
from metanp.operations import operation_at

Columns = dict[str, Float[np.ndarray, " cell"]]


def written_features(cells: Iterable[Cell] | CellArray, of: Iterable[Cell] | CellArray | None = None) -> Columns:
    """The operation at each node and the edges, 1 or 0: a column for each that some of the cells `of` have, not all.

    Args:
        cells: any, with any number of nodes.
        of: the cells that columns are for, the evaluated ones where `cells` are candidates; `cells` themselves without.

    Returns:
        By name, such as "node 2: conv3x3" or "edge 1-3", (cell,) numbers; the same names for the same `of`.

    Raises:
        TypeError, ValueError: an item that is no cell.
    """
    array = as_array(read_cells(cells))
    known = array if of is None else as_array(read_cells(of, "cells whose columns are wanted"))
    columns: Columns = {}
    for node in range(known.operation.shape[1]):
        here = array.operation[:, node] if node < array.operation.shape[1] else np.full(len(array), -1)
        for one in np.unique(known.operation[:, node]):
            if one >= 0 and not (known.operation[:, node] == one).all():
                columns[f"node {node}: {operation_at(int(one))}"] = (here == one).astype(np.float64)
    count = known.adjacency.sum(0)
    for start, end in np.argwhere((count > 0) & (count < len(known))).tolist():
        inside = end < array.operation.shape[1]
        edge = array.adjacency[:, start, end] if inside else np.zeros(len(array), dtype=bool)
        columns[f"edge {start}-{end}"] = edge.astype(np.float64)
    return columns
