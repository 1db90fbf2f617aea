"""What curves say of scores, joined with what architectures say.

Of a training that runs, the end of this very training is asked for. The process of curves (`metanp.curves.neural`)
reads its prefix, and beside it what the process of architectures expects of its cell. How much either is worth, it
learns from the whole curves, and from what was expected of their cells while each was left out. Before that,
expectations are scaled by how far they agree with what prefixes alone say (`trust`): few whole curves tell little.

Of a cell that is not trained yet, prefixes tell as far as it is like the cells they are of. Each joins the context of
the process of architectures as a measurement of its end, with the variance that the process of curves gives it when it
reads nothing else, less what is known of any end.

    cells, scores -> process of architectures -> expectations -> process of curves <- whole curves, prefixes
    prefixes -> process of curves alone -> measurements -> process of architectures

Axes: running, trainings with a prefix; row, of a pool; draw. Model's units, higher is better.

Source: whole curves, prefixes and new configurations in one model as in freeze-thaw, Swersky et al. 2014
(arXiv:1406.3896); two processes that read one another are this project's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from metanp.brief import brief
from metanp.curves.curves import Curves
from metanp.curves.neural import NeuralCurves
from metanp.distribution import Mixture
from metanp.reading import to_numpy

Rows = Int[np.ndarray, " row"]
SPREAD = 2.0  # standard deviation of ends before a curve is read: those of a context have 1, others lie further out
LEAST_OWN = 0.2  # share of a prediction's precision that is the curve's at least
FEW_LENGTHS = 8  # of prefixes that are read for others' sake
USUAL, PAIRS, ORDINARY, MOST_TRUST = 0.7, 10, 0.3, 1.5  # see `trust`; ORDINARY: variance of expectations
MOST_JOINED = 600  # prefixes that join the context: the surest


@dataclass(frozen=True)
class Read:
    """What curves alone say of the ends of a pool's trainings. rows: of the pool."""

    rows: Int[np.ndarray, " running"]
    mean: Float[np.ndarray, " running"]
    std: Float[np.ndarray, " running"]

    __repr__ = brief

    @classmethod
    def of(cls, predictor: NeuralCurves, curves: Curves) -> Read:
        """By a fitted predictor."""
        found = predictor.mixtures(curves, lengths=FEW_LENGTHS)
        rows = np.concatenate([np.zeros(0, dtype=int), *(rows for rows, _ in found)])
        return cls(rows, *_moments([mixture for _, mixture in found]))

    def measurements(self) -> tuple[Rows, Float[np.ndarray, " _"], Float[np.ndarray, " _"]]:
        """As measurements for a context: rows, values, and the variances of their errors; the surest."""
        precision = np.maximum(self.std**-2 - SPREAD**-2, LEAST_OWN * self.std**-2)
        surest = np.sort(np.argsort(-precision, kind="stable")[:MOST_JOINED])
        value = self.mean / self.std**2 / precision
        return self.rows[surest], value[surest], 1 / precision[surest]


def trust(
    expected: Float[np.ndarray, " known"], found: Float[np.ndarray, " known"], variance: Float[np.ndarray, " known"]
) -> float:
    """The factor by which expectations of ends are to be multiplied, from what was found of some of them.

    The slope of a regression, drawn to `USUAL` as by so many pairs as `PAIRS`; not below 0, and not far above 1. A pair
    weighs less where what was found is uncertain.

    Args:
        variance: of the error of `found`, whose ends have variance 1.
    """
    weight = 1 / (1 + variance)
    away = expected - np.average(expected, weights=weight) if len(expected) else expected
    prior = PAIRS * ORDINARY
    slope = (weight * away @ found + prior * USUAL) / (weight * away @ away + prior)
    return float(np.clip(slope, 0, MOST_TRUST))


@dataclass(frozen=True)
class Running:
    """The ends of the trainings of a pool. parts: rows of the pool, and the distributions of their ends."""

    parts: Sequence[tuple[Rows, Mixture]]

    __repr__ = brief

    def among(self, rows: Rows) -> Bool[np.ndarray, " row"]:
        """Which of these rows of the pool have an end here."""
        return np.isin(rows, np.concatenate([part for part, _ in self.parts]))

    def ends(self, rows: Rows) -> tuple[Rows, list[Mixture]]:
        """Positions in `rows` of those that have an end here, in some order, and their distributions in that order."""
        places, mixtures = [], []
        for known, mixture in self.parts:
            place = np.flatnonzero(np.isin(rows, known))
            if len(place):
                places.append(place)
                mixtures.append(_only(mixture, np.searchsorted(known, rows[place])))
        return np.concatenate([*places, np.zeros(0, dtype=int)]), mixtures


def moved(
    values: Float[np.ndarray, "draw running"], others: Sequence[Mixture], ends: Sequence[Mixture]
) -> Float[np.ndarray, "draw running"]:
    """Joint draws with the means and spreads of `ends` in the place of those of `others`, from which they are."""
    (mean, std), (own_mean, own_std) = _moments(others), _moments(ends)
    return own_mean + own_std * (values - mean) / std


def _only(mixture: Mixture, index: Rows) -> Mixture:
    at = torch.from_numpy(index).to(mixture.mean.device)
    parts = {name: getattr(mixture, name)[..., at] for name in ("mean", "std", "noise")}
    return replace(mixture, **parts)


def _moments(mixtures: Sequence[Mixture]) -> Float[np.ndarray, "2 row"]:
    """Means and standard deviations, one mixture after the other."""
    parts = [to_numpy(list(mixture.moments())) for mixture in mixtures]
    return np.concatenate([np.zeros((2, 0)), *parts], axis=1)
