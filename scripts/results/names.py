"""Where names of a drawing stand: in short lines, whole, beside what they name, never over one another.

Lengths are in units of the drawing, about a pixel; y grows upwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from textwrap import wrap

import numpy as np
from sklearn.isotonic import isotonic_regression

LETTER, PITCH, GAP = 6.0, 12.5, 3.0  # a generous width of a letter, from one line to the next, between names
BESIDE = 132  # of names beside marks
REACHES = (13, 24, 36, 50, 66, 84)  # from the middle of a mark to its name
TURNS = (0, 4, 2, 6, 1, 7, 3, 5)  # eighths of a circle, those first that read best
Point = tuple[float, float]
Place = tuple[float, float, str]  # x and y of the middle of a text, and which side of it x is


def folded(text: str, width: float) -> list[str]:
    """Lines of a name, all of it."""
    return wrap(text, int(width / LETTER), break_on_hyphens=False) or [""]


def tall(texts: Iterable[str], width: float) -> list[float]:
    """How high names are."""
    return [PITCH * len(folded(text, width)) + GAP for text in texts]


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> np.ndarray:
    """Middles of names nearest to those wanted, in their order and apart; within [low, high] if they fit."""
    order = np.lexsort([-np.arange(len(wanted)), np.asarray(wanted)])  # of equal ones, the first is the highest
    sizes = np.asarray(heights)[order]
    packed = np.cumsum(sizes) - sizes / 2
    nearest = isotonic_regression(np.asarray(wanted)[order] - packed) if len(order) else packed
    return (np.clip(nearest, low, max(high - sizes.sum(), low)) + packed)[np.argsort(order)]


def beside(points: Sequence[Point], texts: Sequence[str], ends: Sequence[float]) -> Iterator[Place | None]:
    """For each point where its name stands within these ends; None where the names before took all places near it.

    ends: left, lower, right and upper.
    """
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in points]
    for (x, y), text in zip(points, texts, strict=True):
        lines = folded(text, BESIDE)
        wide, high = LETTER * max(map(len, lines)), PITCH * len(lines)
        for reach, turn in product(REACHES, TURNS):
            right, up = (round(f(turn * math.pi / 4), 9) for f in (math.cos, math.sin))
            at, middle = x + reach * right, y + (reach + high / 2 - 4) * up
            side, share = ("left", 0.0) if right > 0 else ("right", 1.0) if right < 0 else ("center", 0.5)
            box = (at - wide * share, middle - high / 2, at + wide * (1 - share), middle + high / 2)
            inside = ends[0] <= box[0] and ends[1] <= box[1] and box[2] <= ends[2] and box[3] <= ends[3]
            if inside and not any(_meet(box, other) for other in taken):
                taken.append(box)
                yield at, middle, side
                break
        else:
            yield None


def _meet(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
