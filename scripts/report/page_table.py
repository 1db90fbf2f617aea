"""The table of a leaderboard page: predictors by numbers of labels, one view and one metric, as text.

A cell without a number says why: the status of the fits that failed and how many, or nothing where none was run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scripts.report.standings import (
    FEW,
    Entry,
    Failures,
    Metric,
    View,
    budgets,
    median_seconds,
    ordered,
    shared_budgets,
)
from scripts.report.wording import number, seconds


@dataclass(frozen=True)
class Cell:
    """A number in the table as it is shown; `sort` orders its column, `tip` is shown when something rests on it."""

    text: str
    sort: float | None = None
    half: str = ""
    mark: str = ""  # "best", "level", "failed" or ""
    part: str = ""  # how many fits failed, beside a number from the others
    tip: str = ""


@dataclass(frozen=True)
class Line:
    """A predictor's row in one table."""

    name: str
    initialisation: Cell
    cells: list[Cell]


def table(
    view: View,
    metric: Metric,
    found: Mapping[tuple[str, int], Entry],
    failed: Mapping[tuple[str, int], Failures],
    predictors: Sequence[str],
) -> list[Line]:
    """A line a predictor, the best first; seconds are those of the largest number of labels that most have."""
    labels, shared = budgets(view.raw), shared_budgets(view.rows)
    return [
        Line(
            name,
            _initialisation(view, name, shared[-1] if shared else None),
            [_cell(found.get((name, n)), failed.get((name, n)), metric) for n in labels],
        )
        for name in ordered(found, metric, predictors)
    ]


def _initialisation(view: View, name: str, labels: int | None) -> Cell:
    value = median_seconds(view.of(name, labels), "seconds_fit") if labels is not None else math.nan
    return Cell(seconds(value), None if math.isnan(value) else value)


def _cell(entry: Entry | None, failed: Failures | None, metric: Metric) -> Cell:
    why = f"{failed.status}: {failed.message}".removesuffix(": ") if failed else ""
    if entry is None:
        if failed is None:
            return Cell("")
        if failed.status == FEW:
            return Cell("–", mark="failed", tip=FEW)
        return Cell(f"{failed.status} {failed.count}/{failed.total}", mark="failed", tip=why)
    tips = [f"mean {number(entry.mean, '.1f')} ± {number(entry.half, '.1f')}"] if metric.median else []
    tips += [f"{failed.count} of {failed.total} fits missing, {why}"] if failed else []
    return Cell(
        number(entry.value, metric.form),
        entry.value,
        "" if metric.median else number(entry.half, metric.form),
        "best" if entry.best else "level" if entry.level else "",
        f"{failed.status} {failed.count}/{failed.total}" if failed else "",
        "; ".join(tips),
    )
