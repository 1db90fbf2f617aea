"""Architectures of two cells with two inputs each, as in DARTS, NAS-Bench-301 and NASNet.

A genotype says of every node of the normal and of the reduction cell which pairs (operation, input) it adds up. Inputs
0 and 1 are the outputs of the two cells before, input i + 2 is node i. It is read as a tuple (normal, normal_concat,
reduce, reduce_concat), as a mapping with these names, as a text of either, or as two lists of (input, number of the
operation), as NAS-Bench-301 has them. One of the two cells may be absent.

Both cells become one graph, the reduction cell behind the normal one. Beside it stand, as parameters of each cell, how
often it has each operation, in all and at its inputs, and how deep its nodes and operations lie.

That encoding was chosen by Kendall tau on NAS-Bench-301's surrogate (`docs/what-was-tried.md`): the graph alone has .08
to .1 less at 20 to 100 labels.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from metanp.cell import Cell
from metanp.forms import register
from metanp.nearest import nearest
from metanp.operation import Operation

OPERATIONS: dict[str, str | Operation] = {
    "none": "none",
    "max_pool_3x3": "maxpool3x3",
    "avg_pool_3x3": "avgpool3x3",
    "skip_connect": "skip",
    "sep_conv_3x3": "sepconv3x3",
    "sep_conv_5x5": "sepconv5x5",
    "dil_conv_3x3": "dilconv3x3",
    "dil_conv_5x5": "dilconv5x5",
    "conv_1x1": "conv1x1",
    "conv_3x3": "conv3x3",
    "conv_3x1_1x3": Operation("conv_3x1_1x3", "convolution", kernel_size=3, separable=True),
    "conv_7x1_1x7": Operation("conv_7x1_1x7", "convolution", kernel_size=7, separable=True),
    "sep_conv_7x7": Operation("sep_conv_7x7", "convolution", kernel_size=7, separable=True),
    "avg_pool_2x2": Operation("avg_pool_2x2", "pool", kernel_size=2),
    "max_pool_2x2": Operation("max_pool_2x2", "pool", kernel_size=2, maximum=True),
    "max_pool_5x5": Operation("max_pool_5x5", "pool", kernel_size=5, maximum=True),
    "max_pool_7x7": Operation("max_pool_7x7", "pool", kernel_size=7, maximum=True),
}
DARTS_NAMES = tuple(OPERATIONS)[:8]
NUMBERED = DARTS_NAMES[1:]  # by NAS-Bench-301's numbers
PARTS = ("normal", "reduce")
WHOLE = ("normal", "normal_concat", "reduce", "reduce_concat")
INPUTS = 2  # of each cell
PAIRS = 2  # added up by a node
READS = "conv1x1"  # what a network applies to each input of a cell
DEEPEST = 3  # depths from here on count alike
RANGE = re.compile(r"\brange\((\d{1,3}), ?(\d{1,3})\)")  # as DARTS writes which nodes make up the output
MOST_NODES = 100
WORDS = {word: name for name, word in OPERATIONS.items() if isinstance(word, str)}

Pair = tuple[str, int]  # operation, input


def read(genotype: Any) -> Cell:
    """A genotype in any of the forms above.

    Raises:
        ValueError: another form, an operation that is not known, or an input that does not come before its node; names
            the cell and the node.
    """
    operations: list[str | Operation] = ["input"]
    edges: set[tuple[int, int]] = set()
    parameters: dict[str, Any] = {}
    before, last = [0], [0]  # nodes that make up the outputs of the two cells before
    for part, (pairs, concat) in parts(genotype).items():
        states = [_node(READS, one, operations, edges) for one in (before, last)]
        for first in range(0, len(pairs), PAIRS):
            live = [(name, reads) for name, reads in pairs[first : first + PAIRS] if name != "none"]
            states.append([_node(OPERATIONS[name], states[reads], operations, edges)[0] for name, reads in live])
        before, last = last, [node for i in concat for node in states[i]]
        parameters |= {f"{part}.{name}": value for name, value in counts(pairs).items()}
    operations.append("output")
    edges |= {(node, len(operations) - 1) for node in last}
    return Cell(operations, sorted(edges), parameters)


def _node(operation: str | Operation, reads: Sequence[int], operations: list, edges: set) -> list[int]:
    """A new node, alone in a list."""
    operations.append(operation)
    edges |= {(one, len(operations) - 1) for one in reads}
    return [len(operations) - 1]


def counts(pairs: Sequence[Pair]) -> dict[str, int]:
    """How often a cell has each operation, in all and at its inputs; depths of nodes, and of each operation."""
    said: dict[str, int] = {}
    depth = [0] * INPUTS
    for first in range(0, len(pairs), PAIRS):
        node = [(name, reads) for name, reads in pairs[first : first + PAIRS] if name != "none"]
        for name, reads in node:
            for what, count in (("all", 1), ("at inputs", reads < INPUTS), ("depth", min(depth[reads], DEEPEST))):
                said[f"{name}.{what}"] = said.get(f"{name}.{what}", 0) + count
        depth.append(1 + max((depth[reads] for _, reads in node), default=0))
    unsaid = {f"{name}.{what}": 0 for name in NUMBERED for what in ("all", "at inputs", "depth")}
    own = {"depth": max(depth), "total depth": sum(depth), "nodes at inputs": sum(d == 1 for d in depth)}
    return unsaid | said | own


def parts(genotype: Any) -> dict[str, tuple[list[Pair], list[int]]]:
    """The pairs of each cell that there is, and which of its states make up its output: all nodes without a word.

    Raises:
        ValueError: as `read`.
    """
    given = _of_text(genotype) if isinstance(genotype, str) else genotype
    if hasattr(given, "_asdict"):  # a named tuple
        given = given._asdict()
    if not isinstance(given, Mapping):
        listed = list(given) if isinstance(given, Sequence) else []
        if len(listed) not in (1, 2, 4):
            raise ValueError(f"not a genotype: {genotype!r:.80}; expected normal=[...], reduce=[...]")
        names = WHOLE if len(listed) == len(WHOLE) else PARTS
        given = dict(zip(names, listed, strict=False))
    if unknown := [name for name in given if str(name).removesuffix("_concat") not in PARTS]:
        raise ValueError(f"a genotype has no {unknown[0]!r:.80}; {nearest(unknown[0], PARTS)}")
    found = {}
    for part in PARTS:
        if pairs := [*_pairs(part, given.get(part) or [])]:
            found[part] = pairs, _concat(part, given.get(f"{part}_concat"), len(pairs) // PAIRS + INPUTS)
    if not found:
        raise ValueError(f"a genotype without a node: {genotype!r:.80}")
    return found


def _concat(part: str, given: Any, states: int) -> list[int]:
    nodes = list(range(INPUTS, states)) if given is None else list(given)
    if wrong := [i for i in nodes if isinstance(i, bool) or not isinstance(i, int) or not 0 <= i < states]:
        raise ValueError(f"{part}_concat holds {wrong[0]!r:.80}; expected numbers from {INPUTS} to {states - 1}")
    return nodes


def _pairs(part: str, given: Any) -> Iterator[Pair]:
    """One after the other; nodes may be lists of their own."""
    flat = [one for item in given for one in (item if _is_list_of_pairs(item) else [item])]
    if len(flat) % PAIRS:
        raise ValueError(f"the {part} cell has {len(flat)} pairs; expected {PAIRS} a node")
    for place, pair in enumerate(flat):
        node = place // PAIRS
        try:
            name, reads = pair if isinstance(pair[0], str) else (NUMBERED[int(pair[1])], pair[0])
        except (TypeError, ValueError, IndexError, KeyError):
            wanted = "expected (operation, input), or (input, number of the operation)"
            raise ValueError(f"the {part} cell, node {node}, has {pair!r:.80}; {wanted}") from None
        name = WORDS.get(name, name)
        if name not in OPERATIONS:
            raise ValueError(f"the {part} cell, node {node}: unknown {name!r:.80}; {nearest(name, OPERATIONS)}")
        if isinstance(reads, bool) or not isinstance(reads, int) or not 0 <= reads < node + INPUTS:
            top = node + INPUTS - 1
            raise ValueError(f"the {part} cell, node {node}, reads input {reads!r:.80}; expected 0 to {top}")
        yield name, reads


def _is_list_of_pairs(item: Any) -> bool:
    return isinstance(item, list | tuple) and bool(item) and all(isinstance(one, list | tuple) for one in item)


def _of_text(text: str) -> Any:
    """What a written genotype says: `Genotype(normal=[...], ...)`, a list or a mapping; literals alone."""
    try:
        with warnings.catch_warnings(action="ignore", category=SyntaxWarning):  # of a text that is no genotype
            tree = ast.parse(RANGE.sub(_as_list, text.strip()), mode="eval").body
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
            named = {str(one.arg): ast.literal_eval(one.value) for one in tree.keywords}
            return named or [ast.literal_eval(one) for one in tree.args]
        return ast.literal_eval(tree)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError(f"not a genotype: {text[:80]!r}; expected Genotype(normal=[...], reduce=[...])") from None


def _as_list(found: re.Match[str]) -> str:
    return str([*range(*map(int, found.groups()))][:MOST_NODES])


def write(cell: Cell) -> Any:
    """None of the graphs can be told from others: ValueError always."""
    raise ValueError(f"{cell!r:.80} cannot be written as a genotype: keep the genotype beside it")


register("darts", read, write)
