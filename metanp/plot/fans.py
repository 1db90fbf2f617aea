"""Trainings that run: each curve as far as it was measured, and from there a fan to where its end is expected.

What is predicted is the end alone. The sides of a fan are straight lines from the last measured value to quantiles of
the end; they say nothing of the epochs between.

Axes: config, epoch, as in `metanp.curves`; in the unit of the curves, losses as losses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from metanp.curves import CurvePredictor, Curves
from metanp.given import InputError, read_count, shown
from metanp.plot.style import COLOURS, MARKS, drawn_into, finish
from metanp.predicted import Predicted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 12  # curves in one plot
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)  # quantiles of a fan


def curves(
    started: Curves,
    ends: CurvePredictor | Predicted,
    last_epoch: int,
    whole: Curves | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Draw prefixes of learning curves, the median that is predicted of each end, and its 50 % and 90 % intervals.

    Args:
        started: at most 12 curves as far as they were measured, at least one epoch each.
        ends: a fitted predictor of curves, which is asked about `started`; or a distribution of each end in the unit of
            the curves, such as `model.predict_distribution(cells, curves=started)`.
        last_epoch: of the trainings; the end is the value after it.
        whole: the same curves to their ends, drawn thin, where they are known.
        axes: to draw into; a new figure unless given.

    Raises:
        ImportError: matplotlib is missing; says how to install it.
        InputError: `started` or `ends` is none of these, or no axes.
        ValueError: no curve or too many, one that has not started or has failed, one that is longer than `last_epoch`,
            another number of ends or of whole curves; names the curve. As the predictor's `quantile`.
    """
    _check(started, last_epoch := read_count(last_epoch, "last_epoch"), whole)
    fans = _quantiles(started, ends)
    axes = drawn_into(axes)
    for i, row in enumerate(started.values[:, 0]):
        colour, n = COLOURS[i % len(COLOURS)], started.observed[i]
        at, value = started.epochs[:n], row[:n]
        if whole is not None:
            axes.plot(whole.epochs, whole.values[i, 0], color=colour, lw=0.8, alpha=0.7, ls="--")
        reach = [at[-1], last_epoch]
        for outer, alpha in ((0, 0.14), (1, 0.22)):
            low, high = fans[[outer, -1 - outer], i]
            axes.fill_between(reach, [value[-1], low], [value[-1], high], color=colour, alpha=alpha, lw=0)
        axes.plot(at, value, color=colour, lw=1.8)
        axes.plot(last_epoch, fans[2, i], MARKS[i // len(COLOURS) % len(MARKS)], color=colour, ms=5, clip_on=False)
    _legend(axes, whole is not None)
    axes.grid(axis="y", alpha=0.25)
    name = f"{started.main.name.replace('_', ' ')}, {started.main.unit}"
    return finish(axes, "epoch", name)


def _check(started: Curves, last: int, whole: Curves | None) -> None:
    for name, some in (("started", started), ("whole", whole)):
        if not isinstance(some, Curves) and not (name == "whole" and some is None):
            raise InputError(f"{name} is {shown(some)} ({type(some).__name__}); give metanp.curves.Curves")
    if not 1 <= len(started) <= MOST:
        raise ValueError(f"{len(started)} curves to draw; give 1 to {MOST}, such as started[:{MOST}]")
    if whole is not None and len(whole) != len(started):
        raise ValueError(f"{len(started)} started curves and {len(whole)} whole ones; give the same curves in both")
    for i, n in enumerate(started.observed):
        if not n or started.failed[i]:
            raise ValueError(f"curve {i} has {'failed' if n else 'no epoch'}; leave it out")
        if started.epochs[n - 1] > last:
            raise ValueError(
                f"curve {i} was measured until epoch {started.epochs[n - 1]}, beyond last_epoch {last}; "
                "give the last epoch of the trainings"
            )


def _quantiles(started: Curves, ends: CurvePredictor | Predicted) -> Float[np.ndarray, "quantile config"]:
    """In the unit of the curves, the lowest probability first."""
    if isinstance(ends, Predicted):
        if len(ends) != len(started):
            raise ValueError(f"{len(started)} curves, but distributions of {len(ends)} ends; give one a curve")
        return ends.quantiles(SHARES)
    if not isinstance(ends, CurvePredictor):
        raise InputError(
            f"ends is {shown(ends)} ({type(ends).__name__}); "
            "give a fitted predictor of metanp.curves, or model.predict_distribution(...)"
        )
    scores = np.stack([ends.quantile(started, share) for share in SHARES])
    return scores if started.main.maximize else -scores[::-1]


def _legend(axes: Axes, whole: bool) -> None:
    """Entries without colour: what a line, a fan and a mark mean in all colours."""
    axes.plot([], [], color=COLOURS[-1], lw=1.8, label="measured")
    axes.fill_between([], [], [], color=COLOURS[-1], alpha=0.35, lw=0, label="50 and 90 % of ends")
    axes.plot([], [], MARKS[0], color=COLOURS[-1], ms=5, label="median end")
    if whole:
        axes.plot([], [], color=COLOURS[-1], lw=0.8, ls="--", label="the whole curve")
