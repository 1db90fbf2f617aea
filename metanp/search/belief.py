"""What MetaNP says of the options of one ask, in the form that acquisitions want.

Scores without measurement noise, in the user's units, higher is better. *Contenders* are the free options that may be
the best at all: joint draws are taken of them and of the known cells alone.

Axes: option; contender; known, the cells that were evaluated or are pending; draw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int

from metanp.pool import Pool
from metanp.predictor import MetaNP
from metanp.search.candidates import Candidates, Options
from metanp.search.history import History
from metanp.side import Side

CONTENDERS = 512
REACH = 2.0  # contenders are the options of the highest mean plus so many standard deviations
Moments = Float[np.ndarray, " option"]
Promise = Callable[[Options, Moments, Moments], Float[np.ndarray, " option"]]  # of options with their mean and std


def upper_end(options: Options, mean: Moments, std: Moments) -> Float[np.ndarray, " option"]:
    """How far up the score of each option may be."""
    return mean + REACH * std


@dataclass(frozen=True)
class Belief:
    """What one model says.

    contenders: rows of the options, most promising first. pending: rows of those that are asked for and not told. best:
    highest mean score of an evaluated cell, minus infinity without any.
    """

    model: MetaNP
    options: Options
    contenders: Int[np.ndarray, " contender"]
    pending: Int[np.ndarray, " pending"]
    mean: Float[np.ndarray, " option"]
    std: Float[np.ndarray, " option"]
    best: float

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
        """Show the model everything that was measured, and ask it about the candidates.

        Args:
            n: how many contenders are wanted at least.
            promise: by which contenders are chosen, and by which a space that is not listed is climbed.
        """
        condition(model, history, candidates)

        def value(options: Options) -> Float[np.ndarray, " option"]:
            return promise(options, *_moments(model, options))

        options = candidates.options(history, rng, value)
        mean, std = _moments(model, options)
        contenders = candidates.highest(options, promise(options, mean, std), max(n, CONTENDERS))
        best = history.best.score if history.best else -np.inf
        pending = options.known[len(history.evaluated) :]
        return cls(model, options, contenders, pending, mean, std, best)

    def draws(self, rows: Int[np.ndarray, " row"], n: int, rng: np.random.Generator) -> Float[np.ndarray, "draw row"]:
        """Joint draws of some options."""
        pool = encoded(self.model, self.options)
        side = Side(pool.side.names, pool.side.values[rows])
        some = replace(pool, cells=self.options.cells[rows], graph=pool.graph[rows], side=side)
        return self.model.sample(some, n, torch.Generator().manual_seed(int(rng.integers(2**62))))


def _moments(model: MetaNP, options: Options) -> tuple[Moments, Moments]:
    if not len(options):
        return np.zeros(0), np.zeros(0)
    predicted = model.predict_distribution(encoded(model, options), noise=False)
    return predicted.mean, predicted.std


def condition(model: MetaNP, history: History, candidates: Candidates) -> None:
    """Show the model everything that was measured, with the side features that candidates have."""
    cells, scores = history.measurements()
    model.fit(cells, scores, features=candidates.features(cells))


def encoded(model: MetaNP, options: Options) -> Pool:
    """The options as the model reads them, encoded once."""
    return options.once(("MetaNP", str(model.checkpoint)), lambda: model.encode(options.cells, options.features))
