"""Strategies that begin with random cells, and fill up with random cells where their method finds too few.

Cells that failed are replaced by others; cells evaluated for any other reason count among the first ones.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

import numpy as np

from metanp.search.candidates import Candidates
from metanp.search.history import History
from metanp.search.strategy import Pick, Strategy


class RandomFirst(Strategy):
    """fewest: how many evaluated cells the method needs; cells are random until then.

    Args:
        first: random cells at the beginning.
        batch: how many cells to ask for at once.
    """

    fewest = 1

    def __init__(self, first: int, batch: int):
        self.first, self.batch = first, batch

    def propose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        missing = min(n, max(self.first - len(history.known), 0))
        picks = [Pick(cell) for cell in candidates.random(history.taken, missing, rng)]
        if len(picks) < n and len(history.evaluated) >= self.fewest:
            begun = replace(history, pending=[*history.pending, *(pick.cell for pick in picks)])
            picks += self.choose(begun, candidates, n - len(picks), rng)
        taken = {**history.taken, **{pick.cell.key: pick.cell for pick in picks}}
        return [*picks, *(Pick(cell) for cell in candidates.random(taken, n - len(picks), rng))]

    @abstractmethod
    def choose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to `n` fresh cells by the method itself, best first."""
