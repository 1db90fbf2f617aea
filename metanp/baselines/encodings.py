"""Encodings of cells for predictors that do not read graphs: adjacency matrices and paths.

    adjacency     one-hot: the operation of each node, and which edges exist
    categorical   the same as numbers: the operation of each node, the first edge, the second, ...
    paths         which sequences of operations lead from the input to the output
    short_paths   only paths of at most three operations, the most likely: 40 on NAS-Bench-101

Adjacency is that of the cell as it is written, its nodes not renumbered; paths are those of the pruned cell, equal for
isomorphic cells.

Axes: cell, as given; node, in topological order.

Source: White et al. 2020, "A Study on Encodings for Neural Architecture Search" (arXiv:2007.04965); the truncation of
paths, White et al. 2021 (BANANAS, arXiv:1910.11858).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Int, UInt64

from metanp.baselines.inputs import Counts, Inputs
from metanp.cell import Cell
from metanp.cell_array import CellArray, as_array
from metanp.distinct import Distinct
from metanp.operations import VOCABULARY
from metanp.side import Side

SHORT = 3  # operations on a path
LONGEST = 64  # no path is longer
BASE = np.uint64(len(VOCABULARY) + 1)

Hits = tuple[Int[np.ndarray, " hit"], UInt64[np.ndarray, " hit"]]


def adjacency(cells: Sequence[Cell] | CellArray) -> Inputs:
    """One-hot operations by node and one-hot edges."""
    array = as_array(cells).in_words()
    row, node = np.nonzero(array.operation >= 0)
    operation = node * len(VOCABULARY) + array.operation[row, node]
    edge_row, edge = _edges(array)
    operations = Counts.of(row, operation.astype(np.uint64), len(array))
    return _each_cell(array, operations, Counts.of(edge_row, edge.astype(np.uint64), len(array)))


def categorical(cells: Sequence[Cell] | CellArray) -> Inputs:
    """The number of each node's operation in the vocabulary, and the numbers of the edges in ascending order.

    A missing edge or node is 0.
    """
    array = as_array(cells).in_words()
    row, node = np.nonzero(array.operation >= 0)
    operations = Counts.of(row, node.astype(np.uint64), len(array), array.operation[row, node].astype(np.float32))
    edge_row, edge = _edges(array)
    order = np.lexsort((edge, edge_row))
    edge_row, edge = edge_row[order], edge[order]
    first = np.searchsorted(edge_row, np.arange(len(array)))
    place = np.arange(len(edge)) - first[edge_row]
    edges = Counts.of(edge_row, place.astype(np.uint64), len(array), (edge + 1).astype(np.float32))
    return _each_cell(array, operations, edges)


def paths(cells: Sequence[Cell] | CellArray, longest: int = LONGEST) -> Inputs:
    """Which paths of at most `longest` operations there are, 1 for each, however often."""
    distinct = Distinct.of(cells)
    found = [(own[row], name) for own, pruned in distinct.groups for row, name in _paths(pruned.in_words(), longest)]
    found = found or [(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint64))]
    row, name = (np.concatenate(part) for part in zip(*found, strict=True))
    once = np.unique(np.stack([row.astype(np.uint64), name]), axis=1)
    counts = Counts.of(once[0].astype(np.int64), once[1], len(distinct))
    none = np.zeros((len(distinct), 0), dtype=np.float32)
    return Inputs(distinct.graph, distinct.fingerprint, none, (counts,), Side.of(None, len(distinct)))


def short_paths(cells: Sequence[Cell] | CellArray) -> Inputs:
    """`paths` of at most three operations."""
    return paths(cells, SHORT)


def _paths(pruned: CellArray, longest: int) -> Iterator[Hits]:
    """All paths, those through the same nodes at once: the cells that have them, and the paths' names there.

    A path is named by the digits of its operations, to the base of their number; arithmetic of 64 bits wraps around for
    paths of more than a dozen operations, which makes a hash of it.
    """
    last = pruned.size - 1
    everywhere = np.arange(len(pruned))
    waiting = [(0, 0, everywhere, np.zeros(len(pruned), dtype=np.uint64))]
    while waiting:
        node, length, rows, name = waiting.pop()
        for after in range(node + 1, pruned.operation.shape[1]):
            there = pruned.adjacency[rows, node, after]
            ends = there & (last[rows] == after)
            if ends.any():
                yield rows[ends], name[ends]
            on = there & ~ends
            if on.any() and length < longest:
                digit = pruned.operation[rows[on], after].astype(np.uint64) + np.uint64(1)
                waiting.append((after, length + 1, rows[on], name[on] * BASE + digit))


def _edges(array: CellArray) -> tuple[Int[np.ndarray, " edge"], Int[np.ndarray, " edge"]]:
    """The cell of each edge, and the edge's number: the same for a pair of nodes in cells of any size."""
    row, start, end = np.nonzero(array.adjacency)
    return row, end * (end - 1) // 2 + start


def _each_cell(array: CellArray, *counts: Counts) -> Inputs:
    """Inputs with a row for each cell."""
    none = np.zeros((len(array), 0), dtype=np.float32)
    return Inputs(np.arange(len(array)), array.fingerprint(), none, counts, Side.of(None, len(array)))
