"""A cell as a module: each node reads the sum of the nodes before it.

So NAS-Bench-201 and TransNAS-Bench-101 compute, whose operations stand on edges and arrive here as nodes. Isomorphic
pruned cells become the same module, parameter by parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from graphlib import TopologicalSorter

import torch
from torch import Tensor, nn

from metanp.cell import Cell
from metanp.networks.layers import Zero
from metanp.networks.modules import Makers, module_of
from metanp.networks.place import Place


def in_order(cell: Cell, prune: bool) -> Cell:
    """The cell with its nodes in topological order, `input` first and `output` last.

    Args:
        prune: without what carries nothing, in canonical order; else every node, kept in the order it is written in
            where that is a topological one.
    """
    if prune:
        return cell.canonical
    before: dict[int, list[int]] = {i: [] for i in range(len(cell))}
    for u, v in cell.edges:
        before[v].append(u)
    order = list(range(len(cell)))
    if any(u > v for u, v in cell.edges):
        order = list(TopologicalSorter(before).static_order())
    ends = [cell.operations.index("input"), cell.operations.index("output")]
    place = {node: i for i, node in enumerate([ends[0], *(i for i in order if i not in ends), ends[1]])}
    names = sorted(range(len(cell)), key=place.__getitem__)
    return Cell([cell.operations[i] for i in names], [(place[u], place[v]) for u, v in cell.edges])


def nodes_before(cell: Cell) -> list[tuple[int, ...]]:
    """For each node, the nodes that it reads, in order."""
    return [tuple(u for u, v in cell.edges if v == node) for node in range(len(cell))]


class SumCell(nn.Module):
    """A cell in the order of `in_order`, at a place.

    Where the place changes the shape, the nodes that read the cell's input do it.

    Raises:
        ValueError: the place changes the shape, but a node reads the input and another node, or the output reads the
            input: nothing there could change it.
    """

    def __init__(self, cell: Cell, place: Place, makers: Makers):
        super().__init__()
        self.before = nodes_before(cell)
        if not place.keeps_shape:
            _check_ends(cell, self.before)
        inner = zip(cell.operations[1:-1], self.before[1:-1], strict=True)
        self.nodes = nn.ModuleList(
            module_of(name, place if before == (0,) else place.after(), makers) for name, before in inner
        )
        self.nothing = Zero(place)

    def forward(self, images: Tensor) -> Tensor:
        values = [images]
        sums: dict[tuple[int, ...], Tensor] = {}
        for before, module in zip(self.before[1:-1], self.nodes, strict=True):
            values.append(module(self._sum(values, before, sums)))
        return self._sum(values, self.before[-1], sums)

    def _sum(self, values: Sequence[Tensor], nodes: tuple[int, ...], sums: dict[tuple[int, ...], Tensor]) -> Tensor:
        """The sum of some nodes' values, zero of none; added up once for all nodes that read the same ones."""
        if nodes not in sums:
            sums[nodes] = reduce(torch.add, [values[i] for i in nodes]) if nodes else self.nothing(values[0])
        return sums[nodes]


def _check_ends(cell: Cell, before: Sequence[tuple[int, ...]]) -> None:
    for node, read in enumerate(before):
        if 0 in read and (len(read) > 1 or node == len(cell) - 1):
            raise ValueError(
                f"node {node} ({cell.operations[node]}) reads the input and {len(read) - 1} others where the shape "
                "changes; let it read a node that reads the input, such as a 'skip'"
            )
