"""Several readings of one training in one prediction of its end.

Without whole curves the process expects more change than there is: the order of last values, which expects none, is
mixed in, the more the later (`with_last`). Few whole curves tell less than what is expected of any curves. So the
reading of whole curves is mixed with the one without any, which counts as so many whole curves as `USUAL`
(`with_prior`).

A training has several quantities, such as validation accuracy and training loss. The process reads each alone, as if it
were the one whose end counts. How much each reading is worth is learned from whole curves, the end of each predicted
from the others: the shares of the other readings are those of least squared error, drawn to none of them as by so many
whole curves as `PAIRS` (`stacked`). Where the main quantity says all, its reading stays as it is; where it is measured
on few images and its noise is large, the training loss takes over.

Axes: config, whole curves; target; reading, the main quantity's first.

Source: stacked generalisation, Wolpert 1992, with Breiman's shares that are not negative (1996).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import nnls
from torch import Tensor

from metanp.brief import brief
from metanp.curves.curves import Curves
from metanp.distribution import Mixture

PAIRS = 15  # chosen on NAS-Bench-NLP as it is, and with noise added to its validation losses
UNCHANGED = 0.5  # share of last values at the end of a training; the three chosen by the same tables
USUAL = 10  # chosen on NAS-Bench-NLP, the surrogate of LCBench and two tasks of TaskSet
ENOUGH = 100  # whole curves, to which what is expected of any adds nothing (measured: .000 of tau)
FEWEST = 3  # whole curves from which on other quantities are read
LEAST = 1e-6  # of a mean square
NARROWEST = 0.5  # factor of standard deviations at most


@dataclass(frozen=True)
class Reading:
    """What one quantity says. mixture: of the ends of prefixes, of one task. left_out: of the end of each whole curve,
    from the others; NaN where this is not known. surprise: how far that end lay above it, in standard deviations."""

    mixture: Mixture
    left_out: Float[np.ndarray, " config"]
    surprise: Float[np.ndarray, " config"]

    __repr__ = brief

    def moved(self, mixture: Mixture, left_out: np.ndarray, end: np.ndarray, factor: float = 1.0) -> Reading:
        """Another expectation of the same whole curves, whose standard deviations are multiplied by a factor."""
        before, after = end - self.left_out, end - left_out
        deviation = factor * np.abs(before / np.where(self.surprise == 0, np.inf, self.surprise))
        surprise = np.divide(after, deviation, out=self.surprise.copy(), where=deviation > 0)
        return Reading(mixture, left_out, surprise)


def read_beside(starts: Curves, prefixes: Curves) -> list[str]:
    """Names of quantities beside the main one that are read: both have them, whole, and a search may know them."""
    shared = {quantity.name for quantity in prefixes.quantities}
    found = []
    for one in starts.quantities[1:]:
        usable = one.name in shared and one.unit != "s" and not one.name.startswith("test")
        first = int(prefixes.epochs[0] == 0)
        if usable and all(np.isfinite(curves.scores(one.name)[:, first:]).all() for curves in (starts, prefixes)):
            found.append(one.name)
    return found


def with_last(mixture: Mixture, last: Float[np.ndarray, " target"], seen: float) -> Mixture:
    """A reading without whole curves, mixed with the order of last values.

    Args:
        last: normal scores among the prefixes.
        seen: share of a whole curve, from 0 to 1.
    """
    mean = mixture.moments()[0][0]
    if len(last) < 2 or not last.any():
        return mixture
    ordered = mean.mean() + mean.std() * torch.as_tensor(last / last.std()).to(mean)
    return _towards(mixture, ordered, UNCHANGED * seen**0.5)


def _towards(mixture: Mixture, mean: Tensor, share: float) -> Mixture:
    """Moved to another mean by a share of the way, and widened as a mixture of the two would be."""
    apart = mean - mixture.moments()[0][0]
    wider = mixture.with_noise(share * (1 - share) * apart**2)
    return replace(wider, mean=mixture.mean + share * apart)


def with_prior(reading: Reading, prior: Mixture, end: Float[np.ndarray, " config"]) -> Reading:
    """A reading of whole curves, and the one without any.

    Args:
        prior: of the whole curves, then of the prefixes.
        end: of whole curves, in the model's units.
    """
    n, expected = len(end), prior.moments()[0][0].double().numpy()
    if not n or not np.isfinite(reading.left_out).all():
        return reading
    expected += (end - expected[:n]).mean()  # its unit is theirs, its zero is not
    share = USUAL / (USUAL + n)
    left_out = (1 - share) * reading.left_out + share * expected[:n]
    asked = torch.as_tensor(expected[n:]).to(reading.mixture.mean)
    return reading.moved(_towards(reading.mixture, asked, share), left_out, end)


def stacked(readings: Sequence[Reading], end: Float[np.ndarray, " config"]) -> Reading:
    """One reading of several. end: of whole curves, in the model's units."""
    main = readings[0]
    known = np.stack([one.left_out for one in readings], axis=1)
    if len(readings) < 2 or len(end) < FEWEST or not np.isfinite(known).all():
        return main
    share = shares(known, end)
    if not share.any():
        return main
    left_out = known @ np.r_[1 - share.sum(), share]
    before, after = end - known[:, 0], end - left_out
    factor = np.clip(np.sqrt((after @ after + LEAST) / (before @ before + LEAST)), NARROWEST, 1.0)
    return main.moved(_moved(readings, share, float(factor)), left_out, end, float(factor))


def shares(known: Float[np.ndarray, "config reading"], end: Float[np.ndarray, " config"]) -> np.ndarray:
    """(reading - 1,): of the readings other than the first; none is negative, and together they are at most 1."""
    apart = known[:, 1:] - known[:, :1]
    drawn = np.sqrt(PAIRS * max(float((apart**2).mean()), LEAST)) * np.eye(apart.shape[1])
    found, _ = nnls(np.vstack([apart, drawn]), np.r_[end - known[:, 0], np.zeros(apart.shape[1])])
    return found / max(1.0, found.sum())


def _moved(readings: Sequence[Reading], share: np.ndarray, factor: float) -> Mixture:
    """The main mixture, its parts moved to the joint mean and drawn together about it."""
    mixture, *others = (one.mixture for one in readings)
    middle = mixture.moments()[0]
    joint = middle + sum(
        weight * (other.moments()[0] - middle) for weight, other in zip(share.tolist(), others, strict=True)
    )
    mean = torch.as_tensor(joint)[:, None] + factor * (mixture.mean - middle[:, None])
    return replace(mixture, mean=mean, std=factor * mixture.std, noise=factor * mixture.noise)
