"""Plots of a leaderboard page: a metric over numbers of labels, and predicted against true ranks.

MetaNP has the accent colour and a thick line, every other predictor the muted colour of its family; what belongs to a
predictor is a group with `data-p`, its id, which the page's script lights up together with its row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from scripts.report.svg import Axis, Scale, decades, drawing, frame, note, path, spread, tag, words
from scripts.report.wording import OURS, Described, short_titles

WIDTH, HEIGHT = 620, 430
LEFT, RIGHT, TOP, BOTTOM = 46, 446, 30, 385  # of the plane of a line plot; names stand on its right
PANEL, SHOWN = 120, 200  # side of a panel of predicted ranks, and the most cells drawn in it


@dataclass(frozen=True)
class Look:
    """How a predictor is drawn; `colour` is a class of the style sheet."""

    title: str
    label: str
    colour: str


@dataclass(frozen=True)
class Line:
    """Numbers of labels, values there and halves of their intervals, if those are to be drawn."""

    labels: Sequence[int]
    values: Sequence[float]
    halves: Sequence[float] = ()


def looks(predictors: Mapping[str, Described]) -> dict[str, Look]:
    """Ours in the accent, families in the order in which they come."""
    families = list(dict.fromkeys(p.family for name, p in predictors.items() if name != OURS))
    labels = short_titles(predictors)
    return {
        name: Look(p.title, labels[name], "ours" if name == OURS else f"f{families.index(p.family) % 8}")
        for name, p in predictors.items()
    }


def lines(found: Mapping[str, Line], looks: Mapping[str, Look], title: str, log: bool = False) -> str:
    """A line a predictor over a logarithmic axis of labels, names on the right where it ends.

    What lies far below all others is cut off at the axis; its name says its last value.
    """
    ticks = sorted({labels for line in found.values() for labels in line.labels})
    scale = Scale(ticks[0], ticks[-1], LEFT, RIGHT, warp=lambda n: math.log(n + 5))
    x = Axis(scale, [(n, str(n)) for n in _apart(ticks, scale)], "labels")
    values = [value for line in found.values() for value in line.values]
    y = _top_axis(values, title) if log else tau_axis(values)
    ends = {name: y.scale(min(max(line.values[-1], y.scale.low), y.scale.high)) for name, line in found.items()}
    places = dict(zip(ends, spread(list(ends.values()), 12, TOP, BOTTOM + 20), strict=True))
    order = sorted(found, key=lambda name: name == OURS)  # ours last, on top
    drawn = [_line(name, found[name], looks[name], (x.scale, y.scale), (ends[name], places[name])) for name in order]
    told = f"{title} over numbers of labels, one line a predictor; the same numbers are in the table above."
    return drawing(WIDTH, HEIGHT, frame(x, y) + "".join(drawn), told)


def _apart(ticks: Sequence[int], scale: Scale) -> list[int]:
    """Numbers of labels that have room on the axis."""
    kept = [ticks[-1]]
    for tick in reversed(ticks[:-1]):
        if scale(kept[-1]) - scale(tick) > 24:
            kept.append(tick)
    return kept[::-1]


def tau_axis(values: Sequence[float]) -> Axis:
    """Even in Fisher's z, so that differences near 1 are seen; those far below all others lie under its start."""
    low = max(min(values), float(np.quantile(values, 0.05)) - 0.05)
    room = 0.03 * max(max(values) - low, 0.01)
    scale = Scale(low - room, min(max(values) + room, 1.0), BOTTOM, TOP, warp=_fisher)
    ticks = sorted(_ticks(scale))
    return Axis(scale, [(tick, f"{tick:g}".replace("-", "−")) for tick in ticks], "Kendall tau")


def _fisher(tau: float) -> float:
    return math.atanh(min(max(tau, -0.999), 0.999))


def _ticks(scale: Scale) -> list[float]:
    """Multiples of .2, and of finer steps until there are five, where there is room."""
    kept: list[float] = []
    for step in (0.2, 0.1, 0.05, 0.01):
        if len(kept) < 5:
            multiples = range(math.ceil(scale.low / step), math.floor(scale.high / step) + 1)
            for tick in (round(i * step, 2) for i in multiples):
                if all(abs(scale(tick) - scale(other)) > 22 for other in kept):
                    kept.append(tick)
    return kept


def _top_axis(values: Sequence[float], title: str) -> Axis:
    high = max(10.0, *values)
    return Axis(Scale(1, high, BOTTOM, TOP, warp=math.log10), [(tick, f"{tick:g}") for tick in decades(1, high)], title)


def _line(name: str, line: Line, look: Look, scales: tuple[Scale, Scale], ends: tuple[float, float]) -> str:
    x, y = scales

    def at(value: float) -> float:
        return y(min(max(value, y.low), y.high))

    points = [(x(n), at(value)) for n, value in zip(line.labels, line.values, strict=True)]
    parts = [note(_told(look, line))]
    if name == OURS and line.halves and all(map(math.isfinite, line.halves)):
        band = list(zip(line.labels, line.values, line.halves, strict=True))
        upper, lower = ([(x(n), at(v + side * half)) for n, v, half in band] for side in (1, -1))
        parts += [tag("path", d=path([*upper, *reversed(lower)]) + "Z", class_="band")]
    parts += [tag("path", d=path(points), class_="curve")]
    parts += [tag("circle", cx=px, cy=py, r=2.5, class_="dot") for px, py in points if name == OURS or len(points) == 1]
    end, place = ends
    parts += [tag("path", d=path([points[-1], (RIGHT + 3.0, end), (RIGHT + 12.0, place)]), class_="leader")]
    parts += [words(RIGHT + 15, place + 3.5, look.label, class_="name")]
    return tag("g", "".join(parts), class_=f"item {look.colour}", data_p=name)


def _told(look: Look, line: Line) -> str:
    values = ", ".join(f"{value:.3g} at {n}" for n, value in zip(line.labels, line.values, strict=True))
    return f"{look.title}: {values}"


def predicted_ranks(truth: Sequence[float], predicted: Sequence[float], look: Look) -> str:
    """A panel: each cell's predicted rank over its true one, the best in the upper right corner."""
    kept = np.linspace(0, len(truth) - 1, min(len(truth), SHOWN)).round().astype(int)
    x, y = (rankdata(np.asarray(values)[kept]) / len(kept) * PANEL for values in (truth, predicted))
    dots = "".join(f"M{a:.0f} {PANEL - b:.0f}h0" for a, b in zip(x, y, strict=True))
    content = tag("path", d=f"M0 {PANEL}L{PANEL} 0", class_="grid") + tag("path", d=dots, class_="cells")
    return drawing(PANEL, PANEL, content, f"{look.title}: predicted against true rank of {len(kept)} cells.")
