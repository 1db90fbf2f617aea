"""A canonical order of the nodes of a labelled DAG, so that isomorphic graphs are written alike.

Colours are refined (`metanp.refinement`). Where nodes still share a colour, each node of the first shared class is
singled out in turn, and so on until all colours differ. Of the orders found, that of the smallest writing is canonical.

Most orders need not be tried:
    twins        nodes with the same label, predecessors and successors are represented by one node from the start
    components   singling out a node of one leaves the others unchanged, so each is solved alone
    symmetries   two orders that write the same graph reveal a symmetry; of nodes that symmetries exchange, one is tried
    rare nodes   in large components only the rarest kind of node in the class is singled out (`_choices`)

Two graphs are written alike exactly when they are isomorphic. No function recurses by depth: `_run` keeps the stack.

Sources: McKay, "Practical graph isomorphism", 1981 (individualisation and refinement); McKay & Piperno, "Practical
graph isomorphism, II", 2014 (symmetries found on the way).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import factorial, prod
from typing import Any

import numpy as np

from metanp.brief import brief
from metanp.hashed_refinement import Edges, mix
from metanp.refinement import Colouring

Pairs = list[tuple[int, int]]
Search = Generator[Any, Any, Any]
FEW_STEPS = 4096  # nodes to single out times nodes to refine; where there are more, only the rarest kind is singled out
HASHED_STEPS = 12
AT_ONCE = 2**20  # edges times nodes singled out that are hashed at once: some megabytes
MOST_ARRANGEMENTS = 1000  # of unequal components of the same classes, compared; of more, components are sorted instead


@dataclass
class Written:
    """One way to write a graph.

    order: of the nodes. rows: `Colouring.certificate` of that order. sizes: nodes of each class.
    alike: pairs of nodes that a symmetry exchanges.
    """

    order: list[int]
    rows: list[list[int]]
    sizes: list[int]
    alike: Pairs

    __repr__ = brief


def canonical_order(labels: Sequence[str], edges: Sequence[tuple[int, int]]) -> list[int]:
    """The nodes in an order that depends on the isomorphism class alone (up to automorphism); topological.

    Args:
        labels: one a node; only nodes of the same label may be exchanged.
        edges: (from, to), acyclic.
    """
    before: list[list[int]] = [[] for _ in labels]
    after: list[list[int]] = [[] for _ in labels]
    for u, v in edges:
        before[v].append(u)
        after[u].append(v)
    first = list(zip(_depths(before, after), labels, strict=True))
    if len(set(first)) == len(first):
        return sorted(range(len(first)), key=first.__getitem__)
    twins = _twins(first, before, after)
    colouring = _colouring(first, before, after, twins)
    colouring.refine()
    order = [part[0] for part in colouring.classes()] if colouring.is_discrete() else _run(_order(colouring))[0]
    return [twin for node in order for twin in twins[node]]


def _depths(before: list[list[int]], after: list[list[int]]) -> list[int]:
    """Length of the longest path into each node, so that sorting by it is a topological order."""
    depth, waiting = [0] * len(before), [len(nodes) for nodes in before]
    ready = [node for node, count in enumerate(waiting) if not count]
    for node in ready:  # grows on the way
        for v in after[node]:
            waiting[v] -= 1
            if not waiting[v]:
                depth[v] = depth[node] + 1  # the last to arrive has the longest path: nodes are ready by depth
                ready.append(v)
    return depth


def _twins(first: list[tuple[int, str]], before: list[list[int]], after: list[list[int]]) -> dict[int, list[int]]:
    """Groups of interchangeable nodes, by the node that represents each."""
    groups: dict[Hashable, list[int]] = {}
    for node, colour in enumerate(first):
        groups.setdefault((colour, tuple(sorted(before[node])), tuple(sorted(after[node]))), []).append(node)
    return {group[0]: group for group in groups.values()}


def _colouring(
    first: list[tuple[int, str]], before: list[list[int]], after: list[list[int]], twins: dict[int, list[int]]
) -> Colouring:
    """The nodes that represent twins, in classes of depth and label."""
    classes: dict[tuple[int, str], list[int]] = {}
    for node in twins:
        classes.setdefault(first[node], []).append(node)
    return Colouring.of(
        {node: [u for u in before[node] if u in twins] for node in twins},
        {node: [v for v in after[node] if v in twins] for node in twins},
        {node: len(group) for node, group in twins.items()},
        [classes[colour] for colour in sorted(classes)],
    )


def _run(search: Search) -> Any:
    """The result of a search, a generator that yields the searches whose results it needs."""
    stack, result = [search], None
    while stack:
        try:
            stack.append(stack[-1].send(result))
            result = None
        except StopIteration as end:
            stack.pop()
            result = end.value
    return result


def _order(colouring: Colouring) -> Search:
    """The nodes in the order of the smallest way to write them, and pairs that symmetries exchange."""
    families: dict[int, list[Colouring]] = {}
    for part in colouring.components():
        families.setdefault(colouring.colour[part.members[0][0]], []).append(part)
    place: dict[int, tuple[int, int]] = {}
    alike: Pairs = []
    for family in families.values():
        solved = []
        for part in family:
            solved.append((yield _smallest(part)))
        for turn, written in enumerate(_arranged(solved)):
            place.update((node, (turn, i)) for i, node in enumerate(written.order))
        alike += _exchanged(solved)
    order = sorted(colouring.colour, key=lambda node: (colouring.colour[node], place.get(node, (0, 0))))
    return order, alike


def _smallest(part: Colouring) -> Search:
    """The smallest way to write a component."""
    sizes = [sum(part.weight[node] for node in nodes) for nodes in part.classes()]
    if part.is_discrete():
        order = [nodes[0] for nodes in part.classes()]
        return Written(order, part.certificate(order), sizes, [])
    best: Written | None = None
    orbits, leaves = _Orbits(), _Leaves(part)
    for node in _choices(part):
        if orbits.has_met(node):
            continue
        below = part.singled_out(node)
        if symmetry := leaves.symmetry(below.leaf()):
            orbits.join(symmetry)
            continue
        order, alike = ([nodes[0] for nodes in below.classes()], []) if below.is_discrete() else (yield _order(below))
        orbits.join(alike)
        orbits.meet(node)
        written = Written(order, part.certificate(order), sizes, orbits.pairs)
        best = written if best is None or written.rows < best.rows else best
    return best


def _choices(part: Colouring) -> list[int]:
    """The nodes to single out: the first shared class, or the rarest kind of them where all would take too long.

    A node's kind is a hash of the component, refined after that node got a colour of its own.
    """
    nodes = part.first_shared()
    if len(nodes) * len(part.colour) <= FEW_STEPS:
        return nodes
    number = {node: i for i, node in enumerate(part.colour)}
    ends = np.array([(number[u], number[v]) for v in number for u in part.before[v]])
    edges, own = Edges.of(*ends.T), np.array([*part.colour.values()], dtype=np.uint64)
    colour = np.repeat(mix(own)[:, None], len(nodes), axis=1)
    colour[[number[node] for node in nodes], range(len(nodes))] = 0
    width = max(1, AT_ONCE // len(ends))
    for _ in range(HASHED_STEPS):
        colour = np.hstack([edges.refine(colour[:, i : i + width]) for i in range(0, len(nodes), width)])
        kinds = mix(colour).sum(0).tolist()
        count = Counter(kinds)
        rarest = min(zip(count.values(), count.keys(), strict=True))[1]
        if count[rarest] == 1:
            break
    return [node for node, kind in zip(nodes, kinds, strict=True) if kind == rarest]


class _Orbits:
    """Which nodes are exchanged by the symmetries found so far, and which of them were tried."""

    def __init__(self) -> None:
        self.pairs: Pairs = []
        self._parent: dict[int, int] = {}
        self._met: set[int] = set()

    def join(self, pairs: Pairs) -> None:
        self.pairs += pairs
        for a, b in pairs:
            a, b = self._root(a), self._root(b)
            if a != b:
                self._parent[b] = a
                if b in self._met:
                    self._met.add(a)

    def meet(self, node: int) -> None:
        self._met.add(self._root(node))

    def has_met(self, node: int) -> bool:
        return self._root(node) in self._met

    def _root(self, node: int) -> int:
        while (parent := self._parent.get(node, node)) != node:
            self._parent[node] = self._parent.get(parent, parent)
            node = parent
        return node


class _Leaves:
    """Orders of a component that were seen: two that write the same graph give a symmetry."""

    def __init__(self, part: Colouring):
        self._part = part
        self._met: dict[int, list[int]] = {}

    def symmetry(self, order: list[int]) -> Pairs:
        """Pairs (node, node in its place) if an earlier order wrote the same graph; else none; the order is kept."""
        rows = self._part.certificate(order)
        known = self._met.setdefault(hash(tuple(map(tuple, rows))), order)
        if known is order or self._part.certificate(known) != rows:
            return []
        return list(zip(known, order, strict=True))


def _exchanged(solved: list[Written]) -> Pairs:
    """Pairs that symmetries exchange: nodes within components, and whole components that are written alike."""
    alike = [pair for part in solved for pair in part.alike]
    for a, b in pairwise(sorted(solved, key=_kind)):
        if _kind(a) == _kind(b):
            alike += zip(a.order, b.order, strict=True)
    return alike


def _kind(part: Written) -> tuple[list[int], list[list[int]]]:
    """Equal for components that are isomorphic."""
    return part.sizes, part.rows


def _arranged(solved: list[Written]) -> Iterable[Written]:
    """Components that share their classes, in the order that writes them smallest together."""
    solved = sorted(solved, key=_kind)
    kinds: list[int] = [0]
    for a, b in pairwise(solved):
        kinds.append(kinds[-1] + (_kind(a) != _kind(b)))
    counts = Counter(kinds)
    if len(counts) == 1 or factorial(len(solved)) // prod(map(factorial, counts.values())) > MOST_ARRANGEMENTS:
        return solved
    waiting = {kind: [part for part, own in zip(solved, kinds, strict=True) if own == kind] for kind in counts}
    orders = ([waiting[kind][i] for kind, i in arrangement] for arrangement in _arrangements(counts))
    return min(orders, key=_rows_together)


def _arrangements(counts: Counter[int]) -> Iterator[list[tuple[int, int]]]:
    """Every order of kinds that occur so often, as (kind, number among its kind)."""
    todo: list[list[tuple[int, int]]] = [[]]
    while todo:
        begun = todo.pop()
        used = Counter(kind for kind, _ in begun)
        more = [[*begun, (kind, used[kind])] for kind, count in counts.items() if used[kind] < count]
        todo += more
        if not more:
            yield begun


def _rows_together(parts: list[Written]) -> list[list[int]]:
    """The joint writing of components of the same classes, one after the other within each class."""
    classes = range(len(parts[0].sizes))
    blocks = [(c, turn) for c in classes for turn in range(len(parts))]
    starts = accumulate((parts[turn].sizes[c] for c, turn in blocks), initial=0)
    moved: dict[int, list[int]] = {turn: [] for turn in range(len(parts))}  # new place of each of a part's places
    for (c, turn), start in zip(blocks, starts, strict=False):
        moved[turn] += range(start, start + parts[turn].sizes[c])
    rows = {
        moved[turn][i]: [moved[turn][u] for u in row]
        for turn, part in enumerate(parts)
        for i, row in enumerate(part.rows)
    }
    return [rows[i] for i in range(len(rows))]
