"""WeakNAS: predictors that need only be right about fewer and fewer cells.

In each iteration one is fitted to all evaluated cells; the next batch is drawn at random from the cells it ranks
highest. Evaluated cells count among the highest, so that fewer of them are left from iteration to iteration; where none
is left, the next highest follow.

Setting: the authors' commands for NAS-Bench-201: 10 random cells, then 10 at a time out of the highest 100; on
NAS-Bench-101 they begin with 100 cells. Their predictors are in `weak_predictors`; the commands take one perceptron an
iteration (several only in their variant with expected improvement, which is not here).

Source: Wu et al. 2021, "Stronger NAS with Weaker Predictors" (arXiv:2102.10490); github.com/VITA-Group/WeakNAS.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from metanp.contract import Predictor
from metanp.search.candidates import Candidates
from metanp.search.history import History
from metanp.search.strategies.random_first import RandomFirst
from metanp.search.strategy import Pick
from metanp.search.surrogate import predict_all, surrogate


class WeakNAS(RandomFirst):
    """Args: predictor, checkpoint: as in `metanp.search.surrogate`. top: cells among which a batch is drawn."""

    title = "WeakNAS"
    source = "Wu et al. 2021, arXiv:2102.10490"

    def __init__(
        self,
        predictor: str | Callable[..., Predictor] = "metanp.search.strategies.weak_predictors:WeakMLP",
        first: int = 10,
        batch: int = 10,
        top: int = 100,
        checkpoint: str = "default",
    ):
        super().__init__(first, batch)
        self.top, self.surrogate = top, surrogate(predictor, checkpoint)
        self.title, self.fewest = f"{self.title} ({self.surrogate.title})", self.surrogate.fewest

    def choose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        predict = self.surrogate.fit(history, candidates, rng)
        options, predicted = predict_all(predict, history, candidates, rng)
        place = predicted.place
        # random order among the highest, and after them by place
        lot = np.where(place < self.top, rng.random(len(options)), -place)
        rows = candidates.highest(options, lot, n).tolist()
        return [Pick(options.cell(row), predicted.note(row)) for row in rows]
