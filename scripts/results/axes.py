"""Axes of drawings: their ends, ticks and scale, from the values that are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from scripts.results.wording import duration

Form = Callable[[float], str]
Warp = tuple[Callable, Callable]  # from values to the even scale, and back
EVEN: Warp = (lambda x: x, lambda x: x)
LOG: Warp = (lambda x: np.log10(np.maximum(x, 1e-99)), lambda z: 10.0**z)
COUNT: Warp = (lambda n: np.log(n + 5), lambda z: np.exp(z) - 5)
FISHER: Warp = (lambda tau: np.arctanh(np.clip(tau, -0.9999, 0.9999)), np.tanh)
STEPS = (1, 2, 5, 10)
MANY = 20  # more numbers than this get rounded ticks
NEAREST = 0.09  # least distance of two ticks, as a share of an axis of counts
PLAIN: Form = "{:g}".format


@dataclass(frozen=True)
class Axis:
    """An axis. Only ticks between its ends are drawn."""

    title: str
    low: float
    high: float
    ticks: Collection[float] = ()
    form: Form = PLAIN
    warp: Warp = EVEN

    def within(self, values: Iterable[float]) -> np.ndarray:
        """The values, those beyond an end of the axis moved to it."""
        return np.clip(np.array([*values], dtype=float), self.low, self.high)


Made = Callable[[Collection[float]], Axis]  # makes an axis for all values that are drawn on it


def counts(numbers: Iterable[float], title: str) -> Axis:
    """A nearly logarithmic axis of labels or evaluations; of ticks that are too close, the ends and high ones stay."""
    known = sorted(set(numbers))
    low, high = known[0] - (len(known) == 1), known[-1]
    numbers = known if len(known) <= MANY else [step * 10**power for power in range(6) for step in STEPS[:3]]
    near = NEAREST * math.log((high + 5) / (low + 5))
    ticks: dict[float, float] = {}
    for tick in (high, known[0], *numbers[::-1]):
        place = math.log(tick + 5)
        if low <= tick <= high and all(abs(place - other) > near for other in ticks.values()):
            ticks[tick] = place
    return Axis(title, low, high, ticks, warp=COUNT)


def tau(values: Collection[float]) -> Axis:
    """An axis that is even in Fisher's z, so that differences near 1 are visible; it starts above very low values."""
    low, high = max(min(values), float(np.quantile([*values], 0.05)) - 0.05), max(values)
    room = 0.03 * max(high - low, 0.01)
    ends = low - room, min(high + room, 1.0)
    ticks = np.round(MaxNLocator(8, steps=STEPS).tick_values(*ends), 3)
    return Axis("Kendall tau", *ends, ticks, lambda tick: f"{tick:g}".replace("-", "−"), FISHER)


def even(values: Collection[float], title: str, low: float | None = None, form: Form = PLAIN) -> Axis:
    """An even axis; without `low`, it starts above the lowest tenth of the values."""
    low, high = float(np.quantile([*values], 0.1)) if low is None else low, max(values)
    high += max(0.03 * (high - low), 1e-9)
    return Axis(title, low, high, np.round(MaxNLocator(6, steps=STEPS).tick_values(low, high), 10), form)


def log(values: Collection[float], title: str, form: Form = PLAIN, deepest: float = 0.0) -> Axis:
    """A logarithmic axis from the lowest value above zero and above `deepest` times the highest."""
    above = [value for value in values if value > max(0, deepest * max(values))] or [1.0]
    low, high = min(above), max(*above, 1.01 * min(above))
    subs = (1.0,) if high > 300 * low else (1.0, 2.0, 5.0)
    return Axis(title, low, high, LogLocator(subs=subs, numticks=99).tick_values(low, high), form, LOG)


def seconds(values: Collection[float], title: str) -> Axis:
    """A logarithmic axis of times, of whole decades."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return log([10.0**low, 10.0 ** max(high, low + 1)], title, duration)
