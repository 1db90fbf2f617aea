"""Candidates of a space that is too large to list.

Axes: option, the cells considered in one ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.search.candidates import Candidates, Feasible, Options, Value
from metanp.search.history import History
from metanp.side import Side
from metanp.spaces import Space

CLIMBS = 5  # steps to neighbours of the most promising cells, in one ask


class Open(Candidates):
    """A space that is not listed.

    Args:
        samples: random cells in each ask. parents: the best evaluated cells, whose neighbours are considered. near: at
            most so many of each, at random where there are more.
    """

    space: Space

    def __init__(
        self,
        space: Space,
        feasible: Feasible | None = None,
        samples: int = 1000,
        parents: int = 10,
        near: int = 30,
    ):
        super().__init__(feasible)
        self.space, self.name, self.identity = space, space.name, space.name
        self.samples, self.parents, self.near = samples, parents, near

    def find(self, cell: Cell) -> Cell:
        if cell not in self.space:
            raise ValueError(f"{self.name} has no cell that computes the same as {cell.to_json()}")
        return cell

    def has(self, cell: Cell) -> bool:
        if cell.key not in self._inside:
            self._inside[cell.key] = cell in self.space
        return self._inside[cell.key]

    def sample(self, rng: np.random.Generator) -> Cell:
        return self.space.sample(rng)

    def neighbours(self, cell: Cell) -> list[Cell]:
        return self.space.neighbours(cell)

    def options(self, history: History, rng: np.random.Generator, value: Value | None = None) -> Options:
        parents = sorted(history.evaluated, key=lambda one: -one.score)[: self.parents]
        near = [cell for one in parents for cell in self.space.some_neighbours(one.cell, self.near, rng)]
        found = self._distinct([*near, *self.random(history.taken, self.samples, rng)], history)
        for _ in range(CLIMBS):
            if value is None or not len(found):
                break
            tops = [found.cell(int(row)) for row in self.highest(found, value(found), self.parents)]
            around = [cell for top in tops for cell in self.space.some_neighbours(top, self.near, rng)]
            kept = [found.cell(row) for row in range(len(found))]
            found, before = self._distinct([*kept, *around], history), len(found)
            if len(found) == before:
                break
        return found

    def _distinct(self, cells: Iterable[Cell], history: History) -> Options:
        known = history.known
        written: dict[str, Cell] = {}
        for cell in (*known, *cells):
            if cell.key not in written or not (self.feasible(written[cell.key]) or cell.key in history.taken):
                written[cell.key] = cell
        distinct = list(written.values())
        free = np.array([cell.key not in history.taken for cell in distinct], dtype=bool)
        return Options(
            CellArray.from_cells(distinct),
            free,
            np.arange(len(known)),
            distinct.__getitem__,
            Side.of(None, len(distinct)),
        )

    def features(self, cells: Sequence[Cell]) -> Mapping[str, np.ndarray] | None:
        return None
