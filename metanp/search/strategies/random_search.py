"""Random search: any cell that was not asked for yet, all equally likely."""

from __future__ import annotations

import numpy as np

from metanp.search.candidates import Candidates
from metanp.search.history import History
from metanp.search.strategy import Pick, Strategy


class RandomSearch(Strategy):
    """Uses no result; the reference for every other strategy."""

    title = "random search"
    source = "Bergstra and Bengio 2012"

    def propose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        return [Pick(cell) for cell in candidates.random(history.taken, n, rng)]
