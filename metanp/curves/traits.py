"""What a prefix says, in numbers of one scale: what the neural process of curves reads (`metanp.curves.neural`).

Numbers of prefixes of one length (`NUMBERS`) become normal scores among all prefixes of that length, so that units and
heavy tails do not matter; the first `AGAIN` also on the scale of the whole curves alone, on which their ends are, too.

Axes: config, epoch as in `metanp.curves.curves`; trait.

Source: normal scores as in `metanp.score_transform`; the choice of numbers is this project's.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from metanp.score_transform import ScoreTransform

Prefixes = Float64[np.ndarray, "config epoch"]
Traits = Float64[np.ndarray, "config trait"]

FURTHEST = 4.0  # traits are clipped to this
LEVELS = ("last", "last_quarter", "best", "ahead", "at_75", "at_50", "at_25", "first", "mean", "worst")
SHAPES = ("gain_50", "gain_25", "roughness", "below_best", "slope", "step_spread")
NUMBERS = LEVELS + SHAPES
AGAIN = 4
N_TRAITS = len(NUMBERS) + AGAIN
N_KINDS = 5


def traits(whole: Prefixes, prefixes: Prefixes, horizon: int, peers: bool = True) -> tuple[Traits, Traits]:
    """Of the starts of whole curves, and of prefixes of the same length.

    Args:
        whole, prefixes: scores, higher is better, all finite, one column an epoch.
        horizon: epochs of a whole curve.
        peers: whether scales are those of all; of the whole curves alone where False.
    """
    numbers, known = _numbers(np.concatenate([whole, prefixes]), horizon), len(whole)
    columns = [_normal(column if peers else column[:known], column) for column in numbers.T]
    for j in range(AGAIN):
        own = numbers[:known, j]
        columns.append(_normal(own, numbers[:, j]) if len(np.unique(own)) > 1 else columns[j])
    found = np.stack(columns, axis=1)
    return found[:known], found[known:]


def kinds(length: int, horizon: int, known: int, guessed: bool) -> Float64[np.ndarray, " kind"]:
    """What all prefixes of a length share: how long they are, how long a whole curve is, how many of these there are,
    whether architectures say something, too.

    (`N_KINDS`,), each about 0 to 1.
    """
    return np.array([length / horizon, np.log(length) / 5, np.log(horizon) / 5, np.log1p(known) / 5, float(guessed)])


def _numbers(scores: Prefixes, horizon: int) -> Traits:
    """`NUMBERS` of prefixes of one length, in the unit of the scores."""
    length = scores.shape[1]
    last, best = scores[:, -1], scores.max(1)
    at_75, at_50, at_25 = (scores[:, int(np.ceil(share * length)) - 1] for share in (0.75, 0.5, 0.25))
    slope = _slope(scores)
    ahead = _end_of_line(scores, slope, horizon)
    steps = np.diff(scores, axis=1) if length > 1 else np.zeros((len(scores), 1))
    bends = np.diff(steps, axis=1) if length > 2 else np.zeros((len(scores), 1))
    level = (last, scores[:, -max(1, length // 4) :].mean(1), best, ahead, at_75, at_50, at_25, scores[:, 0])
    shape = (last - at_50, last - at_75, np.abs(bends).mean(1), best - last, slope, steps.std(1))
    return np.stack([*level, scores.mean(1), scores.min(1), *shape], axis=1)


def _half(length: int) -> int:
    """Columns of the second half, two where there are two."""
    return min(length, max(2, length // 2))


def _slope(scores: Prefixes) -> Float64[np.ndarray, " config"]:
    """Of the second half over the logarithm of the epoch, by least squares; 0 of a single value."""
    length, half = scores.shape[1], _half(scores.shape[1])
    if length == 1:
        return np.zeros(len(scores))
    time = np.log(np.arange(length - half, length) + 1.0)
    time -= time.mean()
    return scores[:, -half:] @ time / (time @ time)


def _end_of_line(
    scores: Prefixes, slope: Float64[np.ndarray, " config"], horizon: int
) -> Float64[np.ndarray, " config"]:
    """Where the line through the second half is at the end of a whole curve."""
    length, half = scores.shape[1], _half(scores.shape[1])
    time = np.log(np.arange(length - half, length) + 1.0)
    return scores[:, -half:].mean(1) + slope * (np.log(horizon) - time.mean())


def _normal(known: Float64[np.ndarray, " known"], values: Float64[np.ndarray, " config"]) -> np.ndarray:
    """Values as normal scores among known ones; 0 where all of these are the same."""
    if len(np.unique(known)) < 2:
        return np.zeros(len(values))
    return np.clip(ScoreTransform.fit(known).forward(values), -FURTHEST, FURTHEST)
