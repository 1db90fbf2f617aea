"""Spaces whose architectures are described by a code: the choices that make one, in whatever form suits the space.

Such a space is as large as it likes. It draws, edits and joins codes; this module makes cells of them, and finds the
code of a cell again, however that cell was read: from text, from JSON lines or from a journal.
"""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import numpy as np

from metanp.cell import Cell
from metanp.given.settings import read_generator, shown
from metanp.nearest import nearest_one
from metanp.spaces.base import Space, some_places

Code = TypeVar("Code")


class CodedSpace(Space, Generic[Code]):
    """A space of codes. Of several codes whose cells compute the same, any stands for the cell."""

    @abstractmethod
    def cell(self, code: Code) -> Cell:
        """The cell of a code of this space."""

    @abstractmethod
    def code(self, cell: Cell) -> Code:
        """The code that `cell` was made from, else one whose cell computes the same.

        Raises:
            ValueError: no cell of the space computes the same.
        """

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Code:
        """A random code; what `sample` draws."""

    @abstractmethod
    def near(self, code: Code) -> Iterable[Code]:
        """The codes one edit away, in a fixed order."""

    @abstractmethod
    def join(self, a: Code, b: Code, rng: np.random.Generator) -> Code:
        """A code with parts of both."""

    @abstractmethod
    def read_code(self, text: str) -> Code:
        """The code of a text; ValueError names what is wrong, and the nearest that is not."""

    @abstractmethod
    def write_code(self, code: Code) -> str:
        """The text of a code."""

    def parse_text(self, text: str) -> Cell:
        return self.cell(self.read_code(text))

    def write_text(self, cell: Cell) -> str:
        return self.write_code(self.code(cell))

    def sample(self, rng: np.random.Generator) -> Cell:
        return self.cell(self.draw(read_generator(rng)))

    def neighbours(self, cell: Cell) -> list[Cell]:
        return self._distinct(cell, self.near(self.code(cell)))

    def some_neighbours(self, cell: Cell, most: int, rng: np.random.Generator) -> list[Cell]:
        """As `Space`, and cells are made of no more codes than that: a few less, where two of them are one cell."""
        near = list(self.near(self.code(cell)))
        return self._distinct(cell, [near[place] for place in some_places(len(near), most, rng)])

    def mutate(self, cell: Cell, rng: np.random.Generator) -> Cell:
        """One random edit; edits that lead to the same neighbour make it likelier.

        Raises:
            ValueError: a cell of another space, or one without neighbours.
        """
        rng = read_generator(rng)
        near = list(self.near(self.code(cell)))
        for place in rng.permutation(len(near)).tolist():
            if (one := self.cell(near[place])).key != cell.key:
                return one
        raise self._alone(cell)

    def _distinct(self, cell: Cell, codes: Iterable[Code]) -> list[Cell]:
        """The cells of these codes that compute something else than `cell`, and than those before."""
        near: dict[str, Cell] = {}
        for one in map(self.cell, codes):
            near.setdefault(one.key, one)
        near.pop(cell.key, None)
        return list(near.values())

    def crossover(self, a: Cell, b: Cell, rng: np.random.Generator) -> Cell:
        return self.cell(self.join(self.code(a), self.code(b), read_generator(rng)))


def either(a: Any, b: Any, rng: np.random.Generator) -> Any:
    """One of two, evenly."""
    return a if rng.random() < 0.5 else b


def one_of(known: Iterable[Any], rng: np.random.Generator) -> Any:
    """One of some, evenly."""
    listed = list(known)
    return listed[int(rng.integers(len(listed)))]


def known_one(value: Any, known: Iterable[Any], what: str) -> Any:
    """The one of `known` that is written like `value`.

    Raises:
        ValueError: none is; names the nearest.
    """
    named = {str(one): one for one in known}
    if str(value) in named:
        return named[str(value)]
    raise ValueError(f"{what} is {shown(value)}; {_nearest(value, named)}; known: {', '.join(named)}")


def _nearest(value: Any, named: dict[str, Any]) -> str:
    """The nearest number among numbers, else the nearest text."""
    try:
        return "nearest: " + min(named, key=lambda one: abs(float(one) - float(value)))
    except (TypeError, ValueError):
        return nearest_one(value, named)
