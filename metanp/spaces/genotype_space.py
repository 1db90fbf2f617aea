"""Spaces of two cells with two inputs each: DARTS and NASNet.

A genotype has a normal and a reduction cell of some nodes; a node adds up two operations, each on an input of the cell
(0 and 1, the cells before) or on an earlier node (2 and more). Cells are those of `Cell.from_darts`, so inputs 0 and 1
of the normal cell can be exchanged, and so can the two pairs of a node: such genotypes are one candidate.

Text is the genotype as DARTS prints it, `Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=[2, 3, 4, 5],
reduce=[...], reduce_concat=[...])`; any form of `metanp.genotypes` is read.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from metanp import genotypes
from metanp.cell import Cell
from metanp.genotypes import INPUTS, PAIRS, PARTS, WHOLE, Pair
from metanp.given.settings import read_text, shown
from metanp.spaces.coded import CodedSpace, either, known_one, one_of
from metanp.spaces.genotype_graph import names_of, pairs_of, sources

Genotype = tuple[tuple[Pair, ...], ...]  # normal cell, reduction cell; two pairs a node


class GenotypeSpace(CodedSpace[Genotype]):
    """All genotypes of some operations.

    Args:
        name: of the space.
        operations: names of `metanp.genotypes.OPERATIONS`.
        nodes: of each cell.
        distinct: whether the two inputs of a node have to differ.
        loose: whether the nodes that no other reads make up the output; otherwise all nodes do.
    """

    def __init__(self, name: str, operations: Sequence[str], nodes: int, distinct: bool, loose: bool):
        self.name, self.operations = name, tuple(operations)
        self.nodes, self.distinct, self.loose = nodes, distinct, loose

    def __len__(self) -> int:
        """Genotypes; with `distinct`, the two pairs of a node in any order are one."""
        states = range(INPUTS, INPUTS + self.nodes)
        wirings = math.prod(math.comb(n, PAIRS) if self.distinct else n**PAIRS for n in states)
        return (wirings * len(self.operations) ** (PAIRS * self.nodes)) ** len(PARTS)

    def cell(self, code: Genotype) -> Cell:
        return genotypes.read(self._whole(code))

    def code(self, cell: Cell) -> Genotype:
        """The genotype; pairs and nodes in the order of the cell's nodes where these stand as `Cell.from_darts` has
        them. A reduction cell that does not read the normal one is found in that order alone."""
        if (written := self._as_written(cell)) is not None:
            return written
        found = pairs_of(cell.canonical, self.operations, self.distinct)
        if found is None or any(len(pairs) != PAIRS * self.nodes for pairs in found):
            raise self._foreign(cell)
        if self.cell(found).key != cell.key:
            raise self._foreign(cell)
        return found

    def draw(self, rng: np.random.Generator) -> Genotype:
        """All genotypes are equally likely: inputs of each node evenly, and each operation."""
        return tuple(tuple(self._drawn(rng)) for _ in PARTS)

    def near(self, code: Genotype) -> Iterator[Genotype]:
        """One operation changed, or one input."""
        for part, pairs in enumerate(code):
            for place, (name, reads) in enumerate(pairs):
                taken = {pairs[place ^ 1][1] if self.distinct else reads, reads}  # place ^ 1: the node's other pair
                inputs = [one for one in range(place // PAIRS + INPUTS) if one not in taken]
                others = [(other, reads) for other in self.operations if other != name]
                for new in (*others, *((name, one) for one in inputs)):
                    changed = (*pairs[:place], new, *pairs[place + 1 :])
                    yield (*code[:part], changed, *code[part + 1 :])

    def join(self, a: Genotype, b: Genotype, rng: np.random.Generator) -> Genotype:
        """Each node of each cell from either, with both its pairs, evenly."""
        places = range(0, PAIRS * self.nodes, PAIRS)
        nodes = [[either(p[i : i + PAIRS], q[i : i + PAIRS], rng) for i in places] for p, q in zip(a, b, strict=True)]
        return tuple(tuple(pair for node in part for pair in node) for part in nodes)

    def read_code(self, text: str) -> Genotype:
        found = genotypes.parts(read_text(text, f"a cell of {self.name}"))
        if missing := [part for part in PARTS if part not in found]:
            raise ValueError(f"{shown(text)} has no {missing[0]} cell; genotypes of {self.name} have both")
        for part, (pairs, concat) in found.items():
            self._check(part, pairs, concat)
        return tuple(tuple(found[part][0]) for part in PARTS)

    def write_code(self, code: Genotype) -> str:
        whole = self._whole(code)
        return f"Genotype({', '.join(f'{name}={whole[name]!r}' for name in WHOLE)})"

    def _drawn(self, rng: np.random.Generator) -> Iterator[Pair]:
        for states in range(INPUTS, INPUTS + self.nodes):
            for reads in rng.choice(states, PAIRS, replace=not self.distinct).tolist():
                yield one_of(self.operations, rng), reads

    def _whole(self, code: Genotype) -> dict[str, list]:
        whole: dict[str, list] = {}
        for part, pairs in zip(PARTS, code, strict=True):
            whole |= {part: list(pairs), f"{part}_concat": self._concat(pairs)}
        return whole

    def _concat(self, pairs: Sequence[Pair]) -> list[int]:
        read = {reads for _, reads in pairs} if self.loose else set()
        return [node for node in range(INPUTS, INPUTS + self.nodes) if node not in read]

    def _check(self, part: str, pairs: Sequence[Pair], concat: Sequence[int]) -> None:
        if len(pairs) != PAIRS * self.nodes:
            raise ValueError(f"the {part} cell has {len(pairs)} pairs; {self.name} has {self.nodes} nodes of {PAIRS}")
        for place, (name, reads) in enumerate(pairs):
            where = f"the {part} cell, node {place // PAIRS}"
            known_one(name, self.operations, f"{where}: the operation")
            if self.distinct and place % PAIRS and pairs[place - 1][1] == reads:
                raise ValueError(f"{where}, reads input {reads} twice; in {self.name} the two inputs differ")
        if sorted(concat) != self._concat(pairs):
            kind = "the nodes that no other reads" if self.loose else "all nodes"
            raise ValueError(f"{part}_concat is {shown(concat)}; in {self.name} it is {kind}: {self._concat(pairs)}")

    def _as_written(self, cell: Cell) -> Genotype | None:
        """The genotype whose cell is written like this one, node for node."""
        size = INPUTS + PAIRS * self.nodes  # nodes of the graph for each of the two cells
        if len(cell) != 2 + len(PARTS) * size:
            return None
        names, reads = names_of(self.operations), sources(cell)
        code = []
        for first in range(1, 1 + len(PARTS) * size, size):
            states = [(first,), (first + 1,), *((one, one + 1) for one in range(first + INPUTS, first + size, PAIRS))]
            number = {state: i for i, state in enumerate(states)}
            nodes = range(first + INPUTS, first + size)
            code.append([(names.get(cell.operations[i]), number.get(reads[i], -1)) for i in nodes])
        if any(name is None or number < 0 for part in code for name, number in part):
            return None
        written = tuple(tuple((str(name), number) for name, number in part) for part in code)
        return written if self._is_allowed(written) and self.cell(written) == cell else None

    def _is_allowed(self, code: Genotype) -> bool:
        try:
            for part, pairs in zip(PARTS, code, strict=True):
                self._check(part, pairs, self._concat(pairs))
        except ValueError:
            return False
        return True
