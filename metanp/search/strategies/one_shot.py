"""One shot: learn from the first cells alone, then evaluate in the order of that ranking.

It learns from the same random cells that a leaderboard shows a predictor, and ignores all later results. Compared with
it, other strategies show what learning from each result is worth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from metanp.contract import Predictor
from metanp.search.candidates import Candidates
from metanp.search.history import History
from metanp.search.strategies.random_first import RandomFirst
from metanp.search.strategy import Pick
from metanp.search.surrogate import predict_all, surrogate


class OneShot(RandomFirst):
    """Args: predictor, checkpoint: as in `metanp.search.surrogate`. first: random cells that it learns from."""

    title = "one shot"
    source = "as Wen et al. 2020, arXiv:1912.00848"

    def __init__(
        self,
        predictor: str | Callable[..., Predictor] = "metanp",
        first: int = 50,
        batch: int = 1,
        checkpoint: str = "default",
    ):
        super().__init__(first, batch)
        self.surrogate = surrogate(predictor, checkpoint)
        self.title, self.fewest = f"{self.title} ({self.surrogate.title})", self.surrogate.fewest

    def choose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        shown = replace(history, evaluated=history.evaluated[: self.first])
        predict = self.surrogate.fit(shown, candidates, rng)
        options, predicted = predict_all(predict, history, candidates, rng)
        rows = candidates.highest(options, predicted.mean, n).tolist()
        return [Pick(options.cell(row), predicted.note(row)) for row in rows]
