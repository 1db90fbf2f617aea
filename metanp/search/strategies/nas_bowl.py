"""NAS-BOWL: Bayesian optimisation with a Gaussian process on Weisfeiler-Lehman counts, and expected improvement.

Setting: the authors': 10 random cells, then the 5 of the largest expected improvement over the best score measured.
They value 200 cells in each iteration, half of them children of the best, half random; here all that are considered are
valued. The Gaussian process reads graph features beside the counts (`metanp.baselines.gaussian_process`).

Source: Ru et al., "Interpretable neural architecture search via Bayesian optimisation with Weisfeiler-Lehman kernels",
ICLR 2021 (arXiv:2006.07556); expected improvement, Jones et al. 1998.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr

from metanp.contract import Predictor
from metanp.search.candidates import Candidates, Options
from metanp.search.history import History
from metanp.search.strategies.random_first import RandomFirst
from metanp.search.strategy import Pick
from metanp.search.surrogate import Prediction, surrogate

FURTHEST = 40.0  # standard deviations: beyond, a normal distribution has no mass that a float holds


class NASBOWL(RandomFirst):
    """Args: predictor, checkpoint: as in `metanp.search.surrogate`; the predictor must know its spread.

    Raises:
        ValueError: it does not.
    """

    title = "NAS-BOWL"
    source = "Ru et al. 2021, arXiv:2006.07556"

    def __init__(
        self,
        predictor: str | Callable[..., Predictor] = "metanp.baselines.gaussian_process:WLGaussianProcess",
        first: int = 10,
        batch: int = 5,
        checkpoint: str = "default",
    ):
        super().__init__(first, batch)
        self.surrogate = surrogate(predictor, checkpoint)
        self.fewest = self.surrogate.fewest

    def choose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        predict = self.surrogate.fit(history, candidates, rng)
        best = history.best.score if history.best else -np.inf

        def value(options: Options) -> Float[np.ndarray, " option"]:
            return self._improvement(predict(options), best)

        options = candidates.options(history, rng, value)
        predicted = predict(options)
        rows = candidates.highest(options, self._improvement(predicted, best), n).tolist()
        return [Pick(options.cell(row), predicted.note(row)) for row in rows]

    def _improvement(self, predicted: Prediction, best: float) -> Float[np.ndarray, " option"]:
        if predicted.std is None:
            raise ValueError(f"expected improvement needs a standard deviation; {self.surrogate.title} gives none")
        return expected_improvement(predicted.mean, predicted.std, best)


def expected_improvement(
    mean: Float[np.ndarray, " option"], std: Float[np.ndarray, " option"], best: float
) -> Float[np.ndarray, " option"]:
    """By how much each score is expected to be above the best one, if it is normal."""
    std = np.maximum(std, np.finfo(float).tiny)
    z = np.clip((mean - best) / std, -FURTHEST, FURTHEST)
    return (mean - best) * ndtr(z) + std * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
