"""Spaces of chains of blocks in stages of variable depth: MobileNet-like networks, transformers.

A network is, for each stage, a number of blocks out of a few, for each block one alternative of each kind of choice (a
kernel size, an expansion), and for the whole network one of each further choice (a resolution). Cells are those of
`Cell.from_blocks`, with the further choices among their parameters; the code of a cell is read off its parameters.
"""

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from metanp import blocks
from metanp.cell import Cell
from metanp.parameters import Value
from metanp.spaces.coded import CodedSpace, either, known_one, one_of

Block = tuple[Any, ...]  # one alternative of each choice


class Network(NamedTuple):
    """The blocks of each stage, and the choices for the whole network."""

    stages: tuple[tuple[Block, ...], ...]
    whole: tuple[Any, ...]


class BlockSpace(CodedSpace[Network]):
    """All networks of some blocks. A subclass says what a block is in `block`, and how a network is written.

    Args:
        name: of the space.
        depths: of each stage, how many blocks it may have, ascending.
        choices: of each block, by what is chosen.
        whole: of the network, by the name of the parameter.
    """

    def __init__(
        self,
        name: str,
        depths: Sequence[Sequence[int]],
        choices: Mapping[str, Sequence[Any]],
        whole: Mapping[str, Sequence[Any]],
    ):
        self.name, self.depths = name, tuple(map(tuple, depths))
        self.choices, self.whole = dict(choices), dict(whole)
        self.is_staged = len(self.depths) > 1
        self._blocks = {self._said(block): block for block in product(*self.choices.values())}

    @abstractmethod
    def block(self, block: Block) -> Mapping[str, Any]:
        """What `Cell.from_blocks` takes for one block, without its stage."""

    def __len__(self) -> int:
        blocks_of_one = len(self._blocks)
        stages = math.prod(sum(blocks_of_one**depth for depth in depths) for depths in self.depths)
        return stages * math.prod(map(len, self.whole.values()))

    def cell(self, code: Network) -> Cell:
        chain = blocks.read(
            {**self.block(block), **({"stage": stage} if self.is_staged else {})}
            for stage, row in enumerate(code.stages)
            for block in row
        )
        more = dict(zip(self.whole, code.whole, strict=True))
        return Cell(chain.operations, chain.edges, {**dict(chain.parameters), **more})

    def code(self, cell: Cell) -> Network:
        said = dict(cell.parameters)
        rows = []
        for stage in range(len(self.depths)):
            depth = said.get(f"{stage}.depth" if self.is_staged else "depth", 0)
            places = [f"{stage}.{i}." if self.is_staged else f"{i}." for i in range(_whole(depth, self.depths[stage]))]
            rows.append(tuple(self._blocks.get(_under(said, place)) for place in places))
        found = tuple(said.get(name) for name in self.whole)
        if all(None not in row and row for row in rows) and None not in found:
            code = Network(tuple(rows), found)  # type: ignore[arg-type]
            if self._is_allowed(code) and (self.cell(code) == cell or self.cell(code).key == cell.key):
                return code
        raise self._foreign(cell)

    def draw(self, rng: np.random.Generator) -> Network:
        """Each choice evenly: the depth of each stage, then each choice of each block, then those of the whole.

        So shallow networks are as frequent as deep ones, of which there are far more.
        """
        depths = [one_of(depths, rng) for depths in self.depths]
        stages = tuple(tuple(self._drawn(rng) for _ in range(depth)) for depth in depths)
        return Network(stages, tuple(one_of(values, rng) for values in self.whole.values()))

    def near(self, code: Network) -> Iterator[Network]:
        """One choice changed, or a stage of the next depth: blocks are removed at its end, or its last one repeated."""
        for i, values in enumerate(self.whole.values()):
            for whole in _replaced(code.whole, i, values):
                yield Network(code.stages, whole)
        for stage, row in enumerate(code.stages):
            for new in (*self._resized(stage, row), *self._changed(row)):
                yield Network((*code.stages[:stage], new, *code.stages[stage + 1 :]), code.whole)

    def join(self, a: Network, b: Network, rng: np.random.Generator) -> Network:
        """The depth of each stage from either, then each block from either that has it; further choices from either."""
        stages = []
        for one, other in zip(a.stages, b.stages, strict=True):
            depth = either(len(one), len(other), rng)
            both = [either(p, q, rng) for p, q in zip(one, other, strict=False)]
            longer = max(one, other, key=len)
            stages.append(tuple([*both, *longer[len(both) :]][:depth]))
        return Network(tuple(stages), tuple(either(p, q, rng) for p, q in zip(a.whole, b.whole, strict=True)))

    def checked(self, stages: Sequence[Sequence[Sequence[Any]]], whole: Sequence[Any]) -> Network:
        """The code with these choices, each as it is written or as it is.

        Raises:
            ValueError: a number of stages or a depth that there is not, or an unknown choice; names the nearest.
        """
        if len(stages) != len(self.depths):
            raise ValueError(f"a network of {self.name} has {len(self.depths)} stages, not {len(stages)}")
        rows = []
        for stage, row in enumerate(stages):
            where = f"stage {stage}" if self.is_staged else "the network"
            known_one(len(row), self.depths[stage], f"the number of blocks of {where} of {self.name}")
            rows.append(tuple(self._known(f"block {i} of {where}", block) for i, block in enumerate(row)))
        found = [known_one(one, values, name) for one, (name, values) in zip(whole, self.whole.items(), strict=True)]
        return Network(tuple(rows), tuple(found))

    def _known(self, where: str, block: Sequence[Any]) -> Block:
        pairs = zip(block, self.choices.items(), strict=True)
        return tuple(known_one(one, values, f"{where}: {name}") for one, (name, values) in pairs)

    def _is_allowed(self, code: Network) -> bool:
        depths = all(len(row) in depths for row, depths in zip(code.stages, self.depths, strict=True))
        return depths and all(one in values for one, values in zip(code.whole, self.whole.values(), strict=True))

    def _drawn(self, rng: np.random.Generator) -> Block:
        return tuple(one_of(values, rng) for values in self.choices.values())

    def _resized(self, stage: int, row: tuple[Block, ...]) -> Iterator[tuple[Block, ...]]:
        place = self.depths[stage].index(len(row))
        for depth in (*self.depths[stage][max(place - 1, 0) : place], *self.depths[stage][place + 1 : place + 2]):
            yield (*row, *row[-1:] * max(depth - len(row), 0))[:depth]

    def _changed(self, row: tuple[Block, ...]) -> Iterator[tuple[Block, ...]]:
        for i, block in enumerate(row):
            for j, values in enumerate(self.choices.values()):
                yield from ((*row[:i], new, *row[i + 1 :]) for new in _replaced(block, j, values))

    def _said(self, block: Block) -> frozenset[tuple[str, Value]]:
        """What the parameters of a network say of this block, wherever it is."""
        return _under(dict(blocks.read([self.block(block)]).parameters), "0.")


def _under(parameters: Mapping[str, Value], place: str) -> frozenset[tuple[str, Value]]:
    return frozenset((key.removeprefix(place), value) for key, value in parameters.items() if key.startswith(place))


def _whole(depth: Value, known: Sequence[int]) -> int:
    """The depth where it is one of these, else 0."""
    return int(depth) if depth in known else 0


def _replaced(values: tuple[Any, ...], place: int, known: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """The values with every other one at this place."""
    for new in known:
        if new != values[place]:
            yield (*values[:place], new, *values[place + 1 :])
