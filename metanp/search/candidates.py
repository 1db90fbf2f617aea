"""The cells that a search may evaluate.

    listed.py       a list of cells: each ask considers every cell; encoded once, kept for all asks
    open_space.py   a space too large to list: each ask considers cells near the best and random ones, and climbs on

Cells that compute the same (equal `Cell.key`) are one candidate: of a list, the first of them represents all, and the
others are never suggested; of a space, the one that was met. Whether the user allows a cell (`feasible`) is asked for
no more cells than needed.

Axes: option, the cells considered in one ask.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from metanp.brief import called, clipped
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.search.history import History
from metanp.side import Side
from metanp.spaces import Space

DRAWS = 10_000  # random cells that are tried before a search says that there is none left
Feasible = Callable[[Cell], bool]


@dataclass(frozen=True)
class Options:
    """The cells that a model scores in one ask.

    free: whether it may be asked for. known: rows of the cells that were evaluated or are pending. cell: one of them,
    as it was given. side: their side features. encoded: encodings that predictors made of the cells, kept as long as
    the cells are.
    """

    cells: CellArray
    free: Bool[np.ndarray, " option"]
    known: Int[np.ndarray, " known"]
    cell: Callable[[int], Cell]
    side: Side
    encoded: dict[Any, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return called(self, cells=self.cells, free=int(self.free.sum()), known=len(self.known), side=self.side.names)

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def features(self) -> dict[str, np.ndarray] | None:
        """Side features by name, rows as the options; None where there are none."""
        return dict(zip(self.side.names, self.side.values.T, strict=True)) or None

    def once(self, name: Any, make: Callable[[], Any]) -> Any:
        """The result of `make`, computed once for each name."""
        if name not in self.encoded:
            self.encoded[name] = make()
        return self.encoded[name]


Value = Callable[[Options], Float[np.ndarray, " option"]]


class Candidates(ABC):
    """The cells that may be asked for. `identity` is equal for equal spaces; all lists, which may change, share one.

    Args:
        feasible: whether a cell may be asked for; without it all may.
    """

    name: str
    identity: str
    space: Space | None

    def __init__(self, feasible: Feasible | None = None):
        self.roles: dict[str, str] = {}  # of side features, where their role is known
        self._feasible = feasible
        self._known: dict[Cell, bool] = {}
        self._inside: dict[str, bool] = {}

    def __repr__(self) -> str:
        kept = "" if self._feasible is None else ", feasible ones alone"
        return f"{type(self).__name__}({self._described()}{kept})"

    def _described(self) -> str:
        return clipped(self.name, 100)

    @abstractmethod
    def find(self, cell: Cell) -> Cell:
        """The candidate that computes the same; ValueError names a cell that is none."""

    def has(self, cell: Cell) -> bool:
        """Whether a candidate computes the same; looked up once."""
        if cell.key not in self._inside:
            try:
                self.find(cell)
            except ValueError:
                self._inside[cell.key] = False
            else:
                self._inside[cell.key] = True
        return self._inside[cell.key]

    def agree(self, kept: str) -> bool:
        """Whether a journal whose candidates have the identity `kept` may be continued."""
        return kept == self.identity

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Cell:
        """Any candidate, feasible or not."""

    @abstractmethod
    def neighbours(self, cell: Cell) -> list[Cell]:
        """The candidates one edit away."""

    @abstractmethod
    def options(self, history: History, rng: np.random.Generator, value: Value | None = None) -> Options:
        """The cells to consider now.

        Args:
            value: what is sought; where not all cells can be considered, those near cells of a high value are.
        """

    @abstractmethod
    def features(self, cells: Sequence[Cell]) -> Mapping[str, np.ndarray] | None:
        """Side features of cells, (cell,) each, NaN where a cell is no candidate."""

    def feasible(self, cell: Cell) -> bool:
        """Whether the user allows the cell, as it is written; asked once."""
        if self._feasible is None:
            return True
        stands = self.first(cell)
        if stands not in self._known:
            self._known[stands] = bool(self._feasible(stands))
        return self._known[stands]

    def fresh(self, cells: Iterable[Cell], taken: Mapping[str, Any], n: int) -> list[Cell]:
        """The first `n` of `cells` that are feasible, not taken, and do not compute the same as one before."""
        chosen: dict[str, Cell] = {}
        for cell in cells:
            if len(chosen) == n:
                break
            if cell.key not in taken and cell.key not in chosen and self.feasible(cell):
                chosen[cell.key] = self.first(cell)
        return list(chosen.values())

    def first(self, cell: Cell) -> Cell:
        """The candidate that represents this cell."""
        return cell

    def highest(self, options: Options, value: Float[np.ndarray, " option"], n: int) -> Int[np.ndarray, " row"]:
        """Rows of the `n` free and feasible options of the highest value, best first; of equal ones, the first.

        Of options that compute the same, one.
        """
        chosen: dict[str, int] = {}
        for row in np.argsort(-value, kind="stable").tolist():
            if len(chosen) == n:
                break
            if options.free[row] and self.feasible(cell := options.cell(row)):
                chosen.setdefault(cell.key, row)
        return np.array([*chosen.values()], dtype=np.int64)

    def random(self, taken: Mapping[str, Any], n: int, rng: np.random.Generator) -> list[Cell]:
        """`n` fresh cells, drawn as `sample` draws; fewer where no more are found."""
        return self.fresh((self.sample(rng) for _ in range(DRAWS + n)), taken, n)
