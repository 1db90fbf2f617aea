"""Scores that are no measurements of a cell: penalties for failures, and errors of the measurement.

People give a cell that broke a score of -1e6, 1e9 or 0, and mistype 931 for 93.1. Read as measurements, three of those
among sixty cost a tenth of tau. *Extremes* are 1,000 times further from the median than scores usually are, and 100
times as large: no network scores so. *Strays* lie beyond a quartile by more than eight times its distance from the
median, by more where there are few scores; a model of the other scores decides which of them are plausible for their
cells (`unlikely`), such as the chance-level accuracy of a cell without a live path.

Higher is better. Scores too low are treated as failed evaluations (`metanp.failures`); scores too high are left out.

Axes: cell, the evaluated ones.

Source: median and quartiles as measures that outliers hardly move, Hampel 1974; Tukey 1977. The numbers were chosen on
NAS-Bench-Macro, -NLP and -MR, with NAS-Bench-201 in view (`docs/what-was-tried.md`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from metanp.brief import brief

FEWEST = 3  # scores, of which one can be an extreme
FEWEST_FOR_STRAYS = 8  # of fewer scores the quartiles say too little
EXTREME = 1000.0  # median distances from the median
EXTREME_SIZE = 100.0  # and so many times the size of the median
STRAY = 8.0  # distances between median and quartile, beyond the quartile, of many scores
UNSURE = 20  # scores at which it is twice as many: quartiles of few scores are inexact
MOST_TOO_HIGH = 0.1  # share of the scores: where more are far above the others, they are no errors, unless
REPEATED = 3  # or more of them have the same value
PLAUSIBLE = 0.3  # a low stray is kept where the model's prediction for its cell is among this share of the lowest
PLAUSIBLE_HIGH = 0.05  # a high one where it is among this share of the highest

Scores = Float[np.ndarray, " cell"]
Which = Bool[np.ndarray, " cell"]


@dataclass(frozen=True)
class Outliers:
    """Which scores are far from all others: too low or too high; `sure` where no model is needed to decide."""

    low: Which
    high: Which
    sure: Which

    __repr__ = brief

    @classmethod
    def of(cls, score: Scores) -> Outliers:
        """By the scores alone; finite ones, of any size."""
        none = np.zeros(len(score), dtype=bool)
        if len(score) < FEWEST:
            return cls(none, none, none)
        half = score / 2  # so that differences of the largest floats do not overflow
        distinct = np.unique(half)  # a penalty shared by all failures counts once
        seen = distinct if len(distinct) >= FEWEST else half
        middle = float(np.median(seen))
        usual = float(np.median(np.abs(seen - middle)))
        away = np.abs(half - middle)
        sure = (away > EXTREME * usual) & (away > EXTREME_SIZE * abs(middle)) & bool(usual or middle)
        strays = _strays(half, seen[np.abs(seen - middle) <= max(away[~sure], default=0)])
        sure |= strays & _of_another_sign(half, half[~strays & ~sure])
        low, high = (sure | strays) & (half < middle), strays & ~sure & (half > middle)
        if high.sum() > max(1, MOST_TOO_HIGH * len(score)):
            high &= _repeated(half, REPEATED)
        return cls(low, high | (sure & (half > middle)), sure)

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool((self.low | self.high).any())

    @property
    def asked(self) -> Which:
        """Those that a model has to judge."""
        return (self.low | self.high) & ~self.sure

    def unlikely(self, score: Scores, predicted: Scores, repeated: Which) -> Outliers:
        """Without those that are plausible for their cells; cells with the same score are judged together.

        Args:
            predicted: score of every cell, by a model that did not read the outliers.
            repeated: whether the cell was measured more than once. Its measurements may contradict one another;
                `metanp.reading` treats these.
        """
        rest = np.sort(predicted[~(self.low | self.high)])
        below = np.searchsorted(rest, predicted) / max(len(rest), 1)
        below = _mean_of_equal(below, score)
        believed = self.asked & (repeated | np.where(self.low, below < PLAUSIBLE, below > 1 - PLAUSIBLE_HIGH))
        return Outliers(self.low & ~believed, self.high & ~believed, self.sure)


def _strays(score: Scores, seen: Scores) -> Which:
    """Far outside the quartiles of `seen`; for positive scores, such as latencies, also outside those of logarithms."""
    if len(seen) < FEWEST_FOR_STRAYS:
        return np.zeros(len(score), dtype=bool)
    found = _beyond(score, seen)
    if score.min() > 0:
        found &= _beyond(np.log(score), np.log(seen))
    return found


def _beyond(score: Scores, seen: Scores) -> Which:
    lower, middle, upper = np.quantile(seen, [0.25, 0.5, 0.75])
    far = STRAY * (1 + UNSURE / len(seen))
    low = (lower < middle) & (score < lower - far * (middle - lower))
    high = (upper > middle) & (score > upper + far * (upper - middle))
    return low | high


def _of_another_sign(score: Scores, others: Scores) -> Which:
    """Negative where all others are positive, or the reverse: accuracies, losses and latencies keep one sign."""
    if not len(others) or not (others.min() > 0 or others.max() < 0):
        return np.zeros(len(score), dtype=bool)
    return np.sign(score) == -np.sign(others[0])


def _repeated(score: Scores, times: int) -> Which:
    """Whether at least so many have the same score, as a penalty for failures has."""
    _, which, count = np.unique(score, return_inverse=True, return_counts=True)
    return count[which] >= times


def _mean_of_equal(values: Scores, score: Scores) -> Scores:
    """The mean over all cells with the same score, which are judged together."""
    _, which, count = np.unique(score, return_inverse=True, return_counts=True)
    return (np.bincount(which, values) / count)[which]
