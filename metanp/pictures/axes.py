"""Scales, axes and legends of plots."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from metanp.pictures.svg import LETTER, TEXT, line, words

OUTLYING = 3.0
SMALL = 11  # font size of ticks


@dataclass(frozen=True)
class Scale:
    """Numbers to positions, linear after `warp`."""

    low: float
    high: float
    start: float
    end: float
    warp: Callable[[float], float] = float

    def __call__(self, value: float) -> float:
        low, high, at = map(self.warp, (self.low, self.high, value))
        return self.start + (self.end - self.start) * ((at - low) / (high - low) if high > low else 0.5)

    def holds(self, value: float) -> bool:
        """Whether a number is on the axis."""
        return self.low <= value <= self.high

    def within(self, value: float) -> float:
        """The position of a number, or of the nearer end of the axis for one outside."""
        return self(min(max(value, self.low), self.high))


def sensible_range(values: Sequence[float] | np.ndarray, outlying: float = OUTLYING) -> tuple[float, float]:
    """Ends of an axis for these values with a little room, without outliers; of equal values, some room around them.

    outlying: in interquartile ranges from the quartiles; what is further out does not widen the axis.
    """
    values = np.asarray(values, dtype=np.float64)
    first, third = np.quantile(values, (0.25, 0.75))
    reach = outlying * (third - first) or np.inf
    inside = values[(values >= first - reach) & (values <= third + reach)]
    low, high = float(inside.min()), float(inside.max())
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room


def ticks(low: float, high: float, about: int = 6) -> list[tuple[float, str]]:
    """Round numbers between the ends, and how they are written."""
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(i * step, written(i * step, step)) for i in range(first, last + 1)]


def fitting_ticks(scale: Scale) -> list[tuple[float, str]]:
    """As many ticks as fit next to one another, about six at most."""
    room = abs(scale.end - scale.start)
    for about in (6, 4, 3, 2):
        found = ticks(scale.low, scale.high, about)
        if sum(letters(label, SMALL) + 14 for _, label in found) <= room:
            return found
    return ticks(scale.low, scale.high, 1)[:1]


def written(value: float, step: float) -> str:
    """A number with the digits that steps of this size need."""
    if 1e-5 <= step < 1e6:
        return f"{value:,.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"
    digits = 1 + math.ceil(math.log10(abs(value) / step) + 1e-9) if value else 1
    return f"{value:.{max(2, digits)}g}"


def letters(text: str, size: float = TEXT) -> float:
    """A generous length of a text."""
    return LETTER * len(text) * size / TEXT


def left_of(low: float, high: float) -> float:
    """Where an axis begins so that the numbers next to it fit."""
    return 14 + max((letters(label, SMALL) for _, label in ticks(low, high)), default=0.0)


def x_axis(scale: Scale, top: float, bottom: float, title: str) -> str:
    """Grid lines from `top` to `bottom`, numbers and a title below."""
    parts = []
    for value, label in fitting_ticks(scale):
        parts.append(line(scale(value), top, scale(value), bottom, stroke_opacity=0.12))
        parts.append(words(scale(value), bottom + 15, label, text_anchor="middle", font_size=SMALL, opacity=0.8))
    parts.append(words((scale.start + scale.end) / 2, bottom + 32, title, text_anchor="middle"))
    return "".join(parts)


def y_axis(scale: Scale, left: float, right: float, title: str) -> str:
    """Grid lines from `left` to `right`, numbers next to them and a horizontal title above."""
    parts = []
    for value, label in ticks(scale.low, scale.high):
        parts.append(line(left, scale(value), right, scale(value), stroke_opacity=0.12))
        parts.append(words(left - 6, scale(value) + 4, label, text_anchor="end", font_size=SMALL, opacity=0.8))
    parts.append(words(4, scale.end - 10, title))
    return "".join(parts)


def legend(marks: Sequence[tuple[str, str]], y: float, left: float, right: float) -> tuple[str, float]:
    """Marks and their texts in lines from `left` to `right`; also the height of the legend.

    marks: an element drawn around (0, 0), at most 20 wide, and what it stands for.
    """
    parts, x, row = [], left, 0
    for mark, text in marks:
        width = 26 + letters(text)
        if x > left and x + width > right:
            x, row = left, row + 1
        at = y + 18 * row
        parts.append(f'<g transform="translate({x + 10:g} {at - 4:g})">{mark}</g>')
        parts.append(words(x + 24, at, text))
        x += width + 10
    return "".join(parts), 18.0 * (row + 1)
