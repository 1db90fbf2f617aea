"""Back from the graph of `metanp.genotypes` to a genotype, however its nodes are numbered.

Behind each input of a cell stands one node, and behind each node of a cell two, an operation each: what reads a node of
the cell reads both. So which operations belong together is plain wherever a later node reads them. Those that none
reads can be paired in several ways, all with the same graph; the numbers that are beside the graph say which.

Axes: none; one cell at a time, canonical.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from metanp.cell import Cell
from metanp.genotypes import INPUTS, OPERATIONS, PAIRS, PARTS, READS, Pair, counts

State = tuple[int, ...]  # the nodes that one state of a cell is made of


class Part(NamedTuple):
    """The graph of one cell: nodes that are operations, and those behind the inputs of the cell."""

    operations: list[int]
    inputs: list[int]


def names_of(operations: Sequence[str]) -> dict[Any, str]:
    """The genotype's name of each operation."""
    return {OPERATIONS[name]: name for name in operations}


def sources(cell: Cell) -> list[State]:
    """What each node reads."""
    found: list[list[int]] = [[] for _ in cell.operations]
    for u, v in cell.edges:
        found[v].append(u)
    return [tuple(reads) for reads in found]


def pairs_of(cell: Cell, operations: Sequence[str], distinct: bool) -> tuple[tuple[Pair, ...], ...] | None:
    """The pairs of the normal and of the reduction cell of a canonical cell; None where it can have none.

    Args:
        operations: names of those that a genotype may have. distinct: whether the inputs of a node have to differ.
    """
    reads, names = sources(cell), names_of(operations)
    reduction = _part(reads, reads[-1])
    joints = [] if reduction is None else [one for one in reduction.inputs if reads[one] != (0,)]
    if reduction is None or len(joints) != 1:
        return None  # the normal cell is not read, and its graph was pruned
    normal = _part(reads, reads[joints[0]])
    if normal is None or any(reads[one] != (0,) for one in normal.inputs):
        return None
    found = []
    for name, part, last in zip(PARTS, (normal, reduction), ([], joints), strict=True):
        before = [one for one in part.inputs if one not in last]
        ours = all(cell.operations[i] == READS for i in part.inputs)
        if not ours or len(part.inputs) > INPUTS or any(cell.operations[i] not in names for i in part.operations):
            return None
        number: dict[State, int] = {(one,): 1 for one in last}
        number.update(((one,), i) for i, one in enumerate(before))
        said = {key.partition(".")[2]: value for key, value in cell.parameters if key.startswith(f"{name}.")}
        labels = {i: names[cell.operations[i]] for i in part.operations}
        pairs = _pairs(part, reads, labels, number, said, distinct)
        if pairs is None:
            return None
        found.append(pairs)
    return tuple(found)


def _part(reads: Sequence[State], outputs: State) -> Part | None:
    """What lies before the outputs of a cell, as far as its inputs."""
    operations: set[int] = set()
    inputs: set[int] = set()
    todo = list(outputs)
    while todo:
        if (node := todo.pop()) in operations:
            continue
        operations.add(node)
        if len(reads[node]) == 1:
            inputs.add(reads[node][0])
        elif len(reads[node]) == PAIRS:
            todo += reads[node]
        else:
            return None
    return None if 0 in operations | inputs or operations & inputs else Part(sorted(operations), sorted(inputs))


def _pairs(
    part: Part,
    reads: Sequence[State],
    labels: Mapping[int, str],
    inputs: Mapping[State, int],
    said: Mapping[str, Any],
    distinct: bool,
) -> tuple[Pair, ...] | None:
    """The first way to pair operations that gives the numbers which are said of the cell."""
    joined = sorted({reads[i] for i in part.operations if len(reads[i]) == PAIRS})
    loose = [i for i in part.operations if not any(i in state for state in joined)]
    if len({i for state in joined for i in state}) != PAIRS * len(joined) or len(loose) % PAIRS:
        return None
    for more in _pairings(loose):
        nodes = sorted([*joined, *more], key=max)  # in topological order, as the numbers of a canonical cell are
        number = {**inputs, **{state: i for i, state in enumerate(nodes, start=INPUTS)}}
        pairs = tuple((labels[i], number[reads[i]]) for state in nodes for i in state)
        differ = all(pairs[i][1] != pairs[i + 1][1] for i in range(0, len(pairs), PAIRS))
        if (differ or not distinct) and counts(pairs) == said:
            return pairs
    return None


def _pairings(nodes: Sequence[int]) -> Iterator[list[State]]:
    """Every way to put an even number of nodes into pairs."""
    if not nodes:
        yield []
        return
    first, *rest = nodes
    for i, other in enumerate(rest):
        for more in _pairings([*rest[:i], *rest[i + 1 :]]):
            yield [(first, other), *more]
