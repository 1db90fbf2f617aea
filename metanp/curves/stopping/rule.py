"""When to stop a training: one interface, and rules made of predictors of curves.

A rule is told curves that were trained to their ends (`learn`) and answers, for prefixes, at which score of the best
finished training it would stop each (`bar`): a training is stopped where the best so far is at or above its bar. A rule
that asks for the chance to beat the best has the quantile of the end as its bar, one that looks at the prefix alone
has a bar of minus or plus infinity. So a whole simulation asks once a length, not once a training.

A rule of one's own subclasses `Rule`; a joint distribution over ends answers with a quantile too.

Axes: config, as in `metanp.curves.curves`. Scores are higher is better.

Sources: Baker et al. 2018 (arXiv:1705.10823); Domhan et al. 2015 (IJCAI); Golovin et al. 2017, "Google Vizier" (KDD),
for the median rule.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np

from metanp.brief import called
from metanp.curves.curves import Curves, Scores
from metanp.curves.predictor import CurvePredictor
from metanp.curves.simple import PrefixScore
from metanp.given import read_count, read_probability

NEVER, ALWAYS = np.inf, -np.inf  # bars


class Rule(ABC):
    """rank: which of the finished trainings counts as the best, 1 for the best of all; with fewer, none is stopped.

    fewest: whole curves that `learn` needs. fewest_epochs: columns, without an untrained one, before which `bar` is
    not asked.
    """

    rank: int = 1
    fewest: int = 0
    fewest_epochs: int = 1

    @abstractmethod
    def learn(self, whole: Curves, end: Any = None) -> Self:
        """Curves that were trained to their ends, all that are known; nothing of what was learned before remains.

        Args:
            end: the scores to be beaten, (config,); the ends of the main quantity unless given.
        """

    @abstractmethod
    def bar(self, prefixes: Curves) -> Scores:
        """The lowest best score at which each training is stopped after its prefix."""

    def stops(self, prefixes: Curves, finished: Any) -> np.ndarray:
        """Which trainings to stop, (config,) bool, given the scores of those that finished."""
        finished = np.sort(np.asarray(finished, float))[::-1]
        if len(finished) < self.rank:
            return np.zeros(len(prefixes), bool)
        return finished[self.rank - 1] >= self.bar(prefixes)


class ChanceRule(Rule):
    """Stops what has a chance of at most 1 - delta to end above the best, as a predictor of curves sees it.

    With a sequential regression model this is Baker et al.'s rule, with extrapolation by formulas Domhan et al.'s.

    delta: Delta of Baker et al. tolerance: how far below the best an end may be to be worth its training, in the unit
    of the scores. certain: also stops where the standard deviation is below it (Domhan et al.'s optimistic variant:
    the end is known well enough).

    Raises:
        ValueError: a delta that is no probability, a rank below 1.
    """

    def __init__(
        self,
        predictor: CurvePredictor,
        delta: float = 0.99,
        tolerance: float = 0.0,
        rank: int = 1,
        certain: float = 0.0,
    ):
        self.predictor, self.delta = predictor, read_probability(delta, "delta")
        self.tolerance, self.rank, self.certain = tolerance, read_count(rank, "rank"), certain
        self.fewest, self.fewest_epochs = predictor.fewest_labels, predictor.fewest_epochs

    def __repr__(self) -> str:
        return called(self, predictor=self.predictor, delta=self.delta, tolerance=self.tolerance, rank=self.rank)

    def learn(self, whole: Curves, end: Any = None) -> Self:
        self.predictor.fit(whole, end)
        return self

    def bar(self, prefixes: Curves) -> Scores:
        bar = self.predictor.quantile(prefixes, self.delta) + self.tolerance
        if self.certain:
            std = self.predictor.predict(prefixes, return_std=True)[1]
            bar = np.where(std < self.certain, ALWAYS, bar)
        return np.where(np.isnan(bar), NEVER, bar)


class ShareRule(Rule):
    """Stops what is, by a score of its prefix, among the worst share of the finished trainings at that length.

    With the last value and a half this is the median rule; any `PrefixScore` will do, such as sums of training losses.

    worst: the share.

    Raises:
        ValueError: a share that is not between 0 and 1.
    """

    fewest = 5

    def __init__(self, score: PrefixScore, worst: float = 0.5):
        self.score, self.worst = score, read_probability(worst, "the worst share")

    def __repr__(self) -> str:
        return called(self, score=self.score, worst=self.worst)

    def learn(self, whole: Curves, end: Any = None) -> Self:
        self._whole = whole[~whole.failed]
        return self

    def bar(self, prefixes: Curves) -> Scores:
        bar = np.full(len(prefixes), NEVER)
        bar[prefixes.failed] = ALWAYS
        for n in np.unique(prefixes.lengths[~prefixes.failed]):
            rows = np.flatnonzero((prefixes.lengths == n) & ~prefixes.failed)
            known = self._whole[self._whole.lengths >= n]
            if len(known) >= self.fewest:
                limit = np.quantile(self.score.score(known.prefix(int(n))), self.worst)
                bar[rows[self.score.score(prefixes[rows].prefix(int(n))) < limit]] = ALWAYS
        return bar
