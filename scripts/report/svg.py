"""Small drawings in SVG text: elements, scales, axes, and labels that do not cover one another.

Colours are classes, given by the page's style sheet, so that a drawing follows light and dark. Lengths are in units of
the drawing, about a pixel; y grows downwards. Nothing here knows a predictor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from metanp.pictures.axes import Scale
from metanp.pictures.svg import note, plain, tag, words

__all__ = [
    "Axis",
    "Scale",
    "decades",
    "drawing",
    "frame",
    "note",
    "path",
    "place_labels",
    "spread",
    "tag",
    "words",
]

LETTER = 6.0  # a generous mean width of a letter of the 10.5 px labels


def decades(low: float, high: float) -> list[float]:
    """Powers of ten within."""
    return [10.0**e for e in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)]


@dataclass(frozen=True)
class Axis:
    """A scale, its ticks with what is written at them, and its title."""

    scale: Scale
    ticks: Sequence[tuple[float, str]]
    title: str


def drawing(width: float, height: float, content: str, alternative: str) -> str:
    """A whole drawing; `alternative` is what is read out instead of it."""
    return tag("svg", content, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=alternative)


def path(points: Sequence[tuple[float, float]]) -> str:
    """A polyline's path data."""
    return "M" + "L".join(f"{plain(x)} {plain(y)}" for x, y in points)


def frame(x: Axis, y: Axis) -> str:
    """Grid lines, tick labels and titles of two axes; y's scale starts at the bottom."""
    left, right, bottom, top = x.scale.start, x.scale.end, y.scale.start, y.scale.end
    parts = []
    for value, label in y.ticks:
        at = y.scale(value)
        parts += [tag("path", d=f"M{left:g} {plain(at)}H{right:g}", class_="grid")]
        parts += [words(left - 7, at + 3.5, label, class_="tick end")]
    for value, label in x.ticks:
        at = x.scale(value)
        parts += [tag("path", d=f"M{plain(at)} {bottom:g}v4", class_="axis")]
        parts += [words(at, bottom + 16, label, class_="tick mid")]
    parts += [tag("path", d=f"M{left:g} {bottom:g}H{right:g}", class_="axis")]
    parts += [words((left + right) / 2, bottom + 35, x.title, class_="label mid")]
    parts += [words(left - 36, top - 12, y.title, class_="label")]
    return "".join(parts)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places of labels, in the order given: near those wanted, apart by `gap`, within [low, high] if they fit."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places = [0.0] * len(wanted)
    floor = low
    for index in order:
        places[index] = max(wanted[index], floor)
        floor = places[index] + gap
    ceiling = high
    for index in reversed(order):
        places[index] = min(places[index], ceiling)
        ceiling = places[index] - gap
    return places


def place_labels(
    points: Sequence[tuple[float, float]], texts: Sequence[str], right: float
) -> list[tuple[float, float] | None]:
    """For each point where its label begins, beside, above or below it; None where all places are taken.

    Labels are placed in the order given, none beyond `right`.
    """
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in points]
    found: list[tuple[float, float] | None] = []
    for (x, y), text in zip(points, texts, strict=True):
        width = LETTER * len(text)
        offsets = [(11, 4), (-width - 9, 4), (-width / 2, -11), (-width / 2, 19), (8, -7), (8, 15), (-width - 7, -7)]
        boxes = [(x + dx, y + dy - 9, x + dx + width, y + dy + 2) for dx, dy in offsets]
        own = (x - 6, y - 6, x + 6, y + 6)
        free = (b for b in boxes if b[2] <= right and b[0] >= 40 and not any(_meet(b, t) for t in taken if t != own))
        box = next(free, None)
        taken += [box] if box else []
        found.append((box[0], box[1] + 9) if box else None)
    return found


def _meet(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
