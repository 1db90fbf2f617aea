"""Predictions against what was measured: a point a cell, its 90 % interval, and the diagonal where both agree.

Cells outside a sensible range are counted instead of shown, so that a few failed trainings do not squeeze all others
into a corner.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from metanp.brief import counted
from metanp.pictures.axes import Scale, left_of, legend, sensible_range, x_axis, y_axis
from metanp.pictures.colours import BLUE, ORANGE
from metanp.pictures.svg import Picture, dot, line, picture, words

WIDTH, RIGHT, TOP, BOTTOM = 460, 448, 74, 394
PERCENT = 90
Values = Float[np.ndarray, " cell"]


def draw_predictions(measured: Values, mean: Values, lower: Values, upper: Values) -> Picture:
    """A picture; cells whose measurement is NaN are left out.

    Raises:
        ValueError: no measurement for some cell, or none that is a number.
    """
    measured = np.asarray(measured, dtype=np.float64)
    if measured.shape != mean.shape:
        raise ValueError(f"{len(mean)} cells were predicted, but measured has shape {measured.shape}")
    known = np.flatnonzero(np.isfinite(measured))
    if not len(known):
        raise ValueError("nothing to plot: no cell was measured")
    low, high = sensible_range(np.concatenate([measured[known], mean[known]]))
    left = left_of(low, high)
    x, y = Scale(low, high, left, RIGHT), Scale(low, high, BOTTOM, TOP)
    shown = [i for i in known if x.holds(measured[i]) and y.holds(mean[i])]
    lines = [
        line(x(measured[i]), y.within(lower[i]), x(measured[i]), y.within(upper[i]), BLUE, stroke_opacity=0.22)
        for i in shown
    ]
    dots = [
        dot(x(measured[i]), y(mean[i]), 2.2, BLUE, f"cell {i:,}: predicted {mean[i]:.5g}, measured {measured[i]:.5g}")
        for i in shown
    ]
    inside = np.mean((lower <= measured) & (measured <= upper), where=np.isfinite(measured))
    parts = [
        words(4, 15, f"Predicted and measured score of {counted(len(known), 'cell')}", font_weight=600),
        x_axis(x, TOP, BOTTOM, "measured"),
        y_axis(y, left, RIGHT, "predicted"),
        *lines,
        line(x(low), y(low), x(high), y(high), ORANGE, stroke_width=1.5, stroke_dasharray="5 4"),
        *dots,
    ]
    marks = [
        (dot(0, 0, 3, BLUE), "predicted mean"),
        (line(0, -8, 0, 8, BLUE, stroke_width=1.5, stroke_opacity=0.6), f"{PERCENT} % interval"),
        (line(-9, 0, 9, 0, ORANGE, stroke_width=1.5, stroke_dasharray="5 4"), "equal"),
    ]
    summary = f"{inside:.0%} of the cells are inside of their interval"
    if missing := len(known) - len(shown):
        summary += f"; {missing:,} outside of the picture"
    parts += [legend(marks, 36, 4, WIDTH)[0], words(4, BOTTOM + 56, summary, opacity=0.8)]
    return picture(WIDTH, BOTTOM + 66, "".join(parts), f"predicted and measured score of {counted(len(known), 'cell')}")
