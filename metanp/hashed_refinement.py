"""Weisfeiler-Lehman refinement by hashes: a node's colour is 64 bits, equal for equal neighbourhoods in any graph.

It works on a flat list of edges, so that its cost is linear in edges. Sums of 64-bit numbers wrap around, so they do
not depend on the order of the edges.

Axes: node; any further axes are refined independently.

Source of the hash: Weisfeiler and Leman 1968, as a vectorised 64-bit hash with both directions of each edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, UInt64

from metanp.brief import brief

Colours = UInt64[np.ndarray, "node *axes"]
Ends = Int[np.ndarray, " edge"]


def mix(x: UInt64[np.ndarray, "*axes"]) -> UInt64[np.ndarray, "*axes"]:
    """Scramble 64-bit numbers so that every bit depends on every other (the finaliser of splitmix64, Steele 2014)."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@dataclass(frozen=True)
class Neighbours:
    """Edges grouped by the node at one end.

    node: those that have edges. first: where the edges of each begin. other: the nodes at the other end.
    """

    node: Int[np.ndarray, " group"]
    first: Int[np.ndarray, " group"]
    other: Ends

    __repr__ = brief

    @classmethod
    def of(cls, node: Ends, other: Ends) -> Neighbours:
        """The neighbours `other` of each `node`, an edge being a pair of them."""
        if (node[1:] < node[:-1]).any():
            order = np.argsort(node, kind="stable")
            node, other = node[order], other[order]
        first = np.flatnonzero(np.diff(node, prepend=-1))
        return cls(node[first], first, other)

    def sums(self, values: Colours) -> Colours:
        """The sum over each node's neighbours."""
        total = np.zeros_like(values)
        if len(self.first):
            total[self.node] = np.add.reduceat(values[self.other], self.first, axis=0)
        return total


@dataclass(frozen=True)
class Edges:
    """The edges of a graph, or of many side by side, from either end."""

    into: Neighbours
    out: Neighbours

    __repr__ = brief

    @classmethod
    def of(cls, start: Ends, end: Ends) -> Edges:
        """Edges from `start` to `end`; fastest where `start` ascends."""
        return cls(Neighbours.of(end, start), Neighbours.of(start, end))

    def refine(self, colour: Colours) -> Colours:
        """One step: a node's colour becomes a hash of its own, its predecessors' and its successors'."""
        before, after = mix(colour), mix(colour ^ np.uint64(0xA5A5A5A5A5A5A5A5))
        into, out = self.into.sums(before), self.out.sums(after)
        return mix(mix(before + into) + np.uint64(3) * mix(out + np.uint64(1)))
