"""Many cells at once: the padded arrays behind everything that must be fast.

`Cell` is one cell for a person; `CellArray` is a whole space for a machine. Every step here (pruning, the
Weisfeiler-Lehman fingerprint) agrees with the slow one in `metanp.cell`.

Arrays are dense: every cell takes as much memory as the largest of its array. Lists of cells of mixed sizes become
several arrays (`by_size`), and an array is processed in pieces (`pieces`).

Axes:
    cell   position in the array
    node   nodes in topological order, padded; the input is node 0, the output the last real node
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
from jaxtyping import Bool, Int, UInt64

from metanp.brief import counted
from metanp.canonical import canonical_order
from metanp.cell import Cell
from metanp.hashed_refinement import Edges, Neighbours, mix
from metanp.operations import (
    NONE,
    OUTPUT,
    SKIP,
    VOCABULARY,
    Operation,
    colours,
    described,
    operation_at,
    operation_index,
    operation_indices,
    words,
)
from metanp.parameters import Parameters

TURNED_AT_ONCE = 1024  # cells converted at once when an array is iterated over
CHUNK = 32_768  # cells handled at once, so that temporary arrays stay in tens of megabytes
PAIRS = 2**22  # pairs of nodes handled at once, likewise; a single cell may have more
STEPS = 7
MOST_NUMBERS = np.iinfo(np.int16).max  # of operations; more are written in more bytes
SMALL = 64  # nodes; cells up to here are put into one array


@dataclass(frozen=True)
class CellArray:
    """Cells as arrays.

    operation: number of `metanp.operations.operation_index`: of a word its place in the vocabulary; -1 where padded.
    adjacency: [cell, from, to], True for an edge; upper triangular.
    parameters: (cell,), of each as in `Cell`; None where none has any.
    """

    operation: Int[np.ndarray, "cell node"]
    adjacency: Bool[np.ndarray, "cell node node"]
    parameters: np.ndarray | None = None

    @classmethod
    def from_cells(cls, cells: Sequence[Cell]) -> CellArray:
        """The same cells, each with its nodes in topological order."""
        width = max((len(cell) for cell in cells), default=2)
        operation = np.full((len(cells), width), -1, dtype=np.int32)
        row, start, end = [], [], []
        for i, cell in enumerate(cells):
            operations, edges = _in_topological_order(cell)
            operation[i, : len(operations)] = operation_indices(operations)
            for u, v in edges:
                row.append(i)
                start.append(u)
                end.append(v)
        adjacency = np.zeros((len(cells), width, width), dtype=bool)
        adjacency[row, start, end] = True
        if operation.max(initial=-1) <= MOST_NUMBERS:
            operation = operation.astype(np.int16)
        parameters = [cell.parameters for cell in cells]
        return cls(operation, adjacency, _objects(parameters) if any(parameters) else None)

    @classmethod
    def concatenate(cls, parts: Sequence[CellArray]) -> CellArray:
        """One array after the other, padded to the widest."""
        width = max((part.operation.shape[1] for part in parts), default=2)
        padded = [part._widened(width) for part in parts] or [cls.from_cells([])]
        operation = np.concatenate([part.operation for part in padded])
        parameters = None
        if any(part.parameters is not None for part in parts):
            parameters = np.concatenate([part.each_parameters() for part in parts])
        return cls(operation, np.concatenate([part.adjacency for part in padded]), parameters)

    def __len__(self) -> int:
        return len(self.operation)

    def __repr__(self) -> str:
        return f"CellArray({counted(len(self), 'cell')} of up to {counted(self.operation.shape[1], 'node')})"

    @overload
    def __getitem__(self, index: int | np.integer) -> Cell: ...

    @overload
    def __getitem__(self, index: np.ndarray | slice | Sequence[int]) -> CellArray: ...

    def __getitem__(self, index: int | np.integer | np.ndarray | slice | Sequence[int]) -> Cell | CellArray:
        """One cell by its position, or some of them as arrays."""
        if isinstance(index, int | np.integer):
            if not -len(self) <= index < len(self):
                raise IndexError(f"there are {len(self):,} cells, none at {index}")
            return self[[int(index)]].to_cells()[0]
        return CellArray(self.operation[index], self.adjacency[index], _taken(self.parameters, index))

    def __getstate__(self) -> dict[str, Any]:
        """Numbers of described operations are good for one process: their descriptions go with them."""
        numbers = [int(i) for i in np.unique(self.operation) if i >= len(VOCABULARY)]
        return {**vars(self), "described": {i: described(i) for i in numbers}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        here = {i: operation_index(one) for i, one in state.pop("described", {}).items()}
        operation = state["operation"]
        if any(i != j for i, j in here.items()):
            table = np.arange(-1, int(operation.max(initial=0)) + 1, dtype=operation.dtype)
            for i, j in here.items():
                table[i + 1] = j
            operation = table[operation + 1]
        for name, value in {**state, "operation": operation}.items():
            object.__setattr__(self, name, value)

    def each_parameters(self) -> np.ndarray:
        """Parameters of each cell, (cell,), empty where none has any."""
        return _objects([()] * len(self)) if self.parameters is None else self.parameters

    def __iter__(self) -> Iterator[Cell]:
        for start in range(0, len(self), TURNED_AT_ONCE):
            yield from self[start : start + TURNED_AT_ONCE].to_cells()

    @property
    def size(self) -> Int[np.ndarray, " cell"]:
        """Real nodes of each cell."""
        return (self.operation >= 0).sum(1)

    def to_cells(self) -> list[Cell]:
        """Back to `Cell` objects."""
        known = [operation_at(i) for i in range(self.operation.max(initial=-1) + 1)]
        parameters = [None] * len(self) if self.parameters is None else map(dict, self.parameters)
        return [
            Cell([known[o] for o in operation if o >= 0], np.argwhere(adjacency).tolist(), more)
            for operation, adjacency, more in zip(self.operation.tolist(), self.adjacency, parameters, strict=True)
        ]

    def in_words(self) -> CellArray:
        """Every operation by the word of the vocabulary that stands for it: for what has a row a word."""
        return CellArray(words(self.operation), self.adjacency, self.parameters)

    def relabelled(self, operation: Int[np.ndarray, " vocabulary"]) -> CellArray:
        """Every operation i replaced by operation[i]; padding stays."""
        swapped = np.where(self.operation >= 0, operation[self.operation], -1)
        return CellArray(swapped.astype(self.operation.dtype), self.adjacency, self.parameters)

    def pruned(self) -> CellArray:
        """`Cell.pruned` of every cell."""
        return CellArray.concatenate([_prune(part) for part in self.pieces()])

    def skipless(self) -> CellArray:
        """Every cell with its skips contracted to edges; an edge that exists already stays single."""
        skip = self.operation == SKIP
        return _only(CellArray(self.operation, self.around(skip), self.parameters), ~skip & (self.operation >= 0))

    def around(self, nodes: Bool[np.ndarray, "cell node"]) -> Bool[np.ndarray, "cell node node"]:
        """[cell, from, to]: the edges once `nodes` are contracted, each predecessor joined to each successor."""
        edges = self.adjacency.copy()
        for node in np.flatnonzero(nodes.any(0)):
            passed = nodes[:, node]
            before, after = edges[:, :node, node], edges[:, node, node + 1 :] & passed[:, None]
            edges[:, :node, node + 1 :] |= before[:, :, None] & after[:, None, :]
            edges[passed, :, node] = edges[passed, node, :] = False
        return edges

    @cached_property
    def flat_edges(self) -> Edges:
        """The edges of all cells; node numbers continue from one cell to the next."""
        width = self.operation.shape[1]
        cell, start, end = np.nonzero(self.adjacency)
        out = Neighbours.of(cell * width + start, cell * width + end)
        cell, end, start = np.nonzero(self.adjacency.transpose(0, 2, 1))
        return Edges(Neighbours.of(cell * width + end, cell * width + start), out)

    def pieces(self) -> Iterator[CellArray]:
        """The cells in pieces that fit into memory."""
        at_once = max(1, min(CHUNK, PAIRS // self.operation.shape[1] ** 2))
        for start in range(0, len(self), at_once):
            yield self[start : start + at_once]

    def narrowed(self) -> CellArray:
        """Padded no further than to the largest cell."""
        width = max(2, int(self.size.max(initial=2)))
        return CellArray(self.operation[:, :width], self.adjacency[:, :width, :width], self.parameters)

    def fingerprint(self) -> UInt64[np.ndarray, " cell"]:
        """A number shared by isomorphic cells, and by cells that Weisfeiler-Lehman refinement cannot tell apart.

        Of the cells as given: prune first to compare what cells compute. Padding does not matter.
        """
        parts = [_fingerprint(part) for part in self.pieces()]
        names = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)
        return names if self.parameters is None else _with_parameters(names, self.parameters)

    def _widened(self, width: int) -> CellArray:
        more = width - self.operation.shape[1]
        if not more:
            return self
        operation = np.pad(self.operation, ((0, 0), (0, more)), constant_values=-1)
        return CellArray(operation, np.pad(self.adjacency, ((0, 0), (0, more), (0, more))), self.parameters)


def as_array(cells: Sequence[Cell] | CellArray) -> CellArray:
    """Cells in either form as arrays.

    Raises:
        ValueError: something among them that is no `Cell`; names the first.
    """
    if isinstance(cells, CellArray):
        return cells
    if wrong := [i for i, cell in enumerate(cells) if not isinstance(cell, Cell)]:
        raise ValueError(
            f"cell {wrong[0]} is {cells[wrong[0]]!r:.80}, no Cell; make one with Cell.from_nasbench201 or its like"
        )
    return CellArray.from_cells(cells)


def by_size(cells: Sequence[Cell] | CellArray) -> list[tuple[Int[np.ndarray, " cell"], CellArray]]:
    """Positions and arrays of cells of similar size, within a factor of two; up to `SMALL` nodes all are in one.

    Raises:
        ValueError: as `as_array`.
    """
    if isinstance(cells, CellArray):
        size = cells.size
    else:
        size = np.array([len(cell) if isinstance(cell, Cell) else 0 for cell in cells], dtype=np.int64)
    group = np.ceil(np.log2(np.maximum(size, SMALL)))
    found = []
    for own in np.unique(group):
        rows = np.flatnonzero(group == own)
        whole = len(rows) == len(cells)
        if isinstance(cells, CellArray):
            found.append((rows, cells if whole else cells[rows].narrowed()))
        else:
            found.append((rows, as_array(cells if whole else [cells[i] for i in rows.tolist()])))
    return found or [(np.zeros(0, dtype=np.int64), as_array(cells))]


def keys(cells: Sequence[Cell] | CellArray) -> np.ndarray:
    """`Cell.key` of every cell; computed once for all of which the same operations and edges are left when pruned.

    Raises:
        ValueError: as `as_array`.
    """
    found = np.empty(len(cells), dtype=object)
    for rows, some in by_size(cells):
        if not len(rows):
            continue
        pruned = some.pruned()
        parts = [np.ascontiguousarray(pruned.operation).view(np.uint8).reshape(len(rows), -1)]
        parts.append(np.packbits(pruned.adjacency.reshape(len(rows), -1), axis=1))
        if pruned.parameters is not None:
            number = {one: i for i, one in enumerate(dict.fromkeys(pruned.parameters))}
            own = np.array([number[one] for one in pruned.parameters], dtype=np.int64)
            parts.append(own[:, None].view(np.uint8))
        written = np.ascontiguousarray(np.concatenate(parts, axis=1))
        _, first, inverse = np.unique(
            written.view(f"V{written.shape[1]}")[:, 0], return_index=True, return_inverse=True
        )
        found[rows] = np.array([cell.key for cell in pruned[first].to_cells()], dtype=object)[inverse]
    return found


def _in_topological_order(cell: Cell) -> tuple[tuple[str | Operation, ...], Sequence[tuple[int, int]]]:
    operations, edges = cell.operations, cell.edges
    if operations[0] == "input" and operations[-1] == "output" and all(u < v for u, v in edges):
        return operations, edges
    order = canonical_order([str(one) for one in operations], edges)
    source, sink = operations.index("input"), operations.index("output")
    order = [source, *(i for i in order if i not in (source, sink)), sink]
    place = {node: i for i, node in enumerate(order)}
    return tuple(operations[i] for i in order), [(place[u], place[v]) for u, v in edges]


def _prune(cells: CellArray) -> CellArray:
    operation, adjacency = cells.operation, cells.adjacency
    width = operation.shape[1]
    carries = (operation >= 0) & (operation != NONE)
    forward = np.zeros(operation.shape, dtype=bool)
    forward[:, 0] = True
    for v in range(1, width):
        forward[:, v] = carries[:, v] & (adjacency[:, :v, v] & forward[:, :v]).any(1)
    output = operation == OUTPUT
    backward = output.copy()
    for u in range(width - 2, -1, -1):
        backward[:, u] |= carries[:, u] & (adjacency[:, u, u + 1 :] & backward[:, u + 1 :]).any(1)
    kept = forward & backward
    dead = ~(kept & output).any(1)
    kept[dead] = output[dead]
    kept[:, 0] = True
    return _only(cells, kept)


def _only(cells: CellArray, kept: Bool[np.ndarray, "cell node"]) -> CellArray:
    """Some of the nodes of each cell, and the edges between them."""
    order = np.argsort(~kept, axis=1, kind="stable")[:, : kept.sum(1).max(initial=2)]
    real = np.take_along_axis(kept, order, 1)
    rows = np.arange(len(cells))[:, None, None]
    edges = cells.adjacency[rows, order[:, :, None], order[:, None, :]] & real[:, :, None] & real[:, None, :]
    operation = np.where(real, np.take_along_axis(cells.operation, order, 1), -1)
    return CellArray(operation.astype(cells.operation.dtype), edges, cells.parameters)


def _objects(of_cells: Sequence[Parameters]) -> np.ndarray:
    """One object a cell."""
    found = np.empty(len(of_cells), dtype=object)
    for i, one in enumerate(of_cells):  # whole, not as another axis
        found[i] = one
    return found


def _taken(parameters: np.ndarray | None, index: Any) -> np.ndarray | None:
    if parameters is None:
        return None
    taken = parameters[index]
    return taken if any(taken) else None


def _with_parameters(names: UInt64[np.ndarray, " cell"], parameters: np.ndarray) -> UInt64[np.ndarray, " cell"]:
    """Fingerprints of graphs, and of the parameters beside them."""
    known = {one: hashlib.blake2b(json.dumps(one).encode(), digest_size=8).digest() for one in set(parameters) if one}
    more = np.array([int.from_bytes(known.get(one, b""), "little") for one in parameters], dtype=np.uint64)
    return np.where(more > 0, mix(names ^ mix(more)), names)


def refine(colour: UInt64[np.ndarray, "cell node"], cells: CellArray) -> UInt64[np.ndarray, "cell node"]:
    """One Weisfeiler-Lehman step: a node's colour becomes a hash of its own, its predecessors' and its successors'.

    Padded nodes carry colour 0 and keep it.
    """
    refined = cells.flat_edges.refine(colour.ravel()).reshape(colour.shape)
    return np.where(cells.operation >= 0, refined, np.uint64(0))


def initial_colour(cells: CellArray) -> UInt64[np.ndarray, "cell node"]:
    """Nodes coloured by operation, 0 where padded."""
    return np.where(cells.operation >= 0, mix(colours(cells.operation)), np.uint64(0))


def _fingerprint(cells: CellArray) -> UInt64[np.ndarray, " cell"]:
    colour, size, real = initial_colour(cells), cells.size, cells.operation >= 0
    small = np.flatnonzero(size <= SMALL)
    if len(small) == len(cells):
        colour = _refined(colour, cells)
    else:
        colour[small] = _refined(colour[small], cells[small])
        for i in np.flatnonzero(size > SMALL).tolist():
            colour[[i]] = _refined_until_stable(colour[[i]], cells[[i]])
    return mix(np.where(real, mix(colour), np.uint64(0)).sum(1) + real.sum(1).astype(np.uint64))


def _refined(colour: UInt64[np.ndarray, "cell node"], cells: CellArray) -> UInt64[np.ndarray, "cell node"]:
    """n - 1 steps for n nodes, at least `STEPS`, so that a cell's colours do not depend on the other cells."""
    steps = np.maximum(STEPS, cells.size - 1)
    for step in range(steps.max(initial=0)):
        refined = refine(colour, cells)
        colour = np.where(step < steps[:, None], refined, colour)
    return colour


def _refined_until_stable(colour: UInt64[np.ndarray, "1 node"], cell: CellArray) -> UInt64[np.ndarray, "1 node"]:
    """As many steps as split more colours, and one that splits none."""
    kinds, before = len(np.unique(colour)), 0
    while kinds > before:
        colour = refine(colour, cell)
        kinds, before = len(np.unique(colour)), kinds
    return colour
