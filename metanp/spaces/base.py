"""What every search space can do: draw a cell, edit one, read and write its text, and list all where that can be done.

A space knows which cells exist and how they are written; it knows no measurement. Its *index* is the position of a cell
in the benchmark's own order, which `enumerate`, `arrays` and the tables in `data` share. Cells that compute the same
(equal `Cell.key`) are one cell in NAS-Bench-101 and NAS-Bench-Graph, and may be several in the other spaces.

A space of one's own defines `name`, `__len__` and `neighbours`, and either `list_cells` (at most `LISTED` cells), or
`sample` and `__contains__`. All else follows from these.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Int, UInt64

from metanp.brief import clipped, counted
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.given.settings import read_generator, read_text
from metanp.strict_json import parse_json

LISTED = 1_000_000  # cells; larger spaces are not listed


class Space(ABC):
    """All cells that one search allows, in the benchmark's order."""

    name: str

    @abstractmethod
    def __len__(self) -> int:
        """Number of cells, known without listing them. Python's `len` refuses more than 2^63; `__len__()` does not."""

    @abstractmethod
    def neighbours(self, cell: Cell) -> list[Cell]:
        """The cells of the space one edit away: distinct, in a fixed order, without the cell itself.

        Raises:
            ValueError: `cell` is not of the space.
        """

    def __bool__(self) -> bool:
        return True  # without it Python asks for the length, and refuses more than 2^63

    def __repr__(self) -> str:
        size = counted(self.__len__(), "cell")  # len() itself refuses more than 2^63
        return f"<search space {clipped(self.name, 100)}: {size}>"

    def list_cells(self) -> CellArray | Sequence[Cell]:
        """Every cell, in order; defined by spaces that are listed.

        Raises:
            ValueError: this one is not.
        """
        raise self._not_listed()

    @property
    def is_listed(self) -> bool:
        """Whether all cells can be had at once; otherwise they are drawn with `sample`."""
        return type(self).list_cells is not Space.list_cells and self.__len__() <= LISTED

    def parse_text(self, text: str) -> Cell:
        """Read a cell as the benchmark writes it, by default the JSON of `Cell.to_json`.

        Raises:
            ValueError: no such text, or a cell that is not of the space; names what is wrong.
        """
        cell = Cell.from_json(parse_json(read_text(text, f"a cell of {self.name}")))
        if cell not in self:
            raise self._foreign(cell)
        return cell

    def write_text(self, cell: Cell) -> str:
        """Write a cell of the space, or one that computes the same; ValueError if there is none."""
        if cell not in self:
            raise self._foreign(cell)
        return json.dumps(cell.to_json(), separators=(",", ":"))

    def crossover(self, a: Cell, b: Cell, rng: np.random.Generator) -> Cell:
        """A cell of the space with parts of both; by default, either of the two after one edit."""
        rng = read_generator(rng)
        return self.mutate(a if rng.random() < 0.5 else b, rng)

    def arrays(self) -> CellArray:
        """Every cell, in order; listed once and kept.

        Raises:
            ValueError: the space is not listed; says what to do instead.
        """
        if not self.is_listed:
            raise self._not_listed()
        return self._arrays

    def enumerate(self) -> Iterator[Cell]:
        """Every cell, in order, one at a time; errors as `arrays`."""
        return iter(self.arrays())

    def __getitem__(self, index: int) -> Cell:
        if not self.is_listed:
            raise self._not_listed()
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self.name} has {len(self):,} cells, there is none at index {index}")
        return self.arrays()[[index]].to_cells()[0]

    def __iter__(self) -> Iterator[Cell]:
        return self.enumerate()

    def sample(self, rng: np.random.Generator) -> Cell:
        """One cell, all equally likely where a space says nothing else."""
        rng = read_generator(rng)
        return self[int(rng.integers(len(self)))]

    def mutate(self, cell: Cell, rng: np.random.Generator) -> Cell:
        """One of `neighbours`, all equally likely.

        Raises:
            ValueError: a cell of another space, or one without neighbours.
        """
        rng = read_generator(rng)
        if not (near := self.neighbours(cell)):
            raise self._alone(cell)
        return near[int(rng.integers(len(near)))]

    def some_neighbours(self, cell: Cell, most: int, rng: np.random.Generator) -> list[Cell]:
        """Of `neighbours` at most so many, at random where there are more; in their order."""
        near = self.neighbours(cell)
        return [near[place] for place in some_places(len(near), most, rng)]

    def __contains__(self, cell: object) -> bool:
        """Whether the space has a cell that computes the same."""
        if not isinstance(cell, Cell):
            return False
        if type(self).write_text is Space.write_text and not self.is_listed:
            raise NotImplementedError(f"the space {self.name!r} does not say which cells it has: define __contains__")
        try:
            _ = self.find(cell) if type(self).write_text is Space.write_text else self.write_text(cell)
        except ValueError:
            return False
        return True

    def find(self, cell: Cell) -> int:
        """The lowest index of a cell that computes the same.

        Raises:
            ValueError: the space has none, and names the cell; or it is not listed.
        """
        fingerprints, order = self._by_fingerprint
        wanted = CellArray.from_cells([cell]).pruned().fingerprint()
        first, last = (int(np.searchsorted(fingerprints, wanted, side)[0]) for side in ("left", "right"))
        # cells that the hash cannot tell apart stand side by side: the exact key decides
        for index in order[first:last]:
            if self[int(index)].key == cell.key:
                return int(index)
        raise self._foreign(cell)

    def _alone(self, cell: Cell) -> ValueError:
        return ValueError(f"{self.name} has no cell one edit away from {cell!r:.200}")

    def _foreign(self, cell: Cell) -> ValueError:
        return ValueError(f"{self.name} has no cell that computes the same as {cell.to_json()}")

    def _not_listed(self) -> ValueError:
        size = counted(self.__len__(), "cell")
        return ValueError(
            f"{self.name} is not listed, with {size}: draw some with sample(rng), or search it, as in Search(space)"
        )

    @cached_property
    def _arrays(self) -> CellArray:
        cells = self.list_cells()
        return cells if isinstance(cells, CellArray) else CellArray.from_cells(cells)

    @cached_property
    def _by_fingerprint(self) -> tuple[UInt64[np.ndarray, " cell"], Int[np.ndarray, " cell"]]:
        fingerprints = self.arrays().pruned().fingerprint()
        order = np.argsort(fingerprints, kind="stable")
        return fingerprints[order], order


def some_places(count: int, most: int, rng: np.random.Generator) -> list[int]:
    """Places of all of `count`, or of `most` of them; ascending."""
    return sorted(rng.permutation(count)[:most].tolist()) if count > most else list(range(count))
