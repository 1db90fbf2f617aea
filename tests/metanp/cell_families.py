"""Cells of any size, of the kinds that are hard for somebody: for recursion, for counters, for symmetries."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from metanp.cell import Cell
from tests.metanp.test_cell import relabelled

Graph = tuple[int, list[tuple[int, int]]]  # inner nodes, and the edges between them


def cell(graph: Graph, *kinds: str) -> Cell:
    """Nodes without predecessor follow the input, nodes without successor feed the output; kinds of nodes alternate."""
    size, edges = graph
    kinds = kinds or ("conv3x3",)
    first, last = set(range(size)) - {v for _, v in edges}, set(range(size)) - {u for u, _ in edges}
    inner = [(u + 1, v + 1) for u, v in edges]
    ends = [(0, v + 1) for v in first] + [(u + 1, size + 1) for u in last]
    return Cell(["input", *(kinds[i % len(kinds)] for i in range(size)), "output"], [*inner, *ends])


def shuffled(cell: Cell, seed: int) -> Cell:
    """Its nodes in any order."""
    return relabelled(cell, np.random.default_rng(seed).permutation(len(cell)).tolist())


def reversed_order(cell: Cell) -> Cell:
    """Its nodes numbered from the output."""
    return relabelled(cell, range(len(cell) - 1, -1, -1))


def chain(size: int) -> Graph:
    return size, list(itertools.pairwise(range(size)))


def residual(size: int) -> Graph:
    """Blocks of one node with an edge around it."""
    blocks = (size - 1) // 2
    ends = [(2 * i, 2 * i + 1) for i in range(blocks)] + [(2 * i + 1, 2 * i + 2) for i in range(blocks)]
    return 2 * blocks + 1, [*ends, *((2 * i, 2 * i + 2) for i in range(blocks))]


def branches(count: int, length: int) -> Graph:
    return count * length, [(i * length + j, i * length + j + 1) for i in range(count) for j in range(length - 1)]


def blocks_of_branches(size: int, count: int = 4, length: int = 2) -> Graph:
    """Equal branches between joints, over and over."""
    edges, joint = [], 0
    for _ in range(max(1, size // (count * length + 1))):
        end = joint + count * length + 1
        for i in range(count):
            start = joint + 1 + i * length
            edges += itertools.pairwise([joint, *range(start, start + length), end])
        joint = end
    return joint + 1, edges


def dense(size: int) -> Graph:
    return size, list(itertools.combinations(range(size), 2))


def layered(size: int, width: int = 10) -> Graph:
    """Complete between layers."""
    return size, [(i, j) for i in range(size) for j in range(size) if j // width == i // width + 1]


def regular(size: int, width: int = 10, seed: int = 0) -> Graph:
    """Three edges from each node to the next layer and as many into it, at random."""
    rng, edges = np.random.default_rng(seed), []
    for layer in range(max(1, size // width - 1)):
        left, right = rng.permutation(width), rng.permutation(width)
        edges += [
            (layer * width + left[i], (layer + 1) * width + right[(i + k) % width])
            for i in range(width)
            for k in (0, 1, 3)
        ]
    return max(2, size // width) * width, [(int(u), int(v)) for u, v in edges]


def cube(size: int) -> Graph:
    dimensions = size.bit_length() - 1
    return 2**dimensions, [(i, i | 1 << b) for i in range(2**dimensions) for b in range(dimensions) if not i >> b & 1]


def at_random(size: int, seed: int = 0) -> Graph:
    """About four edges from each node."""
    rng = np.random.default_rng(seed)
    pairs = {(int(min(p)), int(max(p))) for p in rng.integers(size, size=(4 * size, 2)) if p[0] != p[1]}
    return size, sorted(pairs)


FAMILIES: dict[str, Callable[[int], Graph]] = {
    "chain": chain,
    "residual": residual,
    "equal branches": lambda size: branches(max(1, size // 15), 15),
    "short branches": lambda size: branches(size // 2, 2),
    "nodes side by side": lambda size: branches(size, 1),
    "blocks of branches": blocks_of_branches,
    "dense": dense,
    "layered": layered,
    "wide layers": lambda size: layered(size, size // 2),
    "regular": regular,
    "wide regular": lambda size: regular(size, max(7, size // 2)),
    "cube": cube,
    "at random": at_random,
}
