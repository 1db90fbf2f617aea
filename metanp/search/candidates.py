"""What a search may ask for: a list of cells, or a space too large to list.

    Listed   every cell is looked at in each ask; encoded once, kept for all asks
    Open     in each ask, cells near the best ones and random ones; strategies climb from there over neighbours

Cells that compute the same (equal `Cell.key`) are one candidate: where a list has several, the first stands for all
and the others are never answered. Which cells a user does not want (`feasible`) is asked of no more cells than needed.

Axes: option, the cells looked at in one ask.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.search.history import History
from metanp.side import Side
from metanp.spaces import Space

LISTED = 1_000_000  # cells of a space that are listed; a larger one is open
CLIMBS = 5  # steps over neighbours, from the most promising cells of an open space, in one ask
DRAWS = 10_000  # random cells that are looked at before a search says that there is none left
Feasible = Callable[[Cell], bool]


@dataclass(frozen=True)
class Options:
    """The cells that a model scores in one ask.

    free: whether it may be asked for. known: rows of the cells that were evaluated or are pending. cell: one of them,
    as it was given. side: what is known of them beside the cell. encoded: what predictors made of the cells, kept as
    long as the cells are.
    """

    cells: CellArray
    free: Bool[np.ndarray, " option"]
    known: Int[np.ndarray, " known"]
    cell: Callable[[int], Cell]
    side: Side
    encoded: dict[Any, Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def features(self) -> dict[str, np.ndarray] | None:
        """Side features by name, rows as the options; None where there are none."""
        return dict(zip(self.side.names, self.side.values.T, strict=True)) or None

    def once(self, name: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once."""
        if name not in self.encoded:
            self.encoded[name] = make()
        return self.encoded[name]


Value = Callable[[Options], Float[np.ndarray, " option"]]


class Candidates(ABC):
    """Args: feasible: whether a cell may be asked for; all may without."""

    name: str
    identity: str  # equal where the candidates are
    space: Space | None

    def __init__(self, feasible: Feasible | None = None):
        self._feasible = feasible
        self._known: dict[str, bool] = {}

    @abstractmethod
    def find(self, cell: Cell) -> Cell:
        """The candidate that computes the same; ValueError names a cell that is none."""

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Cell:
        """Any candidate, feasible or not."""

    @abstractmethod
    def neighbours(self, cell: Cell) -> list[Cell]:
        """The candidates one edit away."""

    @abstractmethod
    def options(self, history: History, rng: np.random.Generator, value: Value | None = None) -> Options:
        """The cells to look at now.

        Args:
            value: what is looked for; where not all cells can be looked at, those near cells of a high value are.
        """

    @abstractmethod
    def features(self, cells: Sequence[Cell]) -> Mapping[str, np.ndarray] | None:
        """Side features of candidates."""

    def feasible(self, cell: Cell) -> bool:
        """Whether the user wants it; asked once a cell."""
        if self._feasible is None:
            return True
        if cell.key not in self._known:
            self._known[cell.key] = bool(self._feasible(self.first(cell)))
        return self._known[cell.key]

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
        """The candidate that stands for this one."""
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


