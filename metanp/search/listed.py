"""Candidates that are all listed: a list of cells, or a space that is small enough.

Axes: row, of the list; option, the rows as well.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from metanp.brief import clipped, counted, listed
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.given import read_cells
from metanp.search.candidates import Candidates, Feasible, Options, Value
from metanp.search.history import History
from metanp.side import Side
from metanp.spaces import SPACES, Space

A_LIST = "a list of cells"
COUNTED = re.compile(r"(\d+) cells [0-9a-f]{16}")  # the identity of every list and listed space in older journals


class Listed(Candidates):
    """Cells that are all listed.

    Args:
        cells: as written; of those that compute the same, the first is the candidate.
        space: defines which cells are neighbours; strategies that need neighbours refuse a list without one.
        features: side features, rows as `cells`.
        feasible: whether a cell may be asked for.
        roles: what is known of these, as in `MetaNP.fit`.

    Raises:
        TypeError, ValueError: no cell, an item that is none, or side features that do not fit the cells.
    """

    def __init__(
        self,
        cells: Sequence[Cell] | CellArray,
        space: Space | None = None,
        features: Any = None,
        feasible: Feasible | None = None,
        roles: Any = None,
    ):
        super().__init__(feasible)
        cells = read_cells(cells, "candidates")
        if not len(cells):
            raise ValueError("there is no candidate: the list of cells is empty")
        self._cells = {} if isinstance(cells, CellArray) else dict(enumerate(cells))
        self.cells = cells if isinstance(cells, CellArray) else CellArray.from_cells(cells)
        self.space, self.name, self.identity = space, space.name if space else A_LIST, A_LIST
        self.side = Side.of(features, len(cells)).with_roles(roles)
        self.roles = dict(self.side.roles)
        fingerprint = self.cells.pruned().fingerprint()
        self.order = np.argsort(fingerprint, kind="stable")
        self._sorted = fingerprint[self.order]
        self.counted = f"{len(cells)} cells {hashlib.blake2b(fingerprint.tobytes(), digest_size=8).hexdigest()}"
        self._rows: dict[str, Int[np.ndarray, " row"]] = {}
        self._encoded: dict[Any, Any] = {}

    def _described(self) -> str:
        of = f" of {clipped(self.space.name, 60)}" if self.space else ""
        side = f", features: {clipped(listed(self.side.names, 150), 200)}" if self.side.names else ""
        return f"{counted(len(self.cells), 'cell')}{of}{side}"

    @classmethod
    def of(cls, space: Space, feasible: Feasible | None = None, features: Any = None, roles: Any = None) -> Listed:
        """All cells of a space; features: rows in its order."""
        listed = cls(space.arrays(), space, features, feasible, roles)
        listed.identity = f"{space.name}, {listed.counted}"
        return listed

    def __getstate__(self) -> dict[str, Any]:
        """Without caches."""
        return {**vars(self), "_rows": {}, "_encoded": {}}

    def agree(self, kept: str) -> bool:
        """The list of an earlier run may differ; a space may not, nor may its journal be continued with a list."""
        if self.identity != A_LIST:
            return kept in (self.identity, self.counted)
        return kept in (A_LIST, self.counted) or (bool(COUNTED.fullmatch(kept)) and not _of_a_space(kept))

    def cell(self, row: int) -> Cell:
        """The cell as it was given."""
        if row not in self._cells:
            self._cells[row] = self.cells[[row]].to_cells()[0]
        return self._cells[row]

    def rows(self, cell: Cell) -> Int[np.ndarray, " row"]:
        """Rows of cells that compute the same, ascending; empty where there are none."""
        if cell.key not in self._rows:
            wanted = CellArray.from_cells([cell]).pruned().fingerprint()
            first, last = (int(np.searchsorted(self._sorted, wanted, side)[0]) for side in ("left", "right"))
            alike = np.sort(self.order[first:last])
            same = [self.cell(int(row)).key == cell.key for row in alike]
            self._rows[cell.key] = alike[np.array(same, dtype=bool)]
        return self._rows[cell.key]

    def has(self, cell: Cell) -> bool:
        if cell.key not in self._inside:
            self._inside[cell.key] = len(self.rows(cell)) > 0
        return self._inside[cell.key]

    def first_rows(self, cells: Sequence[Cell]) -> Int[np.ndarray, " cell"]:
        """The row of the candidate for each cell, -1 where there is none; all at once, and cached for `has`."""
        if not cells:
            return np.zeros(0, dtype=np.int64)
        wanted = CellArray.from_cells(cells).pruned().fingerprint()
        place = np.minimum(np.searchsorted(self._sorted, wanted), len(self._sorted) - 1)
        rows = np.where(self._sorted[place] == wanted, self.order[place], -1)
        self._inside.update((cell.key, row >= 0) for cell, row in zip(cells, rows.tolist(), strict=True))
        return rows

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
        """Those in the list; ValueError for a list without a space, and for a cell of another space."""
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
        found = [self.rows(cell) for cell in cells]
        rows = [int(rows[0]) if len(rows) else -1 for rows in found]
        index = np.array(rows, dtype=np.int64)
        values = np.where(index[:, None] < 0, np.nan, self.side.values[index])
        return dict(zip(self.side.names, values.T, strict=True))


def _of_a_space(counted: str) -> bool:
    """Whether this was the identity of one of the spaces that can be listed."""
    size = int(counted.split()[0])
    return any(
        space.is_listed and len(space) == size and Listed.of(space).counted == counted for space in SPACES.values()
    )
