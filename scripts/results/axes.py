"""Axes of drawings, made of the numbers that go on them: ends, ticks, and what is even."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from scripts.results.wording import duration

Form = Callable[[float], str]
Warp = tuple[Callable, Callable]  # to what is even, and back
EVEN: Warp = (lambda x: x, lambda x: x)
LOG: Warp = (lambda x: np.log10(np.maximum(x, 1e-99)), lambda z: 10.0**z)
COUNT: Warp = (lambda n: np.log(n + 5), lambda z: np.exp(z) - 5)
FISHER: Warp = (lambda tau: np.arctanh(np.clip(tau, -0.9999, 0.9999)), np.tanh)
STEPS = (1, 2, 5, 10)
MANY = 20  # numbers that are not ticks themselves
NEAREST = 0.09  # of an axis of counts, between two ticks, so that they do not meet
PLAIN: Form = "{:g}".format


@dataclass(frozen=True)
class Axis:
    """An axis; of its ticks only those between its ends are drawn."""

    title: str
    low: float
    high: float
    ticks: Collection[float] = ()
    form: Form = PLAIN
    warp: Warp = EVEN

    def within(self, values: Iterable[float]) -> np.ndarray:
        """Values, or the end of the axis that is next to them."""
        return np.clip(np.array([*values], dtype=float), self.low, self.high)


Made = Callable[[Collection[float]], Axis]  # of all numbers that go on it


def counts(numbers: Iterable[float], title: str) -> Axis:
    """Labels or evaluations, nearly even in their logarithm; of ticks that would meet, the ends and high ones stay."""
    known = sorted(set(numbers))
    low, high = known[0] - (len(known) == 1), known[-1]
    wanted = known if len(known) <= MANY else [step * 10**power for power in range(6) for step in STEPS[:3]]
    near = NEAREST * math.log((high + 5) / (low + 5))
    ticks: dict[float, float] = {}
    for tick in (high, known[0], *wanted[::-1]):
        place = math.log(tick + 5)
        if low <= tick <= high and all(abs(place - other) > near for other in ticks.values()):
            ticks[tick] = place
    return Axis(title, low, high, ticks, warp=COUNT)


def tau(values: Collection[float]) -> Axis:
    """Even in Fisher's z, so that differences near 1 are seen; those far below all others lie under its start."""
    low, high = max(min(values), float(np.quantile([*values], 0.05)) - 0.05), max(values)
    room = 0.03 * max(high - low, 0.01)
    ends = low - room, min(high + room, 1.0)
    ticks = np.round(MaxNLocator(8, steps=STEPS).tick_values(*ends), 3)
    return Axis("Kendall tau", *ends, ticks, lambda tick: f"{tick:g}".replace("-", "−"), FISHER)


def even(values: Collection[float], title: str, low: float | None = None, form: Form = PLAIN) -> Axis:
    """Without `low`, the lowest tenth of the values lies under its start."""
    low, high = float(np.quantile([*values], 0.1)) if low is None else low, max(values)
    high += max(0.03 * (high - low), 1e-9)
    return Axis(title, low, high, np.round(MaxNLocator(6, steps=STEPS).tick_values(low, high), 10), form)


def log(values: Collection[float], title: str, form: Form = PLAIN, deepest: float = 0.0) -> Axis:
    """From the lowest value above zero, or above `deepest` of the highest; 2 and 5 are ticks where decades are few."""
    above = [value for value in values if value > max(0, deepest * max(values))] or [1.0]
    low, high = min(above), max(*above, 1.01 * min(above))
    subs = (1.0,) if high > 300 * low else (1.0, 2.0, 5.0)
    return Axis(title, low, high, LogLocator(subs=subs, numticks=99).tick_values(low, high), form, LOG)


def seconds(values: Collection[float], title: str) -> Axis:
    """Whole decades, one at least."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return log([10.0**low, 10.0 ** max(high, low + 1)], title, duration)
