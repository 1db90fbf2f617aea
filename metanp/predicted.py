"""Predictive distributions of candidates: mean and standard deviation at once, any quantile on demand.

Axes: cell, the candidates as given. Everything in the units of the scores that were given to `fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from metanp.brief import brief, counted
from metanp.distribution import Mixture
from metanp.given import read_items, read_probability
from metanp.score_transform import ScoreTransform
from metanp.torch_state import usual_torch

if TYPE_CHECKING:
    from metanp.pictures import Picture

LEAST_SHARE = 1e-6  # what single precision distinguishes from 0 and from 1


@dataclass(frozen=True, eq=False)
class Predicted:
    """The distribution of a score of each candidate.

    Attributes:
        mean: in the units of `fit`.
        std: likewise.
        quantile: maps a probability to the values that the scores stay below with it. To pickle this object, give a
            function of a module or an object such as `MixtureQuantiles`.
    """

    mean: Float[np.ndarray, " cell"]
    std: Float[np.ndarray, " cell"]
    quantile: Callable[[float], Float[np.ndarray, " cell"]]

    def __len__(self) -> int:
        return len(self.mean)

    def __repr__(self) -> str:
        if not len(self):
            return "Predicted(no cell)"
        low, high = self.mean.min(), self.mean.max()
        return f"Predicted({counted(len(self), 'cell')}, means from {low:.4g} to {high:.4g})"

    def plot(self, measured: Sequence[float] | Float[np.ndarray, " cell"]) -> Picture:
        """Means and 90 % intervals against what was measured of each cell, NaN where nothing was.

        Raises:
            ValueError: not one measurement a cell, or none that is a number.
        """
        from metanp.pictures.predictions import draw_predictions

        return draw_predictions(np.asarray(measured), self.mean, *self.quantiles((0.05, 0.95)))

    def quantiles(self, probabilities: Sequence[float]) -> Float[np.ndarray, "probability cell"]:
        """The values that each candidate's score stays below with these probabilities.

        Raises:
            TypeError, ValueError: a probability that is not between 0 and 1.
        """
        wanted = [read_probability(p, "the probability") for p in read_items(probabilities, "the probabilities")]
        if finest := [p for p in wanted if not LEAST_SHARE <= p <= 1 - LEAST_SHARE]:
            raise ValueError(
                f"the probability {finest[0]} is too near to 0 or 1; give {LEAST_SHARE:g} to 1 - {LEAST_SHARE:g}"
            )
        return np.stack([self.quantile(p) for p in wanted]) if wanted else np.zeros((0, len(self.mean)))


@dataclass(frozen=True)
class MixtureQuantiles:
    """The quantiles of candidates whose scores are mixtures; unlike a closure, it can be pickled.

    mixtures: of the distinct candidates, in pieces, before the inverse transform. sign: factor of the scores after it,
    below 0 where lower is better. distinct: which of them each candidate is. fails: probability that the evaluation of
    each distinct candidate fails; a failure lies below all scores and counts as `worst`. None without failures.
    """

    mixtures: Sequence[Mixture]
    transform: ScoreTransform
    sign: float
    distinct: Int[np.ndarray, " cell"]
    fails: Float[np.ndarray, " distinct"] | None = None
    worst: float = 0.0

    __repr__ = brief

    @usual_torch()
    def __call__(self, probability: float) -> Float[np.ndarray, " cell"]:
        wanted = probability if self.sign > 0 else 1 - probability
        if self.fails is None:
            values = self.transform.inverse(np.concatenate([_of_one(m.quantile(wanted)) for m in self.mixtures]))
            return self.sign * values[self.distinct]
        # the quantile of the scores alone: failures take up the lowest shares
        works = np.maximum(1 - self.fails, LEAST_SHARE)
        shares = np.clip((wanted - self.fails) / works, LEAST_SHARE, 1 - LEAST_SHARE)
        parts = np.split(shares, np.cumsum([mixture.mean.shape[-1] for mixture in self.mixtures])[:-1])
        pairs = [(m, torch.from_numpy(part)[None].to(m.mean)) for m, part in zip(self.mixtures, parts, strict=True)]
        values = self.transform.inverse(np.concatenate([_of_one(m.quantile(share)) for m, share in pairs]))
        values = np.where(wanted <= self.fails, np.minimum(values, self.worst), values)
        return self.sign * values[self.distinct]

    def __getstate__(self) -> dict[str, Any]:
        """With tensors moved to the CPU, so that it can be read where there is no accelerator."""
        mixtures = [Mixture(*(values.detach().cpu().clone() for values in vars(one).values())) for one in self.mixtures]
        return {**vars(self), "mixtures": mixtures}


def _of_one(values: Float[Tensor, "1 target"]) -> Float[np.ndarray, " target"]:
    return values[0].double().cpu().numpy()
