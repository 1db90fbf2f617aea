"""Spaces whose architectures choose an operation at each place: what a supernet needs to know of one.

    GraphSpace (NAS-Bench-201, the 64 subgraphs, ...)   a place is an inner node of the graph
    GenotypeSpace (DARTS)                               a place is an edge of either cell; a node picks two of its edges
    a list of lists of `Block`                          a place is a block of the chain

Axes: place; alternative, an operation that can stand at a place. `Picks` says which one does, None where none does, as
on the edges that a genotype leaves out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from metanp.cell import Cell
from metanp.genotypes import INPUTS, OPERATIONS, PARTS
from metanp.given.settings import shown
from metanp.networks.darts import TwoCells
from metanp.networks.inverted import Block, operation_of, read_blocks
from metanp.operations import Operation
from metanp.spaces.base import Space
from metanp.spaces.genotype_space import Genotype, GenotypeSpace
from metanp.spaces.graph_space import GraphSpace

Picks = tuple[int | None, ...]
Alternatives = tuple[str | Operation, ...]


class Choices(ABC):
    """The places of a space, and its architectures as picks.

    places: the alternatives at each.
    name: of the space.
    """

    places: tuple[Alternatives, ...]
    name: str

    @abstractmethod
    def picks(self, child: Any) -> Picks:
        """What an architecture chooses.

        Raises:
            ValueError: it is none of the space.
        """

    @abstractmethod
    def architecture(self, names: Mapping[int, str]) -> Any:
        """What a skeleton builds: at these places operations of these names, nothing at others."""

    def draw(self, rng: np.random.Generator) -> Picks:
        """An architecture, each alternative evenly."""
        return tuple(int(rng.integers(len(place))) for place in self.places)


class GraphChoices(Choices):
    """Each inner node of a graph."""

    def __init__(self, space: GraphSpace):
        self.space, self.name = space, space.name
        self.places = (tuple(space.operations),) * space.slots

    def picks(self, child: Any) -> Picks:
        if not isinstance(child, Cell):
            raise ValueError(f"{shown(child)} is no cell of {self.name}; make one with parse_text of the space")
        return self.space.digits(child)

    def architecture(self, names: Mapping[int, str]) -> Cell:
        operations = [_placeholder(names[place]) for place in range(len(self.places))]
        return Cell(["input", *operations, "output"], self.space.edges)


class GenotypeChoices(Choices):
    """Each edge of the normal and of the reduction cell: from every earlier state of the cell to every node."""

    def __init__(self, space: GenotypeSpace):
        if space.loose or not space.distinct:
            raise _unsuitable(space.name, "lets a node read an input twice, or leaves nodes out of its output")
        self.space, self.name = space, space.name
        edges = [(node, read) for node in range(space.nodes) for read in range(node + INPUTS)]
        self.edges = [(part, node, read) for part in range(len(PARTS)) for node, read in edges]
        self.places = (tuple(OPERATIONS[name] for name in space.operations),) * len(self.edges)

    def picks(self, child: Any) -> Picks:
        if not isinstance(child, Cell):
            raise ValueError(f"{shown(child)} is no cell of {self.name}; make one with parse_text of the space")
        return self._picks(self.space.code(child))

    def draw(self, rng: np.random.Generator) -> Picks:
        return self._picks(self.space.draw(rng))

    def architecture(self, names: Mapping[int, str]) -> TwoCells:
        parts: list[list[list[tuple[str | Operation, int]]]]
        parts = [[[] for _ in range(self.space.nodes)] for _ in PARTS]
        for place, (part, node, read) in enumerate(self.edges):
            if place in names:
                parts[part][node].append((_placeholder(names[place]), read))
        return TwoCells(*parts)

    def _picks(self, code: Genotype) -> Picks:
        chosen = {
            (part, place // 2, read): self.space.operations.index(name)
            for part, pairs in enumerate(code)
            for place, (name, read) in enumerate(pairs)
        }
        return tuple(chosen.get(edge) for edge in self.edges)


class BlockChoices(Choices):
    """Each block of a chain, all alternatives of equal channels and stride. A child is a list of blocks.

    Raises:
        ValueError: a place without a block, or one whose blocks differ in channels or stride.
    """

    name = "blocks"

    def __init__(self, places: Iterable[Iterable[Block | Mapping[str, Any]]]):
        self.blocks = [read_blocks(place) for place in places]
        for i, place in enumerate(self.blocks):
            if len({(block.channels, block.stride) for block in place}) != 1:
                raise ValueError(f"place {i} has {len(place)} blocks; give one or more, of equal channels and stride")
        # what differs at a place is what their makers read
        self.places = tuple(tuple(operation_of(block) for block in place) for place in self.blocks)

    def picks(self, child: Any) -> Picks:
        blocks = read_blocks(child)
        if len(blocks) != len(self.blocks):
            raise ValueError(f"a chain of {len(blocks)} blocks; this supernet has {len(self.blocks)}")
        for i, (block, place) in enumerate(zip(blocks, self.blocks, strict=True)):
            if block not in place:
                raise ValueError(f"block {i} is {block}, which is none of the alternatives there: {shown(place)}")
        return tuple(place.index(block) for block, place in zip(blocks, self.blocks, strict=True))

    def architecture(self, names: Mapping[int, str]) -> list[Block]:
        first = [place[0] for place in self.blocks]
        return [Block(names[i], block.channels, stride=block.stride) for i, block in enumerate(first)]


def choices_of(space: Space | Sequence[Sequence[Block | Mapping[str, Any]]]) -> Choices:
    """The places of a space, or of a chain that is given as the alternatives of each block.

    Raises:
        ValueError: the architectures of the space differ in something else.
    """
    if isinstance(space, GraphSpace):
        return GraphChoices(space)
    if isinstance(space, GenotypeSpace):
        return GenotypeChoices(space)
    if isinstance(space, Space):
        raise _unsuitable(space.name, "does not choose one operation at each place")
    return BlockChoices(space)


def _unsuitable(name: str, why: str) -> ValueError:
    return ValueError(
        f"the space {name} has no supernet: it {why}; take nasbench201, subgraphs, nasbench_macro, transnas, darts, a "
        "GraphSpace of your own, or a list of alternatives for each block"
    )


def _placeholder(name: str) -> Operation:
    """An operation of which only the name matters, by which its maker is found."""
    return Operation(name)
