"""Time plots of a leaderboard page: initialisation against query time, and tau against initialisation.

Initialisation is everything before the first query; a mark has the colour of the predictor's family.

Source: White et al. 2021, "How Powerful are Performance Predictors in Neural Architecture Search?", Figures 1 and 2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scripts.report.plots import BOTTOM, HEIGHT, LEFT, TOP, WIDTH, Look, tau_axis
from scripts.report.svg import Axis, Scale, decades, drawing, frame, note, path, place_labels, tag, words
from scripts.report.wording import OURS, duration, number
from scripts.results.statistics import pareto


@dataclass(frozen=True)
class Timed:
    """A predictor's median seconds to be made ready and to answer for a cell, and its tau."""

    name: str
    fit: float
    query: float
    tau: float


def time_against_time(points: Sequence[Timed], looks: Mapping[str, Look], query: str) -> str:
    """Seconds to be made ready against seconds an answer takes; larger is a better tau, a ring is on the front."""
    x = _time_axis([p.fit for p in points], "initialisation", (LEFT, WIDTH - 30))
    y = _time_axis([p.query for p in points], query, (BOTTOM, TOP))
    size = Scale(min(p.tau for p in points), max(p.tau for p in points), 3, 9)
    radii = {p.name: size(p.tau) for p in points}
    content = _marks(points, looks, [(x.scale(p.fit), y.scale(p.query)) for p in points], radii)
    told = "Initialisation against query time, one mark a predictor, larger for a higher tau: " + _told(points, looks)
    return drawing(WIDTH, HEIGHT, frame(x, y) + content, told)


def tau_against_time(points: Sequence[Timed], looks: Mapping[str, Look]) -> str:
    """Seconds to be made ready against tau, and the front that no other predictor beats in both."""
    x = _time_axis([p.fit for p in points], "initialisation", (LEFT, WIDTH - 30))
    y = tau_axis([p.tau for p in points])
    at = [(x.scale(p.fit), y.scale(max(p.tau, y.scale.low))) for p in points]
    front = [at[i] for i in _front(points)]
    steps = [front[0]]
    for point in front[1:]:
        steps += [(point[0], steps[-1][1]), point]
    line = tag("path", d=path([*steps, (WIDTH - 30.0, steps[-1][1])]), class_="front")
    told = "Tau over seconds of initialisation, one mark a predictor: " + _told(points, looks)
    return drawing(WIDTH, HEIGHT, frame(x, y) + line + _marks(points, looks, at, {}), told)


def _front(points: Sequence[Timed]) -> list[int]:
    return pareto([(p.fit, p.tau) for p in points])


def _time_axis(values: Sequence[float], title: str, ends: tuple[float, float]) -> Axis:
    low, high = (10.0 ** side(math.log10(end)) for side, end in ((math.floor, min(values)), (math.ceil, max(values))))
    scale = Scale(low, max(high, 10 * low), *ends, warp=math.log10)
    return Axis(scale, [(tick, duration(tick)) for tick in decades(scale.low, scale.high)], title)


def _marks(
    points: Sequence[Timed], looks: Mapping[str, Look], at: Sequence[tuple[float, float]], radii: Mapping[str, float]
) -> str:
    """Marks and their names; names of ours, of the front and of high taus find a place first."""
    front = _front(points)
    order = sorted(range(len(points)), key=lambda i: (points[i].name != OURS, i not in front, -points[i].tau))
    places = place_labels([at[i] for i in order], [looks[points[i].name].label for i in order], WIDTH)
    drawn = []
    for i, place in zip(order, places, strict=True):
        point, look = points[i], looks[points[i].name]
        radius = radii.get(point.name, 4.5)
        mark = tag("circle", note(_told([point], looks)), cx=at[i][0], cy=at[i][1], r=radius, class_="mark")
        ring = tag("circle", cx=at[i][0], cy=at[i][1], r=radius + 2.5, class_="ring") if i in front else ""
        text = words(*place, look.label, class_="name") if place else ""
        drawn.append(tag("g", mark + ring + text, class_=f"item {look.colour}", data_p=point.name))
    return "".join(reversed(drawn))


def _told(points: Sequence[Timed], looks: Mapping[str, Look]) -> str:
    return "; ".join(
        f"{looks[p.name].title}: {duration(p.fit)}, then {duration(p.query)}, tau {number(p.tau)}" for p in points
    )
