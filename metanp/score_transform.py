"""Scores in the user's units to scores the model understands, and back; fitted on the evaluated cells alone.

Accuracies cluster below a ceiling and have failures far below, which would dominate a model that reads them unchanged.
A monotone map therefore mixes two: rank-Gauss, which ignores units, and a linear map, which keeps distances and lets a
target lie outside the observed range. It is piecewise linear between the observed scores and continues straight beyond
them. Monotone, so no ranking changes.

Independent of targets. In numpy, because it runs outside the model, once a context.

Source: normal scores, Van der Waerden 1952; the mixture with a linear map is this project's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import ndtri

from metanp.brief import brief

RANK_SHARE = 0.8  # of the map that is rank-Gauss; the rest is linear and bounds every slope from below
SHRINK = 3.0  # evaluated cells at which rank-Gauss has half of its share: few scores say little about a distribution
LARGEST = 1e100  # up to this size scores need no `unit`
TAIL = 0.25  # share of the scores, at each end, whose average slope continues beyond the outermost


@dataclass(frozen=True)
class ScoreTransform:
    """A strictly increasing piecewise-linear map; outside of the knots it goes on with the two end slopes."""

    score: Float[np.ndarray, " knot"]
    value: Float[np.ndarray, " knot"]
    slopes: tuple[float, float]  # value per score below the first knot and above the last

    __repr__ = brief

    @classmethod
    def fit(cls, score: Float[np.ndarray, " context"]) -> ScoreTransform:
        """From the scores of the evaluated cells: any unit, finite, higher is better; without scores, the identity."""
        score = np.asarray(score, dtype=np.float64)
        if not len(score):
            return cls(np.zeros(1), np.zeros(1), (1.0, 1.0))
        knots, counts = np.unique(score, return_counts=True)
        if len(knots) == 1:
            # one value gives the level, not the spread: take a tenth of the level as a first guess
            slope = 1 / (0.1 * abs(knots[0]) or 1.0)
            return cls(knots, np.zeros(1), (slope, slope))
        # from 0 to 1 first: squares of very small or very large scores would underflow or overflow
        linear = (knots - knots[0]) / (knots[-1] - knots[0])
        mean = np.average(linear, weights=counts)
        linear = (linear - mean) / np.sqrt(np.average((linear - mean) ** 2, weights=counts))
        normal = ndtri((np.cumsum(counts) - counts / 2) / len(score))
        share = RANK_SHARE * len(score) / (len(score) + SHRINK)
        value = share * normal + (1 - share) * linear
        mean = np.average(value, weights=counts)
        value = (value - mean) / np.sqrt(np.average((value - mean) ** 2, weights=counts))
        reach = max(1, round(TAIL * (len(knots) - 1)))
        low = (value[reach] - value[0]) / (knots[reach] - knots[0])
        high = (value[-1] - value[-1 - reach]) / (knots[-1] - knots[-1 - reach])
        return cls(knots, value, (low, high))

    def forward(self, score: Float[np.ndarray, "*axes"]) -> Float[np.ndarray, "*axes"]:
        """User's units to model's."""
        return _piecewise(np.asarray(score, dtype=np.float64), self.score, self.value, self.slopes)

    def inverse(self, value: Float[np.ndarray, "*axes"]) -> Float[np.ndarray, "*axes"]:
        """Model's units to the user's."""
        slopes = (1 / self.slopes[0], 1 / self.slopes[1])
        return _piecewise(np.asarray(value, dtype=np.float64), self.value, self.score, slopes)

    def inverse_moments(
        self, mean: Float[np.ndarray, " cell"], std: Float[np.ndarray, " cell"]
    ) -> tuple[Float[np.ndarray, " cell"], Float[np.ndarray, " cell"]]:
        """Mean and standard deviation, in the user's units, of a normal variable in the model's."""
        nodes, weights = hermegauss(15)
        weights = weights / weights.sum()
        value = self.inverse(np.asarray(mean)[:, None] + np.asarray(std)[:, None] * nodes)
        centre = value @ weights
        return centre, np.sqrt(np.maximum(((value - centre[:, None]) ** 2) @ weights, 0))


@dataclass(frozen=True)
class InUnit:
    """A transform of scores near the limits of floats, whose squares overflow: they are multiplied by `unit` first."""

    transform: Any
    unit: float

    __repr__ = brief

    @classmethod
    def fit(cls, transform: Any, score: Float[np.ndarray, " context"]) -> Any:
        """Fit `transform`; it is returned as it is for ordinary scores."""
        unit = unit_of(score)
        return transform.fit(score) if unit == 1 else cls(transform.fit(score * unit), unit)

    def forward(self, score: Float[np.ndarray, "*axes"]) -> Float[np.ndarray, "*axes"]:
        """User's units to the predictor's."""
        return self.transform.forward(score * self.unit)

    def inverse(self, value: Float[np.ndarray, "*axes"]) -> Float[np.ndarray, "*axes"]:
        """Predictor's units to the user's."""
        return within_floats(self.transform.inverse(value), self.unit)

    def inverse_moments(
        self, mean: Float[np.ndarray, " cell"], std: Float[np.ndarray, " cell"]
    ) -> tuple[Float[np.ndarray, " cell"], Float[np.ndarray, " cell"]]:
        """Mean and standard deviation in the user's units."""
        mean, std = self.transform.inverse_moments(mean, std)
        return within_floats(mean, self.unit), within_floats(std, self.unit)


def unit_of(score: Float[np.ndarray, " context"]) -> float:
    """1, or for scores near the limits of floats a power of two that makes them about 1, so that squares are finite."""
    largest = float(np.abs(score).max(initial=0))
    ordinary = largest == 0 or 1 / LARGEST < largest < LARGEST
    return 1.0 if ordinary else 2.0 ** min(-int(np.frexp(largest)[1]), 1000)


def within_floats(value: Float[np.ndarray, "*axes"], unit: float) -> Float[np.ndarray, "*axes"]:
    """Values divided by their unit, at most the largest float."""
    with np.errstate(over="ignore"):
        divided = value / unit
    return np.nan_to_num(divided, nan=np.nan)


def _piecewise(x: np.ndarray, knots: np.ndarray, values: np.ndarray, slopes: tuple[float, float]) -> np.ndarray:
    inside = np.interp(x, knots, values)
    below = slopes[0] * np.minimum(x - knots[0], 0)
    return inside + below + slopes[1] * np.maximum(x - knots[-1], 0)
