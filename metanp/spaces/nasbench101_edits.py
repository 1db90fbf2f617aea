"""Edits of cells of NAS-Bench-101: neighbours, mutation and crossover.

Every cell here is canonical (hence pruned and in topological order), within the benchmark's limits, and live. Adding a
vertex with one edge in and one out is an edit of its own: without it a walk could lose vertices and never gain one.
"""

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np

from metanp.cell import Cell
from metanp.spaces.nasbench101_graph import MAX_EDGES, MAX_VERTICES, OPERATIONS

CROSSOVER_TRIES = 100

Edit = Callable[[], Cell]


def neighbours(cell: Cell) -> list[Cell]:
    """Every cell of the space one edit away, one a key."""
    edited = (edit() for edit in _edits(cell))
    return list({near.key: near.canonical for near in edited if _is_allowed(near)}.values())


def mutate(cell: Cell, rng: np.random.Generator) -> Cell:
    """The first of the edits, in random order, that leads to a cell of the space."""
    edits = _edits(cell)
    for i in rng.permutation(len(edits)):
        near = edits[i]()
        if _is_allowed(near):
            return near.canonical
    raise AssertionError(f"every cell has a neighbour, {cell} should too")


def crossover(a: Cell, b: Cell, rng: np.random.Generator) -> Cell:
    """Every edge and operation from either, both cells laid out on the largest number of vertices."""
    first, second = (_on_all_vertices(parent) for parent in (a, b))
    either = sorted(first[1] | second[1])
    for _ in range(CROSSOVER_TRIES):
        names = [x if x == y or rng.random() < 0.5 else y for x, y in zip(first[0], second[0], strict=True)]
        take_first = rng.random(len(either)) < 0.5
        edges = [e for e, mine in zip(either, take_first, strict=True) if e in (first[1] if mine else second[1])]
        child = Cell(names, edges)
        if _is_allowed(child):
            return child.canonical
    return a


def _is_allowed(cell: Cell) -> bool:
    pruned = cell.pruned
    return cell.is_live and len(pruned) <= MAX_VERTICES and len(pruned.edges) <= MAX_EDGES


def _edits(cell: Cell) -> list[Edit]:
    """Every edit that leaves a graph without cycles, done when it is called; none gives the same cell again."""
    operations, edges = cell.operations, cell.edges
    inner = range(1, len(cell) - 1)
    changed: list[Edit] = [
        partial(Cell, (*operations[:i], name, *operations[i + 1 :]), edges)
        for i, name in product(inner, OPERATIONS)
        if name != operations[i]
    ]
    removed: list[Edit] = [partial(Cell, operations, [e for e in edges if e != gone]) for gone in edges]
    pairs = [(u, v) for u, v in product(range(len(cell) - 1), range(1, len(cell))) if not _reaches(edges, v, u)]
    added: list[Edit] = [partial(Cell, operations, [*edges, new]) for new in pairs if new not in edges]
    grown: list[Edit] = []
    if len(cell) < MAX_VERTICES:
        new = len(cell)  # numbered last: any numbering will do
        grown = [
            partial(Cell, (*operations, name), [*edges, (u, new), (new, v)])
            for (u, v), name in product(pairs, OPERATIONS)
        ]
    return [*changed, *removed, *added, *grown]


def _reaches(edges: tuple[tuple[int, int], ...], start: int, goal: int) -> bool:
    return start == goal or any(_reaches(edges, v, goal) for u, v in edges if u == start)


def _on_all_vertices(cell: Cell) -> tuple[list[str], set[tuple[int, int]]]:
    """Operations and edges with the output moved to the last of all vertices; idle ones carry the first operation."""
    last = len(cell) - 1
    inner = list(cell.names[1:-1])
    idle = [OPERATIONS[0]] * (MAX_VERTICES - 2 - len(inner))
    edges = {(u, MAX_VERTICES - 1 if v == last else v) for u, v in cell.edges}
    return ["input", *inner, *idle, "output"], edges
