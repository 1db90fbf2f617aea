"""A search: every score in order of evaluation, and the best until then."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from metanp.brief import counted
from metanp.pictures.axes import Scale, left_of, legend, sensible_range, x_axis, y_axis
from metanp.pictures.colours import BLUE, GREY, ORANGE
from metanp.pictures.svg import Picture, dot, line, note, picture, plain, tag, words

WIDTH, RIGHT, TOP, BOTTOM = 460, 448, 74, 274
NEAR = 0.5  # interquartile ranges from the quartiles: a search is about its best scores, the worst are outside


def draw_search(scores: Sequence[float], maximize: bool, name: str = "") -> Picture:
    """A picture of the scores of the evaluated cells; `name` is of what was searched."""
    of = f" of {name}" if name else ""
    if not len(scores):
        return picture(WIDTH, 40, words(4, 24, "Nothing was evaluated yet"), f"search{of}, nothing evaluated yet")
    best = list(itertools.accumulate(scores, max if maximize else min))
    low, high = sensible_range([*scores, best[-1]], NEAR)
    room = 0.05 * (high - low)  # the best may be the outlier
    low, high = min(low, best[-1] - room), max(high, best[-1] + room)
    left = left_of(low, high)
    x, y = Scale(0.5, max(len(scores), 2) + 0.5, left, RIGHT), Scale(low, high, BOTTOM, TOP)
    title = f"Search{of}: {len(scores):,} evaluated, best {best[-1]:.5g}"
    parts = [
        words(4, 15, title, font_weight=600),
        x_axis(x, BOTTOM, BOTTOM, "evaluations"),
        y_axis(y, left, RIGHT, "score"),
    ]
    parts += [_mark(x(i), y, score, f"evaluation {i:,}: {score:.6g}") for i, score in enumerate(scores, start=1)]
    steps = f"M{plain(x(1))} {plain(y.within(best[0]))}"
    steps += "".join(f"H{plain(x(i))}V{plain(y.within(value))}" for i, value in enumerate(best[1:], start=2))
    parts.append(tag("path", d=steps, fill="none", stroke=ORANGE, stroke_width=2))
    marks = [(dot(0, 0, 3, BLUE), "evaluated"), (line(-9, 0, 9, 0, ORANGE, stroke_width=2), "best until then")]
    if beyond := sum(not y.holds(score) for score in scores):
        marks.append((tag("path", d="M-3 -3h6l-3 6z", fill=GREY), f"{beyond:,} outside"))
    parts.append(legend(marks, 36, 4, WIDTH)[0])
    return picture(WIDTH, BOTTOM + 42, "".join(parts), f"{title}; {counted(len(scores), 'score')} over time")


def _mark(x: float, y: Scale, score: float, tip: str) -> str:
    """A dot, or at the edge an arrow to where the score would be."""
    if y.holds(score):
        return dot(x, y(score), 2.6, BLUE, tip, fill_opacity=0.75)
    edge, height = (TOP, 6) if score > y.high else (BOTTOM, -6)
    return tag("path", note(tip), d=f"M{plain(x - 3)} {edge + height}h6l-3 {-height}z", fill=GREY)