class Listed(Candidates):
    """Cells that are all there.

    Args:
        cells: as written; of those that compute the same, the first is the candidate.
        space: tells which are neighbours; strategies that need neighbours refuse a list without one.
        features: side features, rows as `cells`.
    """

    def __init__(
        self,
        cells: Sequence[Cell] | CellArray,
        space: Space | None = None,
        features: Any = None,
        feasible: Feasible | None = None,
    ):
        super().__init__(feasible)
        if not len(cells):
            raise ValueError("there is no candidate: the list of cells is empty")
        self._cells = {} if isinstance(cells, CellArray) else dict(enumerate(cells))
        self.cells = cells if isinstance(cells, CellArray) else CellArray.from_cells(cells)
        self.space, self.name = space, space.name if space else "a list of cells"
        self.side = Side.of(features, len(cells))
        fingerprint = self.cells.pruned().fingerprint()
        self.order = np.argsort(fingerprint, kind="stable")
        self._sorted = fingerprint[self.order]
        self.identity = f"{len(cells)} cells {hashlib.blake2b(fingerprint.tobytes(), digest_size=8).hexdigest()}"
        self._rows: dict[str, Int[np.ndarray, " row"]] = {}
        self._encoded: dict[Any, Any] = {}

    @classmethod
    def of(cls, space: Space, feasible: Feasible | None = None, features: Any = None) -> Listed:
        """All cells of a space; features: rows in its order."""
        return cls(space.arrays(), space, features, feasible)

    def cell(self, row: int) -> Cell:
        """As it was given."""
        if row not in self._cells:
            self._cells[row] = self.cells[[row]].to_cells()[0]
        return self._cells[row]

    def rows(self, cell: Cell) -> Int[np.ndarray, " row"]:
        """Where the list has a cell that computes the same, in its order; empty where it has none."""
        if cell.key not in self._rows:
            wanted = CellArray.from_cells([cell]).pruned().fingerprint()
            first, last = (int(np.searchsorted(self._sorted, wanted, side)[0]) for side in ("left", "right"))
            alike = np.sort(self.order[first:last])
            same = [self.cell(int(row)).key == cell.key for row in alike]
            self._rows[cell.key] = alike[np.array(same, dtype=bool)]
        return self._rows[cell.key]

    def find(self, cell: Cell) -> Cell:
        rows = self.rows(cell)
        if not len(rows):
            raise ValueError(f"{self.name} has no cell that computes the same as {cell.to_json()}")
        return self.cell(int(rows[0]))

    def first(self, cell: Cell) -> Cell:
        return self.cell(int(self.rows(cell)[0]))

    def highest(self, options: Options, value: Float[np.ndarray, " option"], n: int) -> Int[np.ndarray, " row"]:
        rows = super().highest(options, value, n)
        return np.array([self.rows(self.cell(int(row)))[0] for row in rows], dtype=np.int64)

    def sample(self, rng: np.random.Generator) -> Cell:
        return self.cell(int(rng.integers(len(self.cells))))

    def random(self, taken: Mapping[str, Any], n: int, rng: np.random.Generator) -> list[Cell]:
        cells = (self.cell(int(row)) for row in rng.permutation(len(self.cells)))
        return self.fresh(cells, taken, n)

    def neighbours(self, cell: Cell) -> list[Cell]:
        if self.space is None:
            raise ValueError("a list of cells without a space has no neighbours; search Listed(cells, space)")
        near = self.space.neighbours(cell)
        return [one for one in near if len(self.rows(one))]

    def options(self, history: History, rng: np.random.Generator, value: Value | None = None) -> Options:
        free = np.ones(len(self.cells), dtype=bool)
        for cell in history.taken.values():
            free[self.rows(cell)] = False
        known = np.array([self.rows(cell)[0] for cell in history.known], dtype=np.int64)
        return Options(self.cells, free, known, self.cell, self.side, self._encoded)

    def features(self, cells: Sequence[Cell]) -> Mapping[str, np.ndarray] | None:
        if not self.side.names:
            return None
        rows = [int(self.rows(cell)[0]) for cell in cells]
        return dict(zip(self.side.names, self.side.values[rows].T, strict=True))


class Open(Candidates):
    """A space that is not listed.

    Args:
        samples: random cells in each ask. parents: cells whose neighbours are looked at, the best evaluated ones first.
    """

    space: Space

    def __init__(self, space: Space, feasible: Feasible | None = None, samples: int = 1000, parents: int = 10):
        super().__init__(feasible)
        self.space, self.name, self.identity = space, space.name, space.name
        self.samples, self.parents = samples, parents

    def find(self, cell: Cell) -> Cell:
        if cell not in self.space:
            raise ValueError(f"{self.name} has no cell that computes the same as {cell.to_json()}")
        return cell

    def sample(self, rng: np.random.Generator) -> Cell:
        return self.space.sample(rng)

    def neighbours(self, cell: Cell) -> list[Cell]:
        return self.space.neighbours(cell)

    def options(self, history: History, rng: np.random.Generator, value: Value | None = None) -> Options:
        parents = sorted(history.evaluated, key=lambda one: -one.score)[: self.parents]
        near = [cell for one in parents for cell in self.neighbours(one.cell)]
        found = self._distinct([*near, *self.random(history.taken, self.samples, rng)], history)
        for _ in range(CLIMBS):
            if value is None:
                break
            tops = [found.cell(int(row)) for row in self.highest(found, value(found), self.parents)]
            around = [cell for top in tops for cell in self.neighbours(top)]
            kept = [found.cell(row) for row in range(len(found))]
            found, before = self._distinct([*kept, *around], history), len(found)
            if len(found) == before:
                break
        return found

    def _distinct(self, cells: Iterable[Cell], history: History) -> Options:
        known = history.known
        distinct = list({cell.key: cell for cell in (*known, *cells)}.values())
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


def candidates(
    where: Space | Sequence[Cell] | CellArray | Candidates, feasible: Feasible | None = None, features: Any = None
) -> Candidates:
    """What `Search` was given, as candidates: a space of up to a million cells is listed, a larger one open.

    Raises:
        ValueError: no cell, side features that do not fit, or settings beside candidates that are made already.
    """
    if isinstance(where, Candidates):
        if feasible is not None or features is not None:
            raise ValueError(f"give feasible and features to {type(where).__name__}, not beside it")
        return where
    if isinstance(where, Space) and len(where) > LISTED:
        if features is not None:
            raise ValueError(f"{where.name} is too large to list, and has no rows that side features could follow")
        return Open(where, feasible)
    if isinstance(where, Space):
        return Listed.of(where, feasible, features)
    return Listed(where, None, features, feasible)
