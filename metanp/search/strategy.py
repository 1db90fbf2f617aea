"""The interface of strategies: how a search chooses what to evaluate next.

A strategy reads the history and the candidates and keeps no state of its own, so that an interrupted search continues
as if it had not been interrupted. What it needs again later it writes into the `note` of its picks, which the history
returns with the cell.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from metanp.brief import brief, clipped
from metanp.cell import Cell
from metanp.search.candidates import Candidates
from metanp.search.history import History


@dataclass(frozen=True)
class Pick:
    """A cell to evaluate.

    note: why. `mean`, `std` and `p_improve` come from a model: the expected score, its standard deviation, and the
    probability that the cell is better than the best one so far. Other entries are a strategy's own. JSON.
    """

    cell: Cell
    note: Mapping[str, Any] = field(default_factory=dict)

    __repr__ = brief


class Strategy(ABC):
    """title: for tables. source: who proposed it. batch: how many cells its authors ask for at once.

    needs_neighbours: whether it edits cells, so that a list needs its space.
    """

    title: str
    source: str
    batch: int = 1
    needs_neighbours = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {clipped(self.title, 100)}>"

    @abstractmethod
    def propose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        """`n` cells to evaluate next, best first, none of them taken; fewer where no more are left."""
