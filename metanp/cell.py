"""A cell: the small directed acyclic graph that a search varies, with operations on its nodes.

`Cell` is what users hold: immutable, hashable, checked when it is made. Two cells are equal when they are written
alike; they compute the same when their `key` is equal. What a cell computes is its *pruned* form: `none` and nodes
that lie on no path from input to output are dropped, skips are kept. Models see nothing else.

Spaces that put operations on edges (NAS-Bench-201, TransNAS-Bench-101) arrive as their line graph: one node an edge.
How each benchmark writes its cells is defined by its space; the `from_` and `to_` methods here only ask `metanp.forms`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from metanp.brief import LONGEST, counted, listed
from metanp.canonical import canonical_order
from metanp.forms import form
from metanp.operations import Operation, operation_at, operation_index
from metanp.parameters import Parameters, plain_parameters
from metanp.strict_json import parse_json

if TYPE_CHECKING:
    from metanp.pictures import Picture


WRITTEN = ("blocks", "darts", "parameters")  # forms that JSON may hold, beside those of spaces


@dataclass(frozen=True)
class Cell:
    """One architecture: a graph of operations, and whatever else tells it from others.

    Args:
        operations: names from `metanp.operations.VOCABULARY`, or described ones (`metanp.operations.Operation`), one a
            node; exactly one `input` and one `output`.
        edges: pairs (from, to) of node numbers; any order, any numbering of the nodes.
        parameters: numbers, texts and truth values by name, nested as they like; see `from_parameters`.

    Raises:
        ValueError: an unknown operation (names the nearest), not exactly one input and one output, an edge that is no
            pair of whole numbers or names a node that does not exist, an edge given twice, an edge into the input or
            out of the output, a cycle, or a parameter that is neither number nor text.
    """

    operations: tuple[str | Operation, ...]
    edges: tuple[tuple[int, int], ...]
    parameters: Parameters = ()

    def __init__(
        self,
        operations: Iterable[str | Operation],
        edges: Iterable[Sequence[int]] | np.ndarray,
        parameters: Mapping[str, Any] | None = None,
    ):
        object.__setattr__(self, "operations", _names(operations))
        object.__setattr__(self, "edges", _sorted_edges(edges))
        object.__setattr__(self, "parameters", plain_parameters(parameters) if parameters else ())
        _check(self.operations, self.edges)

    @classmethod
    def _checked(
        cls,
        operations: tuple[str | Operation, ...],
        edges: tuple[tuple[int, int], ...],
        parameters: Parameters = (),
    ) -> Cell:
        """A cell derived from a checked one, without new checks; edges and parameters sorted."""
        cell = object.__new__(cls)
        object.__setattr__(cell, "operations", operations)
        object.__setattr__(cell, "edges", edges)
        object.__setattr__(cell, "parameters", parameters)
        return cell

    def __len__(self) -> int:
        return len(self.operations)

    def __hash__(self) -> int:
        return hash((self.operations, self.edges, self.parameters))

    def __repr__(self) -> str:
        """Code that makes the cell; for a large one, how many nodes of each operation it has."""
        if 8 * len(self.edges) + 6 * len(self.operations) <= LONGEST:  # an edge takes 8 characters, a name 6 or more
            more = f", {dict(self.parameters)}" if self.parameters else ""
            written = f"Cell({list(self.operations)}, {list(self.edges)}{more})"
            if len(written) <= LONGEST:
                return written
        counts = listed((f"{n:,} {name}" for name, n in Counter(self.names).most_common()), LONGEST // 2)
        more = f", {counted(len(self.parameters), 'parameter')}" if self.parameters else ""
        return f"<Cell of {counted(len(self), 'node')} and {counted(len(self.edges), 'edge')}{more}: {counts}>"

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each node's operation, for a reader: different ones may have the same."""
        return tuple(one if isinstance(one, str) else one.name for one in self.operations)

    @cached_property
    def live_nodes(self) -> tuple[int, ...]:
        """The nodes that `pruned` keeps: input, output, and all on a path between them that avoids `none`."""
        source, sink = self.operations.index("input"), self.operations.index("output")
        before, after = _neighbours(len(self), self._carrying)
        forward, backward = _reached([source], after), _reached([sink], before)
        return tuple(sorted(forward & backward if sink in forward else (source, sink)))

    @property
    def _carrying(self) -> Sequence[tuple[int, int]]:
        """Edges that touch no `none`."""
        if "none" not in self.operations:
            return self.edges
        alive = [name != "none" for name in self.operations]
        return [(u, v) for u, v in self.edges if alive[u] and alive[v]]

    @cached_property
    def pruned(self) -> Cell:
        """The cell without `none` and without nodes on no path from input to output; these two always stay."""
        renumber = {old: new for new, old in enumerate(self.live_nodes)}
        live = [(renumber[u], renumber[v]) for u, v in self._carrying if u in renumber and v in renumber]
        if len(renumber) == len(self) and len(live) == len(self.edges):
            return self._checked(self.operations, self.edges, self.parameters)
        return self._checked(tuple([self.operations[i] for i in self.live_nodes]), tuple(live), self.parameters)

    @property
    def is_live(self) -> bool:
        """Whether a path leads from the input to the output."""
        return bool(self.pruned.edges)

    @cached_property
    def canonical(self) -> Cell:
        """The one way of writing the pruned cell that all isomorphic cells share; nodes in topological order."""
        pruned = self.pruned
        order = canonical_order([str(one) for one in pruned.operations], pruned.edges)
        place = {node: i for i, node in enumerate(order)}
        edges = sorted([(place[u], place[v]) for u, v in pruned.edges])
        return self._checked(tuple([pruned.operations[i] for i in order]), tuple(edges), self.parameters)

    @cached_property
    def key(self) -> str:
        """Names the isomorphism class of the pruned cell, with its parameters: 32 hexadecimal digits, the same on every
        machine."""
        parts = [[str(one) for one in self.canonical.operations], self.canonical.edges]
        parts += [self.parameters] if self.parameters else []
        written = json.dumps(parts, separators=(",", ":"))
        return hashlib.blake2b(written.encode(), digest_size=16).hexdigest()

    # --- for a reader -----------------------------------------------------------------------------------------

    def plot(self) -> Picture:
        """A picture of the cell as it is written; nodes that pruning drops are faint."""
        from metanp.pictures.cell import draw_cell

        return draw_cell(self)

    def _repr_html_(self) -> str:
        return self.plot()._repr_html_()

    # --- other ways of writing a cell -------------------------------------------------------------------------

    @classmethod
    def from_nasbench201(cls, text: str) -> Cell:
        """From `|nor_conv_3x3~0|+|none~0|skip_connect~1|+|...|`."""
        return form("nasbench201").read(text)

    def to_nasbench201(self) -> str:
        """To a NAS-Bench-201 string that computes the same; the very string where the cell came from one."""
        return form("nasbench201").write(self)

    @classmethod
    def from_naslib(cls, code: Sequence[int]) -> Cell:
        """From NASLib's six digits for NAS-Bench-201: edges (0,1) (0,2) (0,3) (1,2) (1,3) (2,3)."""
        return form("naslib").read(code)

    def to_naslib(self) -> tuple[int, ...]:
        """To NASLib's six digits for NAS-Bench-201."""
        return form("naslib").write(self)

    @classmethod
    def from_nasbench101(cls, matrix: Sequence[Sequence[int]] | np.ndarray, operations: Sequence[str]) -> Cell:
        """From NAS-Bench-101's upper-triangular matrix (node, node) and its operation names."""
        return form("nasbench101").read(matrix, operations)

    def to_nasbench101(self) -> tuple[list[list[int]], list[str]]:
        """To NAS-Bench-101's (matrix, operation names), pruned as the benchmark prunes."""
        return form("nasbench101").write(self)

    @classmethod
    def from_transnas(cls, text: str) -> Cell:
        """From TransNAS-Bench-101's micro string `64-41414-a_bc_def`."""
        return form("transnas").read(text)

    def to_transnas(self) -> str:
        """To a TransNAS-Bench-101 micro string that computes the same."""
        return form("transnas").write(self)

    @classmethod
    def from_nasbench_graph(cls, links: Sequence[int], operations: Sequence[str]) -> Cell:
        """From NAS-Bench-Graph's link list (node i reads node links[i], 0 is the input) and four operations."""
        return form("nasbench_graph").read(links, operations)

    def to_nasbench_graph(self) -> tuple[list[int], list[str]]:
        """To NAS-Bench-Graph's (links, operations)."""
        return form("nasbench_graph").write(self)

    @classmethod
    def from_darts(cls, genotype: Any) -> Cell:
        """From a DARTS, NAS-Bench-301 or NASNet genotype of two cells with two inputs; see `metanp.genotypes`."""
        return form("darts").read(genotype)

    @classmethod
    def from_blocks(cls, blocks: Iterable[Operation | Mapping[str, Any] | str]) -> Cell:
        """From a chain, `[Operation(...), ...]` or `[{"kernel_size": 3, "stage": 0}, ...]`; see `metanp.blocks`."""
        return form("blocks").read(blocks)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Cell:
        """From parameters alone, `{"depth": 3, "width": [48, 64], "kernel": "5x5"}`: numbers, texts, truth values.

        Numbers are compared as numbers, texts as the same or not (and by the first number in them, where each has one).
        Nested lists and mappings are named by their place, `width.0`; None is left out. Equal up to the order of names.

        Raises:
            ValueError: no parameter at all, or one that is neither; names it.
        """
        if isinstance(parameters, Mapping) and not parameters:
            raise ValueError("an architecture of no parameter; expected one at least, as {'depth': 3}")
        return cls(("input", "output"), ((0, 1),), parameters)

    @classmethod
    def from_networkx(cls, graph: Any) -> Cell:
        """From a `networkx.DiGraph` whose nodes carry an attribute `operation`.

        Raises:
            ValueError: another kind of graph, a node without `operation` (named), or what `Cell` refuses.
        """
        if not hasattr(graph, "is_directed") or not graph.is_directed() or graph.is_multigraph():
            raise ValueError(f"a cell is a networkx.DiGraph, not a {type(graph).__name__}, as {graph!r:.60} is")
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

        An operation is a name, or described: `{"name": "fused", "kind": "convolution", "width": 96}`. Beside both there
        may be `parameters`.

        Raises:
            ValueError: neither form, or what the form's own reader refuses.
        """
        data = parse_json(value) if isinstance(value, str) else value
        if isinstance(data, Mapping) and {"operations", "edges"} <= set(data) <= {"operations", "edges", "parameters"}:
            if not all(isinstance(data[name], list | tuple) for name in ("operations", "edges")):
                raise ValueError(f"not a cell: {str(data)[:80]!r}; 'operations' and 'edges' must be lists")
            read = [Operation.from_json(one) if isinstance(one, Mapping) else one for one in data["operations"]]
            return cls(read, data["edges"], data.get("parameters"))
        if isinstance(data, Mapping) and len(data) == 1:
            (name, written), *_ = data.items()
            if name in WRITTEN:
                return form(name).read(written) if name != "parameters" else cls.from_parameters(written)
            return form("text").read(name, written)
        raise ValueError(f"not a cell: {str(data)[:80]!r}; expected 'operations' and 'edges', or a space and a string")

    def to_json(self) -> dict[str, Any]:
        """To `{"operations": [...], "edges": [[from, to], ...]}`, ready for `json.dumps`."""
        operations = [one if isinstance(one, str) else one.to_json() for one in self.operations]
        more = {"parameters": dict(self.parameters)} if self.parameters else {}
        return {"operations": operations, "edges": [list(edge) for edge in self.edges], **more}


def _neighbours(size: int, edges: Iterable[tuple[int, int]]) -> tuple[list[list[int]], list[list[int]]]:
    """The nodes before each node, and those after it."""
    before: list[list[int]] = [[] for _ in range(size)]
    after: list[list[int]] = [[] for _ in range(size)]
    for u, v in edges:
        before[v].append(u)
        after[u].append(v)
    return before, after


def _reached(starts: Iterable[int], after: list[list[int]]) -> set[int]:
    """Every node that can be reached from `starts`, these included."""
    seen = set(starts)
    todo = list(seen)
    while todo:
        for v in after[todo.pop()]:
            if v not in seen:
                seen.add(v)
                todo.append(v)
    return seen


def _names(operations: Any) -> tuple[str | Operation, ...]:
    """Words as texts; so is a described operation that says just what a word says."""
    if isinstance(operations, str) or not isinstance(operations, Iterable):
        raise ValueError(f"the operations are {operations!r:.80}; expected a list of names, one a node")
    return tuple(str(one) if isinstance(one, str) else _word(one) for one in operations)


def _word(one: Any) -> Any:
    return operation_at(operation_index(one)) if isinstance(one, Operation) else one


def _sorted_edges(edges: Any) -> tuple[tuple[int, int], ...]:
    if isinstance(edges, str | Mapping) or not isinstance(edges, Iterable):
        raise ValueError(f"the edges are {edges!r:.80}; expected a list of pairs of node numbers, from and to")
    listed = list(edges)
    try:
        return tuple(sorted((index(u), index(v)) for u, v in listed))
    except (TypeError, ValueError):
        return tuple(sorted(_edge(edge) for edge in listed))


def _edge(edge: Any) -> tuple[int, int]:
    """One edge, its nodes whole numbers of any kind, 3.0 too.

    Raises:
        ValueError: no pair of whole numbers; names it.
    """
    try:
        u, v = (None if isinstance(node, str) or not float(node).is_integer() else int(node) for node in edge)
    except (TypeError, ValueError, OverflowError):
        u = v = None
    if u is None or v is None or isinstance(edge, str):
        raise ValueError(f"{edge!r:.80} is no edge: expected two node numbers, from and to")
    return u, v


_ADVICE = {
    (
        "input",
        True,
    ): "; where a cell reads several inputs, as in DARTS, keep one 'input' and write each of them as a node "
    "that reads it: the operation that the network applies to it ('conv1x1' in DARTS), or 'skip'",
    ("output", True): "; join them: one 'output' that reads what each of them reads",
    ("input", False): "; add the node that the others read from",
    ("output", False): "; add the node that reads the result",
}


def _check(operations: tuple[str | Operation, ...], edges: tuple[tuple[int, int], ...]) -> None:
    for name in operations:
        operation_index(name)
    for end in ("input", "output"):
        if (n := operations.count(end)) != 1:
            raise ValueError(
                f"a cell has exactly one {end}, this one has {n}: {list(operations)!s:.200}{_ADVICE[end, n > 1]}"
            )
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
    """The lowest node on a cycle, if there is any."""
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
