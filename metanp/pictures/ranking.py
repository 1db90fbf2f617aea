"""The first places of a ranking: means, 90 % intervals, and what was measured where that is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metanp.brief import counted
from metanp.pictures.axes import SMALL, Scale, legend, x_axis
from metanp.pictures.colours import BLUE, ORANGE
from metanp.pictures.subjects import Places
from metanp.pictures.summary import in_words
from metanp.pictures.svg import Picture, dot, line, note, picture, tag, words

WIDTH, ROW, TOP, LEFT, RIGHT = 460, 22, 44, 96, 388
MOST = 30  # places that are shown


def draw_ranking(ranking: Places, measured: Sequence[float] | np.ndarray | None = None) -> Picture:
    """See `metanp.Ranking.plot`."""
    k = len(ranking.cells)
    title = ranking.title or f"The best {k:,} by predicted score"
    if not k:
        return picture(WIDTH, 40, words(4, 24, "The ranking is empty"), "empty ranking")
    shown = range(min(k, MOST))
    true = None if measured is None else np.asarray(measured, dtype=np.float64)[ranking.index]
    scale = _scale([ranking.lower, ranking.upper, *([] if true is None else [true])], len(shown))
    bottom = TOP + ROW * len(shown) + 4
    parts = [
        words(4, 15, title, font_weight=600),
        words(4, 35, "rank, candidate", font_size=SMALL, opacity=0.8),
        words(WIDTH - 4, 35, f"P(top {k:,})", text_anchor="end", font_size=SMALL, opacity=0.8),
        x_axis(scale, TOP - 4, bottom, "score"),
        *(_row(ranking, true, i, scale) for i in shown),
    ]
    marks = [
        (dot(0, 0, 4, BLUE), "predicted mean"),
        (line(-9, 0, 9, 0, BLUE, stroke_width=2.5, stroke_opacity=0.55), "90 % interval"),
    ]
    if true is not None:
        marks.append((_ring(0, 0), "measured"))
    drawn, height = legend(marks, bottom + 54, 4, WIDTH)
    end = bottom + 54 + height - 8
    if k > len(shown):
        drawn += words(4, end + 10, f"and {counted(k - len(shown), 'more place')}", opacity=0.8)
        end += 18
    return picture(WIDTH, end, "".join(parts) + drawn, f"{title}, with 90 % intervals")


def _scale(numbers: Sequence[np.ndarray], shown: int) -> Scale:
    known = np.concatenate([some[:shown] for some in numbers])
    low, high = float(np.nanmin(known)), float(np.nanmax(known))
    room = 0.04 * (high - low) or 1.0
    return Scale(low - room, high + room, LEFT, RIGHT)


def _row(ranking: Places, true: np.ndarray | None, i: int, scale: Scale) -> str:
    y = TOP + ROW * i + ROW / 2
    mean, lower, upper = ranking.mean[i], ranking.lower[i], ranking.upper[i]
    cell = ranking.cells[i]
    tip = f"{in_words(cell.names, len(cell.edges))}; predicted {mean:.5g}, 90 %: {lower:.5g} to {upper:.5g}"
    parts = [
        note(tip),
        words(4, y + 4, f"{i + 1}", font_weight=600),
        words(LEFT - 10, y + 4, f"{ranking.index[i]:,}", text_anchor="end", opacity=0.8),
        line(scale(lower), y, scale(upper), y, BLUE, stroke_width=2.5, stroke_opacity=0.55, stroke_linecap="round"),
        dot(scale(mean), y, 4, BLUE),
        words(WIDTH - 4, y + 4, f"{ranking.p_top[i]:.2f}", text_anchor="end"),
    ]
    if true is not None and np.isfinite(true[i]):
        parts.append(_ring(scale(true[i]), y, f"measured {true[i]:.5g}"))
    return tag("g", "".join(parts))


def _ring(x: float, y: float, title: str = "") -> str:
    return dot(x, y, 4.5, "none", title, stroke=ORANGE, stroke_width=2)
