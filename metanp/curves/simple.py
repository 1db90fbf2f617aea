"""Scores of a prefix that need no labels: its last value, and sums of training losses.

    early_stopping        the last value of the main quantity
    early_stopping_loss   minus the last validation loss
    sotl                  minus the sum of training losses
    sotl_e                minus the training loss of the last epoch
    sotl_ema              minus an exponential moving average of training losses, in one of two readings

They rank by that score alone. Whole curves only bring it into the unit of the end: a straight line that never falls,
by least squares, with the spread of the residuals. Without whole curves the score itself is the answer, and
its standard deviation is infinite: nothing is known of how far from the end it is.

What differs: the losses of Ru et al. are those of mini-batches; tables have their mean over an epoch.

Sources: Ru et al. 2021, "Speedy Performance Estimation for Neural Architecture Search" (arXiv:2006.04492) for the sums;
White et al. 2021, "How Powerful are Performance Predictors in Neural Architecture Search?" (arXiv:2104.01177) for all.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

import numpy as np
from jaxtyping import Float64

from metanp.contract import About
from metanp.curves.curves import Curves, Scores
from metanp.curves.predictor import CurvePredictor, Moments

SPEEDY = "Ru et al. 2021 (arXiv:2006.04492)"
LEAST_SLOPE = 1e-6  # of the line, in spreads of ends over spreads of scores: labels never turn the order round


def about(title: str, source: str) -> About:
    """What a leaderboard says of a predictor that reads prefixes and nothing else."""
    return About(title, source, "learning-curve", ("learning-curve prefixes",))


class PrefixScore(CurvePredictor):
    """Ranks prefixes by one number, `score`."""

    @abstractmethod
    def score(self, prefixes: Curves) -> Scores:
        """One number a prefix, all of one length; higher is better."""

    def _moments(self, prefixes: Curves) -> Moments:
        score = self.score(prefixes)
        n = prefixes.n_epochs
        long = self._whole.lengths >= n
        if long.sum() < 3:
            return score, np.full(len(score), np.inf)
        known, end = self.score(self._whole[long].prefix(n)), self._end[long]
        spread, apart = float(known.std()), end - end.mean()
        centred = known - known.mean()
        slope = (centred @ apart) / (centred @ centred) if spread else 0.0
        slope = max(slope, LEAST_SLOPE * float(end.std()) / spread if spread else 0.0)
        residual = apart - slope * centred
        std = np.sqrt(residual @ residual / (len(end) - 2))
        return end.mean() + slope * (score - known.mean()), np.full(len(score), std)


class LastValue(PrefixScore):
    """The last value of the main quantity."""

    about = about("last value", "White et al. 2021 (arXiv:2104.01177), early stopping by validation accuracy")

    def score(self, prefixes: Curves) -> Scores:
        return prefixes.scores()[:, -1]


class LastLoss(PrefixScore):
    """Minus the last validation loss."""

    about = about("last validation loss", "White et al. 2021 (arXiv:2104.01177), early stopping by validation loss")

    def score(self, prefixes: Curves) -> Scores:
        return prefixes.scores("validation_loss")[:, -1]


class TrainingLosses(PrefixScore):
    """Minus a sum of the training losses of a prefix; `sum_of` says which."""

    def score(self, prefixes: Curves) -> Scores:
        losses = -prefixes.scores("train_loss")
        if (row := np.flatnonzero(~np.isfinite(losses).all(1))).size:
            raise ValueError(f"configuration {row[0]} has no train_loss after some epoch of its prefix; cut it there")
        return -self.sum_of(losses[:, int(prefixes.epochs[0] == 0) :])

    @abstractmethod
    def sum_of(self, losses: Float64[np.ndarray, "config epoch"]) -> Scores:
        """One number of the losses of each configuration."""


class SoTL(TrainingLosses):
    """Of all epochs."""

    about = about("sum of training losses", SPEEDY)

    def sum_of(self, losses: Float64[np.ndarray, "config epoch"]) -> Scores:
        return losses.sum(1)


class SoTLE(TrainingLosses):
    """Of the last epochs; one is what the authors recommend."""

    about = about("sum of training losses, last epoch", SPEEDY)

    def __init__(self, last: int = 1):
        self.last = last

    def sum_of(self, losses: Float64[np.ndarray, "config epoch"]) -> Scores:
        return losses[:, -self.last :].sum(1)


class SoTLEMA(TrainingLosses):
    """An exponential moving average, e <- (1 - mu) e + mu loss.

    reading: "authors", mu = .9 and the last average; "study" (White et al.), mu = .99 and the sum of all averages.
    """

    about = about("sum of training losses, moving average", SPEEDY)

    def __init__(self, reading: Literal["authors", "study"] = "authors"):
        if reading not in ("authors", "study"):
            raise ValueError(f"reading is {reading!r}; give 'authors' or 'study'")
        self.reading = reading

    def sum_of(self, losses: Float64[np.ndarray, "config epoch"]) -> Scores:
        mu = 0.9 if self.reading == "authors" else 0.99
        averages = [losses[:, 0]]
        for loss in losses.T[1:]:
            averages.append((1 - mu) * averages[-1] + mu * loss)
        return averages[-1] if self.reading == "authors" else np.sum(averages, axis=0)
