"""Colour refinement: nodes of a graph split into classes until no class can be split by counting neighbours.

The classes are ordered, and a node's colour is where its class starts: the number of nodes in the classes before. So a
class that is split keeps its colour for the first part, and no other class changes. A round splits every class by the
sorted colours of predecessors, then by those of successors, both as they were before the round.

After the first round only neighbours of what was split can differ. Of the parts of a class the largest is left out: how
many neighbours lie there follows from the others (Hopcroft's rule).

A node may represent several *twins*, nodes with the same predecessors and successors. It then counts as many times.

Nodes of shared classes fall into *components*. Two nodes are joined by an edge between classes of which some pairs are
joined and some are not. Singling out a node of one component has no effect on the others.

Source: McKay, "Practical graph isomorphism", 1981.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from metanp.brief import brief

Neighbours = dict[int, list[int]]
Part = list[int]
Moved = tuple[int, int]  # a node, and the colour of the largest part of the class that it was in


@dataclass
class Colouring:
    """Nodes in ordered classes.

    before, after: predecessors and successors.
    weight: twins that a node represents, itself among them.
    colour: of each node. members: the nodes of each colour.
    """

    before: Neighbours
    after: Neighbours
    weight: dict[int, int]
    colour: dict[int, int]
    members: dict[int, Part]

    __repr__ = brief

    @classmethod
    def of(cls, before: Neighbours, after: Neighbours, weight: dict[int, int], classes: Iterable[Part]) -> Colouring:
        """A colouring of these classes in this order, not yet refined."""
        colour, members, start = {}, {}, 0
        for part in classes:
            members[start] = part
            for node in part:
                colour[node] = start
            start += sum(weight[node] for node in part)
        return cls(before, after, weight, colour, members)

    def classes(self) -> list[Part]:
        """The classes in their order."""
        return [self.members[start] for start in sorted(self.members)]

    def is_discrete(self) -> bool:
        """Whether every node has a colour of its own."""
        return len(self.members) == len(self.colour)

    def first_shared(self) -> Part:
        """The first class of several nodes; empty where there is none."""
        return next((part for part in self.classes() if len(part) > 1), [])

    def refine(self) -> None:
        """Split classes until all nodes of a class have the same neighbours by colour."""
        splits = []
        for start, part in self.members.items():
            if len(part) > 1:
                parts: dict[Hashable, Part] = {}
                for node in part:
                    parts.setdefault(self._signature(node), []).append(node)
                splits.append((start, parts))
        self._settle(self._split(splits))

    def single_out(self, node: int) -> None:
        """Give a node a class of its own, in front of the others of its class, and refine."""
        start = self.colour[node]
        others = [other for other in self.members[start] if other != node]
        self._settle(self._split([(start, {0: [node], 1: others})]))

    def singled_out(self, node: int) -> Colouring:
        """A copy in which this node is singled out."""
        copy = Colouring(self.before, self.after, self.weight, dict(self.colour), dict(self.members))
        copy.single_out(node)
        return copy

    def leaf(self) -> list[int]:
        """One of the orders that arise when nodes are singled out until all colours differ."""
        rest = Colouring(self.before, self.after, self.weight, dict(self.colour), dict(self.members))
        for start in sorted(self.members):
            # classes are settled front to back: what starts here, and all that it is split into
            end = start + sum(self.weight[node] for node in self.members[start])
            while start < end:
                part = rest.members[start]
                if len(part) > 1:
                    rest.single_out(part[0])
                start += self.weight[rest.members[start][0]]
        return [part[0] for part in rest.classes()]

    def components(self) -> list[Colouring]:
        """The components as colourings of their own, with the edges that join them and no others."""
        after, before = self._joins(self.after), self._joins(self.before)
        found, seen = [], set()
        for start in sorted(self.members):
            for node in self.members[start]:
                if node in after and node not in seen:
                    part = _reached(node, after, before)
                    seen |= part
                    found.append(self._only(part, before, after))
        return found

    def certificate(self, order: list[int]) -> list[list[int]]:
        """The graph as it is written in this order: for each node, each twin, the places of its predecessors."""
        places, end = {}, 0
        for node in order:
            places[node] = range(end, end + self.weight[node])
            end += self.weight[node]
        if end == len(order):
            place = {node: i for i, node in enumerate(order)}
            return [sorted([place[u] for u in self.before[node]]) for node in order]
        rows = {node: sorted(i for u in self.before[node] for i in places[u]) for node in order}
        return [rows[node] for node in order for _ in places[node]]

    def _signature(self, node: int) -> tuple[list[int], list[int]] | Any:
        sides = (self.before[node], self.after[node])
        return tuple([tuple(sorted([self.colour[u] for u in side for _ in range(self.weight[u])])) for side in sides])

    def _settle(self, moved: list[Moved]) -> None:
        """Split classes as long as that splits others."""
        while moved:
            moved = self._split(self._differing(moved))

    def _differing(self, moved: list[Moved]) -> list[tuple[int, dict[Hashable, Part]]]:
        """Classes with neighbours among the moved nodes, in parts.

        All nodes of a class had the same neighbours by colour before, so it is enough to count what changed.
        """
        counts: dict[int, dict[tuple[int, int], int]] = {}  # more of a colour comes first, so it counts down
        for u, rest in moved:
            own, weight = self.colour[u], self.weight[u]
            for side, neighbours in enumerate((self.after[u], self.before[u])):
                for v in neighbours:
                    count = counts.setdefault(v, {})
                    count[side, own] = count.get((side, own), 0) - weight
                    count[side, rest] = count.get((side, rest), 0) + weight
        near: dict[int, Part] = {}
        for v in counts:
            near.setdefault(self.colour[v], []).append(v)
        return [
            (start, self._parts(start, some, counts)) for start, some in near.items() if len(self.members[start]) > 1
        ]

    def _parts(self, start: int, near: Part, counts: dict[int, dict[tuple[int, int], int]]) -> dict[Hashable, Part]:
        """Split a class by the counts of its nodes; those that are not in `near` have none."""
        colours = sorted({colour for node in near for colour in counts[node]})
        parts: dict[Hashable, Part] = {}
        for node in near:
            parts.setdefault(tuple([counts[node].get(colour, 0) for colour in colours]), []).append(node)
        if len(near) < len(self.members[start]):
            far = [node for node in self.members[start] if node not in counts]
            parts.setdefault((0,) * len(colours), []).extend(far)
        return parts

    def _split(self, splits: list[tuple[int, dict[Hashable, Part]]]) -> list[Moved]:
        """Put parts of classes in place, in order; returns the nodes of all but the largest part of each class."""
        moved: list[Moved] = []
        for start, by_signature in splits:
            if len(by_signature) == 1:
                continue
            parts = [by_signature[signature] for signature in sorted(by_signature)]  # type: ignore[type-var]
            largest = max(parts, key=len)
            for part in parts:
                self.members[start] = part
                for node in part:
                    self.colour[node] = start
                start += sum([self.weight[node] for node in part])
            rest = self.colour[largest[0]]
            moved += [(node, rest) for part in parts if part is not largest for node in part]
        return moved

    def _joins(self, neighbours: Neighbours) -> Neighbours:
        """The neighbours of each node of a shared class that lie in shared classes that it is partly joined to."""
        joins = {}
        shared = {start: part for start, part in self.members.items() if len(part) > 1}
        for part in shared.values():
            count = Counter([self.colour[v] for v in neighbours[part[0]]])
            partly = {c for c, n in count.items() if c in shared and n < len(shared[c])}
            for node in part:
                joins[node] = [v for v in neighbours[node] if self.colour[v] in partly]
        return joins

    def _only(self, nodes: set[int], before: Neighbours, after: Neighbours) -> Colouring:
        by_colour: dict[int, Part] = {}
        for node in nodes:
            by_colour.setdefault(self.colour[node], []).append(node)
        return Colouring.of(before, after, self.weight, [by_colour[start] for start in sorted(by_colour)])


def _reached(start: int, *neighbours: Neighbours) -> set[int]:
    seen, todo = {start}, [start]
    while todo:
        node = todo.pop()
        for v in (v for some in neighbours for v in some[node]):
            if v not in seen:
                seen.add(v)
                todo.append(v)
    return seen
