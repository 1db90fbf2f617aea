"""What MetaNP says of the options of one ask, in the form that acquisitions want.

Scores without measurement noise, in the user's units, higher is better. *Contenders* are the free options that may be
the best at all: joint draws are taken of them and of the known cells alone.

Axes: option; contender; known, the cells that were evaluated or are pending; draw.
"""

from __future__ import annotations

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
Promise = Float[np.ndarray, " option"]


@dataclass(frozen=True)
class Belief:
    """What one model says.

    contenders: rows of the options, most promising first. pending: rows of those that are asked for and not told. best:
    highest mean score of an evaluated cell, minus infinity without any.
    """

    model: MetaNP
    pool: Pool
    options: Options
    contenders: Int[np.ndarray, " contender"]
    pending: Int[np.ndarray, " pending"]
    mean: Float[np.ndarray, " option"]
    std: Float[np.ndarray, " option"]
    best: float

    @classmethod
    def of(
        cls, model: MetaNP, history: History, candidates: Candidates, options: Options, promise: Promise | None = None
    ) -> Belief:
        """Ask a model about the options that was conditioned on the history.

        promise: of each option, by which contenders are chosen; without, how far up its score may be.
        """
        pool = encoded(model, options)
        predicted = model.predict_distribution(pool, noise=False)
        promise = predicted.mean + REACH * predicted.std if promise is None else promise
        contenders = candidates.highest(options, promise, CONTENDERS)
        best = history.best.score if history.best else -np.inf
        pending = options.known[len(history.evaluated) :]
        return cls(model, pool, options, contenders, pending, predicted.mean, predicted.std, best)

    def draws(self, rows: Int[np.ndarray, " row"], n: int, rng: np.random.Generator) -> Float[np.ndarray, "draw row"]:
        """Joint draws of some options."""
        pool = self.pool
        side = Side(pool.side.names, pool.side.values[rows])
        some = replace(pool, cells=self.options.cells[rows], graph=pool.graph[rows], side=side)
        return self.model.sample(some, n, torch.Generator().manual_seed(int(rng.integers(2**62))))


def condition(model: MetaNP, history: History, candidates: Candidates) -> None:
    """Show the model everything that was measured, with the side features that candidates have."""
    cells, scores = history.measurements()
    model.fit(cells, scores, features=candidates.features(cells))


def encoded(model: MetaNP, options: Options) -> Pool:
    """The options as the model reads them, encoded once."""
    side = options.side
    features = dict(zip(side.names, side.values.T, strict=True)) or None
    return options.once(("MetaNP", str(model.checkpoint)), lambda: model.encode(options.cells, features))
