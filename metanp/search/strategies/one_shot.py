"""One shot: learn from the first cells alone, then go down the list.

The same random cells that a leaderboard shows a predictor, and then its ranking; what is told later is not looked at.
Against it one sees what learning on from each answer is worth.
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
