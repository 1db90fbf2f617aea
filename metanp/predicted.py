"""What a predictor says of candidates: mean and standard deviation at once, any quantile when asked.

Axes: cell, the candidates as given. Everything in the units of the scores that were given to `fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from metanp.distribution import Mixture
from metanp.score_transform import ScoreTransform


@dataclass(frozen=True)
class Predicted:
    """The distribution of a score of each candidate.

    quantile: a probability to the values that the scores stay below with it; a function of a module, or an object such
        as `MixtureQuantiles`, where this is to be pickled.
    """

    mean: Float[np.ndarray, " cell"]
    std: Float[np.ndarray, " cell"]
    quantile: Callable[[float], Float[np.ndarray, " cell"]]

    def quantiles(self, probabilities: Sequence[float]) -> Float[np.ndarray, "probability cell"]:
        """The values that each candidate's score stays below with these probabilities.

        Raises:
            ValueError: a probability that is not between 0 and 1.
        """
        if wrong := [p for p in probabilities if not 0 < p < 1]:
            raise ValueError(f"{wrong[0]} is no probability between 0 and 1, such as 0.9")
        return np.stack([self.quantile(p) for p in probabilities])


@dataclass(frozen=True)
class MixtureQuantiles:
    """The quantiles of candidates whose scores are mixtures; other than a closure, it pickles.

    mixtures: of the distinct candidates, a piece at a time, before the transform. sign: -1 where a lower score is
    better. distinct: which of them each candidate is.
    """

    mixtures: Sequence[Mixture]
    transform: ScoreTransform
    sign: int
    distinct: Int[np.ndarray, " cell"]

    def __call__(self, probability: float) -> Float[np.ndarray, " cell"]:
        wanted = probability if self.sign > 0 else 1 - probability
        parts = [mixture.quantile(wanted)[0].double().cpu().numpy() for mixture in self.mixtures]
        return self.sign * self.transform.inverse(np.concatenate(parts))[self.distinct]

    def __getstate__(self) -> dict[str, Any]:
        """With what is on an accelerator brought to memory: it may be read where there is none."""
        mixtures = [Mixture(*(values.detach().cpu().clone() for values in vars(one).values())) for one in self.mixtures]
        return {**vars(self), "mixtures": mixtures}
