"""MetaNP's predictions for the options of one ask, in the form that acquisitions need.

Scores without measurement noise, in the user's units, higher is better. *Contenders* are the free options that may be
the best of all: joint draws are taken of them and of the known cells alone.

Axes: option; contender; known, the cells that were evaluated or are pending; draw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from metanp.brief import brief
from metanp.pool import Pool
from metanp.predicted import Predicted
from metanp.predictor import MetaNP
from metanp.search.candidates import Candidates, Options
from metanp.search.history import History
from metanp.shortlist import CONTENDERS, QUICK, REACH

Promise = Callable[[Options, Predicted], Float[np.ndarray, " option"]]  # value of options, from their predictions


def upper_end(options: Options, predicted: Predicted) -> Float[np.ndarray, " option"]:
    """How high the score of each option may be.

    A quantile, not the mean plus standard deviations: accuracies lie below a ceiling, so the spread of an unknown cell
    is nearly all downwards, and 75 plus two times 20 % would rank it first.
    """
    return predicted.quantile(REACH)


@dataclass(frozen=True)
class Belief:
    """The predictions of one model.

    contenders: rows of the options, most promising first. pending: rows of those asked for without a result yet.
    predicted: of each option. best: highest mean score of an evaluated cell, minus infinity without any.
    """

    model: MetaNP
    options: Options
    contenders: Int[np.ndarray, " contender"]
    pending: Int[np.ndarray, " pending"]
    predicted: Predicted
    best: float

    __repr__ = brief

    @property
    def mean(self) -> Float[np.ndarray, " option"]:
        """Expected score of each option."""
        return self.predicted.mean

    @property
    def std(self) -> Float[np.ndarray, " option"]:
        """Standard deviation of each option's score."""
        return self.predicted.std

    @classmethod
    def of(
        cls,
        model: MetaNP,
        history: History,
        candidates: Candidates,
        n: int,
        rng: np.random.Generator,
        promise: Promise = upper_end,
    ) -> Belief:
        """Condition the model on everything that was measured, and predict the candidates.

        Args:
            n: how many contenders are needed at least.
            promise: the value by which contenders are chosen, and by which a space that is not listed is climbed.
        """
        condition(model, history, candidates)

        def value(options: Options) -> Float[np.ndarray, " option"]:
            return promise(options, _predicted(model, options))

        options = candidates.options(history, rng, value)
        most = QUICK * max(n, CONTENDERS)
        quick = promise is upper_end and len(options) > 2 * (most + len(options.known))
        predicted = _of_promising(model, options, most) if quick else _predicted(model, options)
        contenders = candidates.highest(options, promise(options, predicted), max(n, CONTENDERS))
        # a score that cannot be a measurement is no incumbent
        best = min(history.best.score, model.highest_measured) if history.best else -np.inf
        pending = options.known[len(history.evaluated) :]
        return cls(model, options, contenders, pending, predicted, best)

    def draws(self, rows: Int[np.ndarray, " row"], n: int, rng: np.random.Generator) -> Float[np.ndarray, "draw row"]:
        """Joint draws of some options."""
        pool = encoded(self.model, self.options)
        return self.model.sample(pool.only(rows), n, torch.Generator().manual_seed(int(rng.integers(2**62))))


def _predicted(model: MetaNP, options: Options) -> Predicted:
    if not len(options):
        return Predicted(np.zeros(0), np.zeros(0), _of_nothing)
    return model.predict_distribution(encoded(model, options), noise=False)


def _of_promising(model: MetaNP, options: Options, n: int) -> Predicted:
    """Predictions for known cells and the `n` options whose score may be highest; minus infinity for all others."""
    pool = encoded(model, options)
    rows = np.union1d(model.promising(pool, n + len(options.known)), options.known)
    found = model.predict_distribution(pool.only(rows), noise=False)

    def of_all(values: Float[np.ndarray, " row"]) -> Float[np.ndarray, " option"]:
        every = np.full(len(options), -np.inf)
        every[rows] = values
        return every

    return Predicted(of_all(found.mean), of_all(found.std), lambda probability: of_all(found.quantile(probability)))


def _of_nothing(probability: float) -> Float[np.ndarray, " option"]:
    return np.zeros(0)


def condition(model: MetaNP, history: History, candidates: Candidates) -> None:
    """Condition the model on all measurements and failures, with the side features that candidates have."""
    cells, scores = history.measurements()
    failed = list(history.failed)
    model.fit(cells, scores, candidates.features([*cells, *failed]), failed=failed, roles=candidates.roles or None)


def encoded(model: MetaNP, options: Options) -> Pool:
    """The options as a pool of the model, encoded once."""
    return options.once(model.encoding, lambda: model.encode(options.cells, options.features))
