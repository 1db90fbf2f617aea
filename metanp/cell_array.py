"""Many cells at once: the padded arrays behind everything that must be fast.

`Cell` is one cell for a person; `CellArray` is a whole space for a machine. Both say the same, and every step here
(pruning, the Weisfeiler-Lehman fingerprint) agrees with the slow one in `metanp.cell`.

Axes:
    cell   position in the array
    node   nodes in topological order, padded; the input is node 0, the output the last real node

Source of the hash: Weisfeiler and Leman 1968, as a vectorised 64-bit hash with both directions of each edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, Int16, UInt64

from metanp.brief import counted
from metanp.canonical import canonical_order
from metanp.cell import Cell
from metanp.operations import INDEX, NONE, OUTPUT, SKIP, VOCABULARY

CHUNK = 32_768  # cells handled at once, so that temporary arrays stay in tens of megabytes


@dataclass(frozen=True)
class CellArray:
    """Cells as arrays.

    operation: index into `metanp.operations.VOCABULARY`, -1 where padded.
    adjacency: [cell, from, to], True for an edge; upper triangular.
    """

    operation: Int16[np.ndarray, "cell node"]
    adjacency: Bool[np.ndarray, "cell node node"]

    @classmethod
    def from_cells(cls, cells: Sequence[Cell]) -> CellArray:
        """The same cells, each with its nodes in topological order."""
        width = max((len(cell) for cell in cells), default=2)
        operation = np.full((len(cells), width), -1, dtype=np.int16)
        row, start, end = [], [], []
        for i, cell in enumerate(cells):
            operations, edges = _in_topological_order(cell)
            operation[i, : len(operations)] = [INDEX[name] for name in operations]
            for u, v in edges:
                row.append(i)
                start.append(u)
                end.append(v)
        adjacency = np.zeros((len(cells), width, width), dtype=bool)
        adjacency[row, start, end] = True
        return cls(operation, adjacency)

    @classmethod
    def concatenate(cls, parts: Sequence[CellArray]) -> CellArray:
        """One array after the other, padded to the widest."""
        width = max((part.operation.shape[1] for part in parts), default=2)
        padded = [part._widened(width) for part in parts] or [cls.from_cells([])]
        operation = np.concatenate([part.operation for part in padded])
        return cls(operation, np.concatenate([part.adjacency for part in padded]))

    def __len__(self) -> int:
        return len(self.operation)

    def __repr__(self) -> str:
        return f"CellArray({counted(len(self), 'cell')} of up to {counted(self.operation.shape[1], 'node')})"

    def __getitem__(self, index: np.ndarray | slice | Sequence[int]) -> CellArray:
        return CellArray(self.operation[index], self.adjacency[index])

    @property
    def size(self) -> Int[np.ndarray, " cell"]:
        """Real nodes of each cell."""
        return (self.operation >= 0).sum(1)

    def to_cells(self) -> list[Cell]:
        """Back to `Cell` objects."""
        names = [operation.name for operation in VOCABULARY]
        return [
            Cell([names[o] for o in operation if o >= 0], np.argwhere(adjacency).tolist())
            for operation, adjacency in zip(self.operation.tolist(), self.adjacency, strict=True)
        ]

    def relabelled(self, operation: Int16[np.ndarray, " vocabulary"]) -> CellArray:
        """Every operation i replaced by operation[i]; padding stays."""
        swapped = np.where(self.operation >= 0, operation[self.operation], -1)
        return CellArray(swapped.astype(np.int16), self.adjacency)

    def pruned(self) -> CellArray:
        """`Cell.pruned` of every cell."""
        parts = [_prune(self[i : i + CHUNK]) for i in range(0, len(self), CHUNK)]
        return CellArray.concatenate(parts)

    def skipless(self) -> CellArray:
        """Every cell with an edge in place of each path of skips; where there is one already, it stays the only one."""
        skip = self.operation == SKIP
        return _only(CellArray(self.operation, self.around(skip)), ~skip & (self.operation >= 0))

    def around(self, nodes: Bool[np.ndarray, "cell node"]) -> Bool[np.ndarray, "cell node node"]:
        """[cell, from, to]: the edges that lead around some nodes, from what leads to each to what it leads to."""
        edges = self.adjacency.copy()
        for node in np.flatnonzero(nodes.any(0)):
            passed = nodes[:, node]
            edges |= edges[:, :, node, None] & edges[:, node, None, :] & passed[:, None, None]
            edges[passed, :, node] = edges[passed, node, :] = False
        return edges

    def fingerprint(self) -> UInt64[np.ndarray, " cell"]:
        """A number shared by isomorphic cells, and by cells that Weisfeiler-Lehman refinement cannot tell apart.

        Of the cells as they stand: prune first to compare what cells compute. Padding does not matter.
        """
        parts = [_fingerprint(self[i : i + CHUNK]) for i in range(0, len(self), CHUNK)]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)

    def _widened(self, width: int) -> CellArray:
        more = width - self.operation.shape[1]
        if not more:
            return self
        operation = np.pad(self.operation, ((0, 0), (0, more)), constant_values=-1)
        return CellArray(operation, np.pad(self.adjacency, ((0, 0), (0, more), (0, more))))


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


def _in_topological_order(cell: Cell) -> tuple[tuple[str, ...], Sequence[tuple[int, int]]]:
    operations, edges = cell.operations, cell.edges
    if operations[0] == "input" and operations[-1] == "output" and all(u < v for u, v in edges):
        return operations, edges
    order = canonical_order(operations, edges)
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
    return CellArray(np.where(real, np.take_along_axis(cells.operation, order, 1), -1).astype(np.int16), edges)


def mix(x: UInt64[np.ndarray, "*axes"]) -> UInt64[np.ndarray, "*axes"]:
    """Scramble 64-bit numbers so that every bit depends on every other (the finaliser of splitmix64, Steele 2014)."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def refine(colour: UInt64[np.ndarray, "cell node"], cells: CellArray) -> UInt64[np.ndarray, "cell node"]:
    """One Weisfeiler-Lehman step: a node's colour becomes a hash of its own and its neighbours', each way apart.

    Padded nodes carry colour 0 and keep it.
    """
    before, after = mix(colour), mix(colour ^ np.uint64(0xA5A5A5A5A5A5A5A5))
    into = (cells.adjacency * before[:, :, None]).sum(1)
    out = (cells.adjacency * after[:, None, :]).sum(2)
    mixed = mix(mix(mix(colour) + into) + np.uint64(3) * mix(out + np.uint64(1)))
    return np.where(cells.operation >= 0, mixed, np.uint64(0))


def initial_colour(cells: CellArray) -> UInt64[np.ndarray, "cell node"]:
    """Nodes coloured by operation, 0 where padded."""
    return np.where(cells.operation >= 0, mix(cells.operation.astype(np.uint64)), np.uint64(0))


def _fingerprint(cells: CellArray) -> UInt64[np.ndarray, " cell"]:
    colour, size = initial_colour(cells), cells.size[:, None]
    for step in range(max(7, cells.operation.shape[1] - 1)):
        # n nodes need at most n - 1 steps; seven for any smaller cell, so that neither padding nor neighbours matter
        colour = np.where(step < np.maximum(7, size - 1), refine(colour, cells), colour)
    real = cells.operation >= 0
    return mix(np.where(real, mix(colour), np.uint64(0)).sum(1) + real.sum(1).astype(np.uint64))
