"""A cell: the small directed acyclic graph that a search varies, with operations on its nodes.

`Cell` is what users hold: immutable, hashable, checked when it is made. Two cells are equal when they are written
alike; they compute the same when their `key` is equal. What a cell computes is its *pruned* form: `none` and nodes
that lie on no path from input to output are dropped, skips are kept. Models see nothing else.

Spaces that put operations on edges (NAS-Bench-201, TransNAS-Bench-101) arrive as their line graph: one node an edge.
How each benchmark writes its cells is known to `metanp.spaces`; the `from_` and `to_` methods here only ask there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import index
from typing import Any

import numpy as np

from metanp.canonical import canonical_order
from metanp.operations import operation_index


@dataclass(frozen=True)
class Cell:
    """One architecture cell.

    Args:
        operations: names from `metanp.operations.VOCABULARY`, one a node; exactly one `input` and one `output`.
        edges: pairs (from, to) of node numbers; any order, any numbering of the nodes.

    Raises:
        ValueError: an unknown operation (names the nearest), not exactly one input and one output, an edge that is no
            pair of whole numbers or names a node that does not exist, an edge given twice, an edge into the input or
            out of the output, or a cycle.
    """

    operations: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]

    def __init__(self, operations: Iterable[str], edges: Iterable[Sequence[int]] | np.ndarray):
        object.__setattr__(self, "operations", tuple(operations))
        object.__setattr__(self, "edges", _sorted_edges(list(edges)))
        _check(self.operations, self.edges)

    @classmethod
    def _checked(cls, operations: tuple[str, ...], edges: tuple[tuple[int, int], ...]) -> Cell:
        """A cell made of another, known to be one; edges sorted."""
        cell = object.__new__(cls)
        object.__setattr__(cell, "operations", operations)
        object.__setattr__(cell, "edges", edges)
        return cell

    def __len__(self) -> int:
        return len(self.operations)

    def __hash__(self) -> int:
        return hash((self.operations, self.edges))

    @cached_property
    def pruned(self) -> Cell:
        """The cell without what carries nothing: `none`, and nodes on no path. Input and output always stay."""
        source, sink = self.operations.index("input"), self.operations.index("output")
        edges: Sequence[tuple[int, int]] = self.edges
        if "none" in self.operations:
            alive = [name != "none" for name in self.operations]
            edges = [(u, v) for u, v in edges if alive[u] and alive[v]]
        before, after = _neighbours(len(self), edges)
        forward, backward = _reached([source], after), _reached([sink], before)
        kept = sorted(forward & backward) if sink in forward else sorted((source, sink))
        if len(kept) == len(self) and sink in forward:
            return self._checked(self.operations, self.edges)
        renumber = {old: new for new, old in enumerate(kept)}
        live = [(renumber[u], renumber[v]) for u, v in edges if u in renumber and v in renumber]
        return self._checked(tuple([self.operations[i] for i in kept]), tuple(live))

    @property
    def is_live(self) -> bool:
        """Whether anything gets from the input to the output."""
        return bool(self.pruned.edges)

    @cached_property
    def canonical(self) -> Cell:
        """The one way of writing the pruned cell that all isomorphic cells share; nodes in topological order."""
        pruned = self.pruned
        order = canonical_order(pruned.operations, pruned.edges)
        place = {node: i for i, node in enumerate(order)}
        edges = sorted([(place[u], place[v]) for u, v in pruned.edges])
        return self._checked(tuple([pruned.operations[i] for i in order]), tuple(edges))

    @cached_property
    def key(self) -> str:
        """Names the isomorphism class of the pruned cell: 32 hexadecimal digits, the same on every machine."""
        written = json.dumps([self.canonical.operations, self.canonical.edges], separators=(",", ":"))
        return hashlib.blake2b(written.encode(), digest_size=16).hexdigest()

    # --- other ways of writing a cell -------------------------------------------------------------------------

    @classmethod
    def from_nasbench201(cls, text: str) -> Cell:
        """From `|nor_conv_3x3~0|+|none~0|skip_connect~1|+|...|`."""
        from metanp.spaces import nasbench201

        return nasbench201.parse(text)

    def to_nasbench201(self) -> str:
        """To a NAS-Bench-201 string that computes the same; the very string where the cell came from one."""
        from metanp.spaces import nasbench201

        return nasbench201.write(self)

    @classmethod
    def from_naslib(cls, code: Sequence[int]) -> Cell:
        """From NASLib's six digits for NAS-Bench-201: edges (0,1) (0,2) (0,3) (1,2) (1,3) (2,3)."""
        from metanp.spaces import nasbench201

        return nasbench201.parse_naslib(code)

    def to_naslib(self) -> tuple[int, ...]:
        """To NASLib's six digits for NAS-Bench-201."""
        from metanp.spaces import nasbench201

        return nasbench201.write_naslib(self)

    @classmethod
    def from_nasbench101(cls, matrix: Sequence[Sequence[int]] | np.ndarray, operations: Sequence[str]) -> Cell:
        """From NAS-Bench-101's upper-triangular matrix and its operation names."""
        from metanp.spaces import nasbench101

        return nasbench101.parse(matrix, operations)

    def to_nasbench101(self) -> tuple[list[list[int]], list[str]]:
        """To NAS-Bench-101's (matrix, operation names), pruned as the benchmark prunes."""
        from metanp.spaces import nasbench101

        return nasbench101.write(self)

    @classmethod
    def from_transnas(cls, text: str) -> Cell:
        """From TransNAS-Bench-101's micro string `64-41414-a_bc_def`."""
        from metanp.spaces import transnas

        return transnas.parse(text)

    def to_transnas(self) -> str:
        """To a TransNAS-Bench-101 micro string that computes the same."""
        from metanp.spaces import transnas

        return transnas.write(self)

    @classmethod
    def from_nasbench_graph(cls, links: Sequence[int], operations: Sequence[str]) -> Cell:
        """From NAS-Bench-Graph's link list (node i reads node links[i], 0 is the input) and four operations."""
        from metanp.spaces import nasbench_graph

        return nasbench_graph.parse(links, operations)

    def to_nasbench_graph(self) -> tuple[list[int], list[str]]:
        """To NAS-Bench-Graph's (links, operations)."""
        from metanp.spaces import nasbench_graph

        return nasbench_graph.write(self)

    @classmethod
    def from_networkx(cls, graph: Any) -> Cell:
        """From a `networkx.DiGraph` whose nodes carry an attribute `operation`.

        Raises:
            ValueError: another kind of graph, a node without `operation` (named), or what `Cell` refuses.
        """
        if not graph.is_directed() or graph.is_multigraph():
            raise ValueError(f"a cell is a networkx.DiGraph, not a {type(graph).__name__}")
        nodes = list(graph.nodes)
        missing = [node for node in nodes if "operation" not in graph.nodes[node]]
        if missing:
            raise ValueError(f"node {missing[0]!r} has no attribute 'operation'")
        number = {node: i for i, node in enumerate(nodes)}
        return cls([graph.nodes[n]["operation"] for n in nodes], [(number[u], number[v]) for u, v in graph.edges])

    def to_networkx(self) -> Any:
        """To a `networkx.DiGraph`; nodes are numbered and carry `operation`."""
        import networkx

        graph = networkx.DiGraph()
        graph.add_nodes_from((i, {"operation": name}) for i, name in enumerate(self.operations))
        graph.add_edges_from(self.edges)
        return graph

    @classmethod
    def from_json(cls, value: str | Mapping[str, Any]) -> Cell:
        """From `{"operations": [...], "edges": [[from, to], ...]}`, `{"nasbench201": "|...|"}` or another space's.

        Raises:
            ValueError: neither form, or what the form's own reader refuses.
        """
        from metanp.spaces import read_text

        data = json.loads(value) if isinstance(value, str) else value
        if isinstance(data, Mapping) and set(data) == {"operations", "edges"}:
            if not isinstance(data["operations"], Sequence) or not isinstance(data["edges"], Sequence):
                raise ValueError(f"not a cell: {str(data)[:80]!r}; 'operations' and 'edges' must be lists")
            return cls(data["operations"], data["edges"])
        if isinstance(data, Mapping) and len(data) == 1:
            return read_text(*next(iter(data.items())))
        raise ValueError(f"not a cell: {str(data)[:80]!r}; expected 'operations' and 'edges', or a space and a string")

    def to_json(self) -> dict[str, Any]:
        """To `{"operations": [...], "edges": [[from, to], ...]}`, ready for `json.dumps`."""
        return {"operations": list(self.operations), "edges": [list(edge) for edge in self.edges]}


