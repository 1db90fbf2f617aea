"""Whether a running training is worth its end: a rule of `metanp.curves.stopping` on the curves of a search.

Whole curves are those of trainings that ended with a score; the end that counts is that score, not the last epoch's.
A training is stopped when it ends no better than the best score so far with at least the probability asked for.

The predictor is least squares on the curve and its differences (`srm_ols`), whose error is that of leaving whole curves
out. Of the sequential models it lost the best configuration least often. MetaNP's reading of curves (`metanp`) stops
earlier and needs fewer whole curves, but loses the best more often where the learning rate falls late (docs/curves.md).
Fewer whole curves than `FEWEST` stop nothing. Of a sequential model with few of them the error itself is uncertain: the
quantile is that of Student's t, not of the normal distribution.

Scores are higher is better here. Nothing here reads the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, stdtrit

from metanp.brief import brief
from metanp.curves import Curves, Quantity, make_predictor
from metanp.curves.stopping import ChanceRule
from metanp.search.curve_log import Curve

PREDICTOR = "srm_ols"
FEWEST = 20  # whole curves: with 10 or 5 the best was lost more often, on development tables too (docs/curves.md)
ALONE = 30  # whole curves up to which each is left out alone; beyond, ten folds: the rule is asked after every epoch
SCORE = Quantity("score", "as told", maximize=True)


class Whole(NamedTuple):
    """A training that ended. end: the score told of it."""

    curve: Curve
    end: float


class Verdict(NamedTuple):
    """That a training is to be stopped. end: predicted. of: epochs of a whole training."""

    end: float
    epochs: int
    of: int


@dataclass
class Stopping:
    """When a search stops a training.

    Args:
        delta: probability of ending no better than the best, between 0 and 1, from which on a training is stopped.
        predictor: of `metanp.curves.PREDICTORS`.
        fewest: whole curves, before which nothing is stopped.

    Raises:
        ValueError: a probability that is none, an unknown predictor, or fewer whole curves than it needs.
    """

    delta: float = 0.95
    predictor: str = PREDICTOR
    fewest: int = FEWEST
    _learned: tuple[list[Whole], ChanceRule] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        least = ChanceRule(make_predictor(self.predictor), self.delta).fewest
        if self.fewest < max(least, 2):
            raise ValueError(f"fewest is {self.fewest}; {self.predictor} needs at least {max(least, 2)} whole curves")

    __repr__ = brief

    def verdict(self, curve: Curve, whole: Sequence[Whole], best: float) -> Verdict | None:
        """None where a training should go on.

        Args:
            curve: as far as it is. whole: all that ended. best: the score to beat.
        """
        alike = [one for one in whole if one.curve.first == curve.first]
        n = len(curve.values)
        longest = max((len(one.curve.values) for one in alike), default=0)
        enough = sum(len(one.curve.values) >= n for one in alike) >= self.fewest
        if not enough or n >= longest or not np.isfinite(best):
            return None
        rule = self._rule(alike)
        prefix = Curves.of([curve.values], SCORE, curve.first)
        if n - (curve.first == 0) < rule.fewest_epochs or not rule.stops(prefix, [best])[0]:
            return None
        end = float(rule.predictor.predict(prefix)[0])
        return Verdict(min(end, best), curve.epochs, longest - 1 + curve.first)

    def _rule(self, whole: list[Whole]) -> ChanceRule:
        """Learned anew only when there is more to learn from."""
        if self._learned is None or self._learned[0] != whole:
            folds, delta = {}, self.delta
            if self.predictor.startswith(("srm", "lcsvr")):  # whose error is an estimate of few numbers
                folds = {"folds": 10} if len(whole) > ALONE else {}
                delta = min(float(ndtr(stdtrit(len(whole) - 1, delta))), 1 - 1e-9)
            rule = ChanceRule(make_predictor(self.predictor, **folds), delta)
            curves = Curves.of([one.curve.values for one in whole], SCORE, whole[0].curve.first)
            self._learned = whole, rule.learn(curves, end=[one.end for one in whole])
        return self._learned[1]
