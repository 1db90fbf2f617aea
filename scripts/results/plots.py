"""Drawings of results, for all studies: lines, single runs, marks, mean ranks, predicted against true ranks.

Ours has the accent colour and a thick line; other predictors (or strategies) have the muted colours of their families.
Names are complete; a drawing is taller where they need more room. `scripts.results.drawing` turns it into SVG.

Sources: White et al. 2021, "How Powerful are Performance Predictors in Neural Architecture Search?", Figures 1 and 2
(marks); Demšar 2006, "Statistical Comparisons of Classifiers over Multiple Data Sets" (mean ranks).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
from matplotlib.ticker import MaxNLocator
from scipy.stats import rankdata

from scripts.results.axes import MANY, Axis, Made
from scripts.results.drawing import (
    BESIDE,
    BOTTOM,
    HEIGHT,
    LEFT,
    WIDTH,
    Look,
    Looks,
    at,
    beside,
    embedded,
    folded,
    names_at,
    plane,
    write,
)
from scripts.results.entrants import OURS, Described
from scripts.results.statistics import Ranking, groups

NAMES, ROW = 165, 25  # width of the names beside single runs, and height of a strategy there
RANKED, BAR = 150, 7  # x where names of mean ranks begin, and distance of bars
PANEL, SHOWN = 120, 200  # width of a panel of predicted ranks, and the most cells in it
CROWD = 11  # height of the drawing for each mark, where there are many
FAR = 16  # from this distance on, a line joins a mark and its name
GOLDEN = 0.6180339887  # its multiples, modulo 1, spread points of equal value evenly


@dataclass(frozen=True)
class Line:
    """Values over numbers of labels, evaluations or costs; halves of their intervals, if these are drawn."""

    at: Sequence[float]
    values: Sequence[float]
    halves: Sequence[float] = ()


@dataclass(frozen=True)
class Runs:
    """One value for each run; `open` ones are lower bounds."""

    values: np.ndarray
    open: np.ndarray


@dataclass(frozen=True)
class Bar:
    """A mean, half of its interval, and whether it is a lower bound."""

    value: float
    half: float
    open: bool = False


@dataclass(frozen=True)
class Mark:
    """A point, its note, its diameter, and whether it is on the front."""

    x: float
    y: float
    note: str
    size: float
    front: bool


def looks(predictors: Mapping[str, Described]) -> dict[str, Look]:
    """Titles and colours: ours has the accent colour, families have colours in the order of `predictors`."""
    families = list(dict.fromkeys(p.family for name, p in predictors.items() if name != OURS))
    return {
        name: Look(p.title, "ours" if name == OURS else f"f{families.index(p.family) % 8}")
        for name, p in predictors.items()
    }


def lines(found: Mapping[str, Line], looks: Looks, across: Made, up: Made, front: Line | None = None) -> str:
    """A line for each, with its name at its end; values beyond an axis are drawn at the end of the axis.

    front: the best scores over costs, as a dotted staircase; all lines are then staircases.
    """
    every = [*found.values(), front] if front else [*found.values()]
    x, y = across([n for line in every for n in line.at]), up([value for line in every for value in line.values])
    titles, way = {name: looks[name].title for name in found}, "steps-post" if front else "default"
    axes = plane(x, y, titles.values())
    if front:
        axes.plot([*front.at, x.high], y.within([*front.values, front.values[-1]]), drawstyle=way, gid="front@")
    for name, line in found.items():
        values, halves = np.asarray(line.values), np.asarray(line.halves)
        if len(halves) and np.isfinite(halves).all():
            axes.fill_between(line.at, y.within(values - halves), y.within(values + halves), gid=f"band@{name}")
        axes.plot(line.at, y.within(values), drawstyle=way, gid=f"curve@{name}")
        if front or len(values) == 1 or (name == OURS and len(values) <= MANY):
            axes.plot(line.at, y.within(values), "o", ms=5, gid=f"dot@{name}")
    names_at(axes, {name: (line.at[-1], y.within(line.values)[-1]) for name, line in found.items()}, titles)
    notes = {name: _values(line) for name, line in found.items()}
    return embedded(axes, f"{y.title} over {x.title}, a line each", looks, notes)


def _values(line: Line) -> str:
    values = [f"{value:.4g} at {at:.4g}" for value, at in zip(line.values, line.at, strict=True)]
    return ", ".join(values[:: max(1, len(values) // 8)])


def single_runs(found: Mapping[str, Runs], looks: Looks, across: Made) -> str:
    """A point for each run, a box around the middle half, a line at the median; hollow points are lower bounds."""
    x = across([value for runs in found.values() for value in runs.values])
    axes = plane(x, Axis("", 0, len(found)), left=NAMES, right=WIDTH - 15, height=ROW * len(found))
    for y, (name, runs) in zip(np.arange(len(found))[::-1] + 0.5, found.items(), strict=True):
        values = x.within(runs.values)
        low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
        axes.fill_between([low, high], y - 0.3, y + 0.3, gid=f"band@{name}")
        scattered = y + ((np.arange(len(values)) + 1) * GOLDEN % 1 - 0.5) * 0.45
        for kind, some in (("mark", ~runs.open), ("ring", runs.open)):
            axes.plot(values[some], scattered[some], "o", ms=3.4, gid=f"{kind}@{name}")
        axes.plot([median, median], [y - 0.34, y + 0.34], gid=f"curve@{name}")
        title = folded(looks[name].title, NAMES - 10)
        write(axes, f"name@{name}", (NAMES - 10, at(axes, (x.low, y))[1]), title, "right")
    notes = {name: f"median {x.form(float(np.median(runs.values)))}" for name, runs in found.items()}
    return embedded(axes, f"{x.title}, a point a run", looks, notes)


def bars(found: Mapping[str, Bar], looks: Looks, across: Made) -> str:
    """A bar for each, with its interval; ≥ marks a lower bound."""
    x = across([one.value + one.half for one in found.values()])
    axes = plane(x, Axis("", 0, len(found)), left=NAMES, right=WIDTH - 45, height=ROW * len(found))
    for y, (name, one) in zip(np.arange(len(found))[::-1] + 0.5, found.items(), strict=True):
        axes.fill_between([x.low, one.value], y - 0.3, y + 0.3, gid=f"mark@{name}")
        axes.plot(x.within([one.value - one.half, one.value + one.half]), [y, y], gid=f"curve@{name}")
        end, height = at(axes, (one.value + one.half, y))
        write(axes, f"name@{name}", (end + 6, height), [f"{'≥ ' * one.open}{x.form(round(one.value))}"])
        write(axes, f"name@{name}", (NAMES - 10, height), folded(looks[name].title, NAMES - 10), "right")
    notes = {n: f"{'at least ' * one.open}{one.value:.3g} ± {one.half:.2g}" for n, one in found.items()}
    return embedded(axes, f"{x.title}, a bar each", looks, notes)


def marks(found: Mapping[str, Mark], looks: Looks, across: Made, up: Made, stairs: bool = False) -> str:
    """A mark for each, with its name; marks on the front have rings and, with `stairs`, a line joins them.

    Names are placed in this order: ours, those on the front, the others.
    """
    x, y = across([one.x for one in found.values()]), up([one.y for one in found.values()])
    order = sorted(found, key=lambda name: (name != OURS, not found[name].front))
    axes = plane(x, y, right=WIDTH - 20, height=(height := max(HEIGHT, CROWD * len(found))))
    if stairs:
        steps = sorted((one.x, one.y) for one in found.values() if one.front)
        costs, best = zip(*steps, (x.high, steps[-1][1]), strict=True)
        axes.plot(costs, y.within(best), drawstyle="steps-post", gid="front@")
    points = [at(axes, (found[name].x, *y.within([found[name].y]))) for name in order]
    places = beside(points, [looks[name].title for name in order], (LEFT, BOTTOM, WIDTH, BOTTOM + height))
    for name, point, place in zip(order, points, places, strict=True):
        for kind, size in [("mark", found[name].size), ("ring", found[name].size + 5)][: 1 + found[name].front]:
            axes.plot(*point, "o", ms=size, transform=None, gid=f"{kind}@{name}")
        if place:
            if math.dist(point, place[:2]) > FAR:
                axes.plot(*zip(point, place[:2], strict=True), transform=None, gid=f"leader@{name}")
            write(axes, f"name@{name}", place[:2], folded(looks[name].title, BESIDE), place[2])
    return embedded(axes, f"{y.title} over {x.title}, a mark each", looks, {n: one.note for n, one in found.items()})


def rank_diagram(ranking: Ranking, looks: Looks) -> str:
    """Mean ranks from top to bottom, the best first; bars join predictors that do not differ significantly."""
    ranks, worst = ranking.mean_rank, len(ranking.mean_rank)
    ticks = [-rank for rank in MaxNLocator(8, integer=True).tick_values(1, worst)]
    titles = {name: f"{rank:.2f} {looks[name].title}" for name, rank in ranks.items()}
    y = Axis("mean rank", -worst, -1, ticks, lambda rank: f"{-rank:g}")
    axes = plane(Axis("", LEFT, RANKED), y, titles.values(), right=RANKED, height=150)
    taken: list[float] = []  # by column of bars, the rank where its last bar ends
    for group in groups(ranks, ranking.critical_difference):
        first, last = ranks[group[0]], ranks[group[-1]]
        column = next((i for i, end in enumerate(taken) if end < first), len(taken))
        taken[column : column + 1] = [last]
        axes.plot([LEFT + 12 + BAR * column] * 2, [-first, -last], gid="group@")
    for name, rank in ranks.items():
        axes.plot(RANKED, -rank, "o", ms=5, gid=f"dot@{name}")
    names_at(axes, {name: (RANKED, -rank) for name, rank in ranks.items()}, titles)
    notes = {name: f"mean rank {rank:.2f}" for name, rank in ranks.items()}
    return embedded(axes, "Mean ranks, best first", looks, notes)


def predicted_ranks(truth: Sequence[float], predicted: Sequence[float], look: Look) -> str:
    """A panel: predicted over true ranks of cells, the best in the upper right corner."""
    kept = np.linspace(0, len(truth) - 1, min(len(truth), SHOWN)).round().astype(int)
    x, y = (rankdata(np.asarray(values)[kept]) / len(kept) * PANEL for values in (truth, predicted))
    label = f"{look.title}: predicted against true rank of {len(kept)} cells."
    panel = Element("svg", {"viewBox": f"0 0 {PANEL} {PANEL}", "role": "img", "aria-label": label})
    dots = "".join(f"M{a:.0f} {PANEL - b:.0f}h0" for a, b in zip(x, y, strict=True))
    for kind, path in (
        ("grid", f"M0 {PANEL}L{PANEL} 0"),
        ("cells", dots),
    ):  # without matplotlib, as there are hundreds of panels
        SubElement(panel, "path", {"class": kind, "d": path})
    return tostring(panel, encoding="unicode")