def _neighbours(size: int, edges: Iterable[tuple[int, int]]) -> tuple[list[list[int]], list[list[int]]]:
    """The nodes before each node, and those after it."""
    before: list[list[int]] = [[] for _ in range(size)]
    after: list[list[int]] = [[] for _ in range(size)]
    for u, v in edges:
        before[v].append(u)
        after[u].append(v)
    return before, after


def _reached(starts: Iterable[int], after: list[list[int]]) -> set[int]:
    """Every node that a walk from some nodes can come to, these too."""
    seen = set(starts)
    todo = list(seen)
    while todo:
        for v in after[todo.pop()]:
            if v not in seen:
                seen.add(v)
                todo.append(v)
    return seen


def _sorted_edges(edges: list[Any]) -> tuple[tuple[int, int], ...]:
    try:
        return tuple(sorted((index(u), index(v)) for u, v in edges))
    except (TypeError, ValueError):
        wrong = next(edge for edge in edges if not _is_pair(edge))
        raise ValueError(f"{wrong!r} is no edge: expected two node numbers, from and to") from None


def _is_pair(edge: Any) -> bool:
    return isinstance(edge, Iterable) and [hasattr(node, "__index__") for node in edge] == [True, True]


def _check(operations: tuple[str, ...], edges: tuple[tuple[int, int], ...]) -> None:
    for name in operations:
        operation_index(name)
    for end in ("input", "output"):
        if (n := operations.count(end)) != 1:
            raise ValueError(f"a cell has exactly one {end}, this one has {n}: {list(operations)}")
    source, sink, size = operations.index("input"), operations.index("output"), len(operations)
    for i, (u, v) in enumerate(edges):
        if not (0 <= u < size and 0 <= v < size):
            raise ValueError(f"edge ({u}, {v}) names a node that does not exist; nodes are 0 to {size - 1}")
        if i and edges[i - 1] == (u, v):
            raise ValueError(f"edge ({u}, {v}) is given twice")
        if v == source or u == sink:
            raise ValueError(f"edge ({u}, {v}) goes {'into the input' if v == source else 'out of the output'}")
    if not all(u < v for u, v in edges) and (cycle := _node_on_a_cycle(size, edges)) is not None:
        raise ValueError(f"the edges form a cycle through node {cycle} ({operations[cycle]})")


def _node_on_a_cycle(size: int, edges: tuple[tuple[int, int], ...]) -> int | None:
    """The lowest, if there is any."""
    before, after = _neighbours(size, edges)
    waiting = [len(nodes) for nodes in before]
    ready = [i for i in range(size) if not waiting[i]]
    while ready:
        for v in after[ready.pop()]:
            waiting[v] -= 1
            if not waiting[v]:
                ready.append(v)
    left = (i for i in range(size) if waiting[i])
    return next((v for v in left if v in _reached(after[v], after)), None)
