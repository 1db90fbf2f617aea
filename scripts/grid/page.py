"""The study's summaries and its page, `docs/study.md`: all numbers are of rows.

points -> lines of points, lines of budgets -> results/summary/ -> the page
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from scripts.grid.points import METRICS, Best, Point, best, budgets, tally
from scripts.results.provenance import ROOT
from scripts.results.rows import Row, read_rows
from scripts.results.wording import duration, listed, number, plus_minus

TEMPLATE = Path(__file__).parent / "study.md.j2"
SUMMARIES = ROOT / "results" / "summary"
SHOWN = 5  # budgets along an axis of the page's table
UNITS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))
COUNTED = 36  # budgets along an axis that are counted


def point_lines(found: Sequence[Point], titles: Mapping[str, str]) -> list[Row]:
    """A line a point: title, label sets, seconds, means of all metrics and halves of their intervals."""
    kept = ("case", "shown", "labels", "start", "query")
    return [
        {
            "title": titles[one.case],
            "sets": one.tau.shape[1],
            **{name: getattr(one, name) for name in kept},
            **one.metrics,
        }
        for one in found
    ]


def budget_lines(found: Sequence[Point], titles: Mapping[str, str]) -> list[Row]:
    """A line a pair of budgets: the best others, the best of ours, the difference; then how often ours are where."""
    some_starts, some_queries = ([_rounded(one) for one in some] for some in budgets(found, SHOWN))
    lines = [_line(best(found, start, query), start, query, titles) for start in some_starts for query in some_queries]
    starts, queries = budgets(found, COUNTED)
    every = [best(found, start, query) for start in starts for query in queries]
    return [*lines, {**dict.fromkeys(lines[0], ""), **tally(every)}]


def _rounded(seconds: float) -> float:
    """Up, to one digit."""
    unit = 10.0 ** np.floor(np.log10(seconds))
    return float(np.ceil(seconds / unit - 1e-9) * unit)


def _line(one: Best, start: float, query: float, titles: Mapping[str, str]) -> Row:
    line: Row = {"start": start, "query": query, "ahead": "", "level": "", "behind": ""}
    for who, point in (("other", one.other), ("ours", one.ours)):
        line |= {f"{who}_tau": point.mean if point else "", who: _named(point, titles) if point else ""}
    over = one.difference
    return line | {"difference": over.mean if over else "", "half": over.half if over else ""}


def _named(point: Point, titles: Mapping[str, str]) -> str:
    epochs = point.shown.removeprefix("after_").replace("_", " ")
    parts = [f"{point.labels} labels"] * (point.labels > 0) + [epochs] * (not epochs.startswith("0 "))
    return f"{titles[point.case]} ({', '.join(parts)})" if parts else titles[point.case]


def page() -> str:
    """The page of all studies that are published.

    Raises:
        ValueError: none is.
    """
    studies = [*_studies()]
    if not studies:
        raise ValueError("no study is published yet; run python -m scripts.study protocol=... publish=true")
    environment = jinja2.Environment(keep_trailing_newline=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(studies=studies)


def _studies() -> Iterator[dict[str, Any]]:
    for path in sorted(SUMMARIES.glob("study_*-budgets.csv")):
        name = path.stem.removesuffix("-budgets")
        lines, points = read_rows(path), read_rows(path.with_name(f"{name}-points.csv"))
        *pairs, counts = lines
        yield {
            "name": name,
            "protocol": name.rpartition("-")[0],
            "drawing": name.rpartition("-")[2],
            "rows": [_row(pairs, start) for start in dict.fromkeys(float(one["start"]) for one in pairs)],
            "queries": [_time(query) for query in dict.fromkeys(float(one["query"]) for one in pairs)],
            "counts": counts,
            "metrics": _metrics(points),
            "sets": listed(sorted({int(one["sets"]) for one in points})),
            "options": points[0].get("options", ""),
            "measured": ", ".join(points[0][key] for key in ("date", "machine", "commit")),
        }


def _row(pairs: Sequence[Row], start: float) -> list[str]:
    """One initialisation budget: a cell for each query budget."""
    return [_time(start), *(_cell(one) for one in pairs if float(one["start"]) == start)]


def _cell(one: Row) -> str:
    who = [f"{one[side]} {number(float(one[f'{side}_tau']), '.2f')}" for side in ("ours", "other") if one[side]]
    if len(who) < 2:
        return who[0] if who else "-"
    difference, half = float(one["difference"]), float(one["half"])
    place = "ahead" if difference > half else "behind" if difference < -half else "level"
    return f"**{place}** {plus_minus(difference, half, '+.2f')}: {'; '.join(who)}"


def _metrics(points: Sequence[Row]) -> list[list[str]]:
    """Of each case its best point by tau, best first: a line of the table of all metrics."""
    top: dict[str, Row] = {}
    for one in points:
        if one["case"] not in top or float(one[METRICS[0]]) > float(top[one["case"]][METRICS[0]]):
            top[one["case"]] = one
    ordered = sorted(top.values(), key=lambda one: -float(one[METRICS[0]]))
    return [
        [
            one["title"],
            one["labels"],
            one["shown"].removeprefix("after_").split("_")[0],
            _time(float(one["start"])),
            _time(float(one["query"])),
            *(number(float(one[name]), ".2f" if np.isfinite(float(one[name])) else "") for name in METRICS),
        ]
        for one in ordered
    ]


def _time(seconds: float) -> str:
    """In the largest unit of which there are two."""
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= 2 * size), (0.0, ""))
    return f"{seconds / size:.0f} {unit}" if size else duration(seconds)
