"""Plots of a page of simulated searches: what was found over evaluations, and what single runs took.

MetaNP has the accent colour, every other strategy the muted one of its family; see `scripts.report.plots`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scripts.report.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Look
from scripts.report.svg import Axis, Scale, decades, drawing, frame, note, path, spread, tag, words
from scripts.report.wording import OURS

NAMES, ROW = 150.0, 24.0  # width of the names beside single runs, and height of a strategy there
DEEPEST = 1e-4  # of the highest value, where a logarithmic axis ends at the latest
GOLDEN = 0.6180339887  # scatters points of equal value evenly


@dataclass(frozen=True)
class Curve:
    """Means over evaluations, and half of their intervals."""

    at: Sequence[int]
    values: Sequence[float]
    halves: Sequence[float]


@dataclass(frozen=True)
class Runs:
    """A number a run; `open` are those that are at least so high."""

    values: Sequence[float]
    open: Sequence[bool]


Form = Callable[[float], str]


def over_evaluations(found: Mapping[str, Curve], looks: Mapping[str, Look], y: Axis) -> str:
    """A line and a band a strategy, names on the right; what is beyond the axis is drawn at its end."""
    last = max(curve.at[-1] for curve in found.values())
    scale = Scale(1, last, LEFT, RIGHT, warp=lambda n: math.log(n + 5))
    ticks = [n for n in (1, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000) if n < 0.8 * last] + [last]
    x = Axis(scale, [(n, str(n)) for n in ticks], "evaluations")
    ends = {name: _within(y.scale, curve.values[-1]) for name, curve in found.items()}
    places = dict(zip(ends, spread(list(ends.values()), 12, TOP, BOTTOM + 20), strict=True))
    order = sorted(found, key=lambda name: name == OURS)  # ours last, on top
    drawn = [_curve(name, found[name], looks[name], x.scale, y.scale, (ends[name], places[name])) for name in order]
    told = f"{y.title} over evaluations, one line a strategy."
    return drawing(WIDTH, HEIGHT, frame(x, y) + "".join(drawn), told)


def _curve(name: str, curve: Curve, look: Look, x: Scale, y: Scale, ends: tuple[float, float]) -> str:
    known = list(zip(curve.at, curve.values, curve.halves, strict=True))
    points = [(x(n), _within(y, value)) for n, value, _ in known]
    told = ", ".join(f"{value:.4g} at {n}" for n, value, _ in known[:: max(1, len(known) // 8)])
    parts = [note(f"{look.title}: {told}")]
    if all(map(math.isfinite, curve.halves)):
        upper, lower = ([(x(n), _within(y, v + side * half)) for n, v, half in known] for side in (1, -1))
        parts.append(tag("path", d=path([*upper, *reversed(lower)]) + "Z", class_="band"))
    parts.append(tag("path", d=path(points), class_="curve"))
    end, place = ends
    parts.append(tag("path", d=path([points[-1], (RIGHT + 3.0, end), (RIGHT + 12.0, place)]), class_="leader"))
    parts.append(words(RIGHT + 15, place + 3.5, look.label, class_="name"))
    return tag("g", "".join(parts), class_=f"item {look.colour}", data_p=name)


def _within(scale: Scale, value: float) -> float:
    return scale(min(max(value, scale.low), scale.high))


def log_axis(values: Sequence[float], title: str) -> Axis:
    """From the lowest value above zero to the highest."""
    high = max([*values, 1e-12])
    low = max(min([value for value in values if value > 0], default=high), DEEPEST * high)
    scale = Scale(min(low, high / 10), high, BOTTOM, TOP, warp=math.log10)
    return Axis(scale, [(tick, f"{tick:g}") for tick in decades(scale.low, scale.high)], title)


def even_axis(values: Sequence[float], title: str, low: float | None = None, form: Form = "{:g}".format) -> Axis:
    """Even steps; without `low`, the lowest tenth of the values lies under its start."""
    high = max(values)
    low = min(float(np.quantile(values, 0.1)), high - 1e-9) if low is None else low
    room = 0.03 * (high - low)
    return Axis(Scale(low, high + room, BOTTOM, TOP), [(tick, form(tick)) for tick in _steps(low, high)], title)


def _steps(low: float, high: float) -> list[float]:
    """About five round numbers within."""
    raw = max(high - low, 1e-9) / 5
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * many for many in (1, 2, 5, 10) if size * many >= raw)
    return [round(i * step, 10) for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def single_runs(found: Mapping[str, Runs], looks: Mapping[str, Look], title: str, form: Form) -> str:
    """A point a run, the middle half of them in a box, their median as a line; hollow points are at least so high."""
    values = [value for runs in found.values() for value in runs.values if value > 0]
    low, high = min(values), max(values)
    scale = Scale(low, max(high, 1.01 * low), NAMES, WIDTH - 20, warp=math.log10)
    bottom = TOP + ROW * len(found)
    ticks = [tick for tick in _rounded(low, high) if low <= tick <= high] or [low]
    x = Axis(scale, [(tick, form(tick)) for tick in _apart(ticks, scale)], title)
    lines = [tag("path", d=f"M{scale(tick):.1f} {TOP}V{bottom:g}", class_="grid") for tick, _ in x.ticks]
    rows = [_row(name, runs, looks[name], scale, TOP + ROW * (i + 0.5)) for i, (name, runs) in enumerate(found.items())]
    told = f"{title}, a point a run: " + "; ".join(
        f"{looks[name].title}: median {form(float(np.median(runs.values)))}" for name, runs in found.items()
    )
    content = frame(x, Axis(Scale(0, 1, bottom, TOP), [], "")) + "".join(lines) + "".join(rows)
    return drawing(WIDTH, bottom + 45, content, told)


def _row(name: str, runs: Runs, look: Look, x: Scale, y: float) -> str:
    lower, median, upper = (x(max(float(q), x.low)) for q in np.quantile(runs.values, [0.25, 0.5, 0.75]))
    box = tag("rect", x=lower, y=y - 8, width=max(upper - lower, 1.0), height=16, class_="band")
    parts = [note(look.title), box]
    for i, (value, at_least) in enumerate(zip(runs.values, runs.open, strict=True)):
        above = ((i + 1) * GOLDEN % 1 - 0.5) * 12
        kind = "ring" if at_least else "mark"
        parts.append(tag("circle", cx=x(max(value, x.low)), cy=y + above, r=1.7, class_=kind))
    parts.append(tag("path", d=f"M{median:.1f} {y - 9:.1f}v18", class_="curve"))
    parts.append(words(NAMES - 10, y + 3.5, look.label, class_="name end"))
    return tag("g", "".join(parts), class_=f"item {look.colour}", data_p=name)


def _rounded(low: float, high: float) -> list[float]:
    first, last = (math.floor(math.log10(value)) for value in (low, high))
    return [float(f"{many}e{exponent}") for exponent in range(first, last + 1) for many in (1, 2, 5)]


def _apart(ticks: Sequence[float], scale: Scale) -> list[float]:
    kept: list[float] = []
    for tick in ticks:
        if not kept or scale(tick) - scale(kept[-1]) > 44:
            kept.append(tick)
    return kept


Points = Sequence[tuple[float, float]]  # cost and score


def fronts(true: Points, found: Mapping[str, Points], looks: Mapping[str, Look], x_title: str, y: Axis) -> str:
    """The true front as a dotted staircase, and what one run of each strategy found of it."""
    costs = [cost for points in (true, *found.values()) for cost, _ in points]
    low, high = min(costs), max(costs)
    scale = Scale(low - 0.03 * (high - low), high, LEFT, RIGHT)
    x = Axis(scale, [(tick, f"{tick:g}") for tick in _steps(low, high)], x_title)
    ends = {name: _within(y.scale, max(score for _, score in points)) for name, points in found.items()}
    places = dict(zip(ends, spread(list(ends.values()), 12, TOP, BOTTOM + 20), strict=True))
    parts = [tag("path", d=path(_stairs(true, x.scale, y.scale)), class_="front")]
    for name in sorted(found, key=lambda name: name == OURS):
        steps, look = _stairs(found[name], x.scale, y.scale), looks[name]
        dots = "".join(
            tag("circle", cx=x.scale(cost), cy=_within(y.scale, score), r=2.2, class_="dot")
            for cost, score in found[name]
        )
        line = tag("path", d=path(steps), class_="curve") + dots
        leader = tag("path", d=path([steps[-1], (RIGHT + 12.0, places[name])]), class_="leader")
        label = words(RIGHT + 15, places[name] + 3.5, look.label, class_="name")
        parts.append(tag("g", note(look.title) + line + leader + label, class_=f"item {look.colour}", data_p=name))
    told = "Score over cost: the true front, and the front that one run of each strategy found."
    return drawing(WIDTH, HEIGHT, frame(x, y) + "".join(parts), told)


def _stairs(points: Points, x: Scale, y: Scale) -> list[tuple[float, float]]:
    steps: list[tuple[float, float]] = []
    for cost, score in sorted(points):
        at = _within(x, cost), _within(y, score)
        steps += [(at[0], steps[-1][1]), at] if steps else [at]
    return [*steps, (RIGHT + 0.0, steps[-1][1])]
