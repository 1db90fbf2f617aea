"""A critical-difference diagram: mean ranks on a line, best on the left, bars over predictors that are not apart.

Source: Demšar 2006, "Statistical Comparisons of Classifiers over Multiple Data Sets", Figure 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from scripts.report.plots import WIDTH, Look
from scripts.report.svg import Scale, drawing, path, tag, words
from scripts.report.wording import number
from scripts.results.statistics import Ranking, groups

SIDE = 170  # room for the names on either side
LINE, BAR = 15, 6  # between names, between bars


def rank_diagram(ranking: Ranking, looks: Mapping[str, Look]) -> str:
    """Names left of the middle hang on the left, the others on the right."""
    names = list(ranking.mean_rank)
    scale = Scale(1, len(names), SIDE + 10, WIDTH - SIDE - 10)
    bars, depth = _bars(ranking, scale)
    half = math.ceil(len(names) / 2)
    first = 84 + BAR * depth
    sides = [(False, names[:half]), (True, names[half:][::-1])]
    hung = [
        _name(name, ranking.mean_rank[name], scale, first + LINE * row, looks[name], right)
        for right, side in sides
        for row, name in enumerate(side)
    ]
    told = "; ".join(f"{looks[name].title} {rank:.2f}" for name, rank in ranking.mean_rank.items())
    return drawing(
        WIDTH, first + LINE * half, _ruler(scale, ranking) + bars + "".join(hung), f"Mean ranks, best first: {told}."
    )


def _ruler(scale: Scale, ranking: Ranking) -> str:
    low, high = int(scale.low), int(scale.high)
    step = max(1, round((high - low) / 8))
    parts = [tag("path", d=path([(scale.start, 58), (scale.end, 58)]), class_="axis")]
    for rank in [*range(low, high, step), high] if (high - low) % step > step / 2 else range(low, high + 1, step):
        parts += [tag("path", d=f"M{scale(rank):.1f} 58v-5", class_="axis")]
        parts += [words(scale(rank), 48, str(rank), class_="tick mid")]
    reach = min(scale(1 + ranking.critical_difference), scale.end)
    parts += [tag("path", d=f"M{scale.start:g} 20v6m0 -3H{reach:.1f}m0 -3v6", class_="axis")]
    told = f"critical difference {number(ranking.critical_difference, '.2f')}"
    return "".join(parts) + words(scale.start, 14, told, class_="tick")


def _bars(ranking: Ranking, scale: Scale) -> tuple[str, int]:
    """Bars of groups, each in the first row where it is free, and how many rows they take."""
    ends: list[float] = []
    parts = []
    for group in groups(ranking.mean_rank, ranking.critical_difference):
        left, right = scale(ranking.mean_rank[group[0]]) - 3, scale(ranking.mean_rank[group[-1]]) + 3
        row = next((i for i, end in enumerate(ends) if end < left - 4), len(ends))
        ends[row : row + 1] = [right]
        y = 66 + BAR * row
        parts.append(tag("path", d=f"M{left:.1f} {y}H{right:.1f}", class_="group"))
    return "".join(parts), len(ends)


def _name(name: str, rank: float, scale: Scale, y: float, look: Look, right: bool) -> str:
    """A name with its rank, and the line from it up to the ruler."""
    end = WIDTH - SIDE if right else SIDE
    line = tag("path", d=path([(scale(rank), 58.0), (scale(rank), y), (float(end), y)]), class_="stem")
    told = f"{number(rank, '.2f')} {look.label}" if right else f"{look.label} {number(rank, '.2f')}"
    text = words(end + (5 if right else -5), y + 3.5, told, class_="name" if right else "name end")
    return tag("g", line + text, class_=f"item {look.colour}", data_p=name)
