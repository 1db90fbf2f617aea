"""Positions of the nodes of a directed acyclic graph: in layers from top to bottom, every edge downwards.

A node's layer is its longest path from the start. Layers of more than `widest` nodes are broken into several. An edge
that skips layers runs through *lanes*, positions kept free in the layers between; edges with the same start, or with
the same end where more meet there, share lanes, so that a wide cell has fewer lines. Within a layer, order follows
the mean position of neighbours; then nodes are moved as near to their neighbours as order and gaps allow.

Axes: node, as in the graph; item, a node or a lane of one layer.

Sources: Sugiyama, Tagawa and Toda 1981; barycentre ordering and lanes as there. Sharing lanes is this project's.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from metanp.brief import brief

SWEEPS = 12  # of ordering
MOVES = 40  # of placing: straight lanes are pulled along slowly
Item = tuple[str, int, int]  # ("node", node, layer), or a lane: ("from" or "to", the node whose edges share it, layer)
Edge = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """Positions.

    layers: items of each layer from left to right. x: the middle of each item, the leftmost edge at 0. width: of all.
    segments: pairs of items of neighbouring layers that a line joins, and the edges that it is part of.
    """

    layers: list[list[Item]]
    x: dict[Item, float]
    width: float
    segments: dict[tuple[Item, Item], list[Edge]]

    __repr__ = brief


def lay_out(
    n: int, edges: Sequence[Edge], widths: Sequence[float], widest: int = 5, gap: float = 14, lane: float = 10
) -> Layout:
    """Places for nodes 0 to n - 1 of these widths.

    Args:
        widest: nodes of one layer.
        gap: between two items. lane: width of a lane.
    """
    level = _levels(n, edges, widest)
    segments = _segments(edges, level)
    layers: list[list[Item]] = [[] for _ in range(max(level) + 1)]
    for item in dict.fromkeys([("node", v, level[v]) for v in range(n)] + [i for pair in segments for i in pair]):
        layers[item[2]].append(item)
    above, below = _neighbours(segments)
    layers = _order(layers, above, below)
    size = {item: widths[item[1]] if item[0] == "node" else lane for row in layers for item in row}
    x = _place(layers, above, below, size, gap)
    left = min(x[i] - size[i] / 2 for i in x)
    x = {item: at - left for item, at in x.items()}
    return Layout(layers, x, max(x[i] + size[i] / 2 for i in x), segments)


def _levels(n: int, edges: Sequence[Edge], widest: int) -> list[int]:
    """Layer of each node: its longest path, layers that are too wide broken up."""
    after, waiting = defaultdict(list), [0] * n
    for u, v in edges:
        after[u].append(v)
        waiting[v] += 1
    depth, ready = [0] * n, [v for v in range(n) if not waiting[v]]
    while ready:
        u = ready.pop()
        for v in after[u]:
            depth[v] = max(depth[v], depth[u] + 1)
            waiting[v] -= 1
            if not waiting[v]:
                ready.append(v)
    by_depth = [[v for v in range(n) if depth[v] == d] for d in range(max(depth) + 1)]
    level, row = [0] * n, 0
    for nodes in by_depth:
        rows = -(-len(nodes) // widest)  # as few as will do, and evenly filled
        for i, v in enumerate(nodes):
            level[v] = row + i * rows // len(nodes)
        row += rows
    return level


def _segments(edges: Sequence[Edge], level: Sequence[int]) -> dict[tuple[Item, Item], list[Edge]]:
    out: dict[int, int] = defaultdict(int)
    into: dict[int, int] = defaultdict(int)
    for u, v in edges:
        if level[v] - level[u] > 1:
            out[u] += 1
            into[v] += 1
    found: dict[tuple[Item, Item], list[Edge]] = {}
    for u, v in edges:
        kind, shared = ("from", u) if out[u] >= into[v] else ("to", v)
        way: list[Item] = [(kind, shared, row) for row in range(level[u] + 1, level[v])]
        way = [("node", u, level[u]), *way, ("node", v, level[v])]
        for pair in itertools.pairwise(way):
            found.setdefault(pair, []).append((u, v))
    return found


Near = Mapping[Item, Sequence[Item]]


def _neighbours(segments: Iterable[tuple[Item, Item]]) -> tuple[Near, Near]:
    above: dict[Item, list[Item]] = defaultdict(list)
    below: dict[Item, list[Item]] = defaultdict(list)
    for a, b in segments:
        below[a].append(b)
        above[b].append(a)
    return above, below


def _order(layers: list[list[Item]], above: Near, below: Near) -> list[list[Item]]:
    """Sorted by the mean place of neighbours, alternately down and up; the order with fewest crossings is kept."""
    best, fewest = [list(row) for row in layers], _crossings(layers, below)
    for sweep in range(SWEEPS):
        near = below if sweep % 2 else above
        place = {item: (i + 0.5) / len(row) for row in layers for i, item in enumerate(row)}
        for row in reversed(layers) if sweep % 2 else layers:
            mean = {i: sum(place[k] for k in near[i]) / len(near[i]) if near.get(i) else place[i] for i in row}
            row.sort(key=mean.__getitem__)
            place |= {item: (i + 0.5) / len(row) for i, item in enumerate(row)}
        if (crossings := _crossings(layers, below)) < fewest:
            best, fewest = [list(row) for row in layers], crossings
    return best


def _crossings(layers: Sequence[Sequence[Item]], below: Near) -> int:
    total = 0
    for row, following in itertools.pairwise(layers):
        place = {item: i for i, item in enumerate(following)}
        ends = [sorted(place[b] for b in below.get(item, ())) for item in row]
        flat = [(i, end) for i, some in enumerate(ends) for end in some]
        total += sum(a[0] < b[0] and a[1] > b[1] for k, b in enumerate(flat) for a in flat[:k])
    return total


def _place(
    layers: Sequence[Sequence[Item]], above: Near, below: Near, size: Mapping[Item, float], gap: float
) -> dict[Item, float]:
    x: dict[Item, float] = {}
    for row in layers:
        at = 0.0
        for item in row:
            x[item] = at + size[item] / 2
            at += size[item] + gap
        x |= {item: x[item] - at / 2 for item in row}
    for sweep in range(MOVES):
        for row in reversed(layers) if sweep % 2 else layers:
            pulls = [[(k, _pull(i, k)) for k in (*above.get(i, ()), *below.get(i, ()))] or [(i, 1.0)] for i in row]
            weight = [sum(w for _, w in some) for some in pulls]
            wanted = [sum(w * x[k] for k, w in some) / total for some, total in zip(pulls, weight, strict=True)]
            steps = [(size[a] + size[b]) / 2 + gap for a, b in itertools.pairwise(row)]
            x |= zip(row, spaced(wanted, steps, weight), strict=True)
    return x


def _pull(item: Item, other: Item) -> float:
    """How strongly an item is pulled in line with another: straight lanes come first."""
    if item[0] == "node":
        return 1.0
    return 0.25 if other[0] == "node" else 8.0


def spaced(wanted: Sequence[float], steps: Sequence[float], weight: Sequence[float]) -> list[float]:
    """The positions nearest to `wanted` (weighted least squares) in order, each at least its step after the last.

    Less the steps, positions only have to rise: pools of neighbours that would fall take their mean.
    """
    offset = [0.0]
    for step in steps:
        offset.append(offset[-1] + step)
    pools: list[tuple[float, float, int]] = []  # weighted sum, weight and number of members
    for want, off, heavy in zip(wanted, offset, weight, strict=True):
        pool = (heavy * (want - off), heavy, 1)
        while pools and pools[-1][0] / pools[-1][1] > pool[0] / pool[1]:
            last = pools.pop()
            pool = (pool[0] + last[0], pool[1] + last[1], pool[2] + last[2])
        pools.append(pool)
    level = [total / heavy for total, heavy, count in pools for _ in range(count)]
    return [base + off for base, off in zip(level, offset, strict=True)]
