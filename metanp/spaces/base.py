"""What every search space can do: list its cells, draw one, edit one, and read and write the benchmark's own text.

A space knows which cells exist and how they are written; it knows no measurement. Its *index* is the position of a cell
in the benchmark's own order, which `enumerate`, `arrays` and the tables in `data` share. Cells that compute the same
(equal `Cell.key`) are one cell in NAS-Bench-101 and NAS-Bench-Graph, and may be several in the other spaces.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property

import numpy as np
from jaxtyping import Int, UInt64

from metanp.brief import clipped, counted
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.given.settings import read_generator


class Space(ABC):
    """All cells that one search allows, in the benchmark's order."""

    name: str

    @abstractmethod
    def __len__(self) -> int:
        """Number of cells, known without listing them."""

    def __repr__(self) -> str:
        size = counted(self.__len__(), "cell")  # len() itself refuses more than 2^63
        return f"<search space {clipped(self.name, 100)}: {size}>"

    @abstractmethod
    def parse_text(self, text: str) -> Cell:
        """Read a cell as the benchmark writes it; ValueError names what is wrong."""

    @abstractmethod
    def write_text(self, cell: Cell) -> str:
        """Write a cell of the space, or one that computes the same; ValueError if there is none."""

    @abstractmethod
    def neighbours(self, cell: Cell) -> list[Cell]:
        """The cells of the space one edit away: distinct, in a fixed order, without the cell itself."""

    @abstractmethod
    def crossover(self, a: Cell, b: Cell, rng: np.random.Generator) -> Cell:
        """A cell of the space with parts of both."""

    @abstractmethod
    def _list(self) -> CellArray:
        """Every cell, in order."""

    def arrays(self) -> CellArray:
        """Every cell, in order; listed once and kept."""
        return self._arrays

    def enumerate(self) -> Iterator[Cell]:
        """Every cell, in order, one at a time."""
        for start in range(0, len(self), 1024):
            yield from self.arrays()[start : start + 1024].to_cells()

    def __getitem__(self, index: int) -> Cell:
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self.name} has {len(self):,} cells, there is none at index {index}")
        return self.arrays()[[index]].to_cells()[0]

    def __iter__(self) -> Iterator[Cell]:
        return self.enumerate()

    def sample(self, rng: np.random.Generator) -> Cell:
        """One cell, all equally likely."""
        rng = read_generator(rng)
        return self[int(rng.integers(len(self)))]

    def mutate(self, cell: Cell, rng: np.random.Generator) -> Cell:
        """One of `neighbours`, all equally likely."""
        rng = read_generator(rng)
        near = self.neighbours(cell)
        return near[int(rng.integers(len(near)))]

    def __contains__(self, cell: object) -> bool:
        """Whether the space has a cell that computes the same."""
        if not isinstance(cell, Cell):
            return False
        try:
            self.write_text(cell)
        except ValueError:
            return False
        return True

    def find(self, cell: Cell) -> int:
        """The lowest index of a cell that computes the same.

        Raises:
            ValueError: the space has none; names the cell.
        """
        fingerprints, order = self._by_fingerprint
        wanted = CellArray.from_cells([cell]).pruned().fingerprint()
        first, last = (int(np.searchsorted(fingerprints, wanted, side)[0]) for side in ("left", "right"))
        # cells that the hash cannot tell apart stand side by side: the exact key decides
        for index in order[first:last]:
            if self[int(index)].key == cell.key:
                return int(index)
        raise ValueError(f"{self.name} has no cell that computes the same as {cell.to_json()}")

    @cached_property
    def _arrays(self) -> CellArray:
        return self._list()

    @cached_property
    def _by_fingerprint(self) -> tuple[UInt64[np.ndarray, " cell"], Int[np.ndarray, " cell"]]:
        fingerprints = self.arrays().pruned().fingerprint()
        order = np.argsort(fingerprints, kind="stable")
        return fingerprints[order], order
