"""What rows say of every predictor at every number of labels: the numbers behind a leaderboard page.

    rows -> views (a scored column each, and their mean) -> averaged rows -> entries, failures

A view is a choice of scored columns. In a view of several, a predictor's metric is the mean over them for each label
set and training seed, so that intervals and tests stay those over label sets and seeds.

Source of rows: see `scripts.results.statistics`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scripts.results.statistics import LEVEL, Row, holm, mean_and_half, paired, value
from scripts.results.wording import Column, column_titles

FEW = "too few labels"


@dataclass(frozen=True)
class Metric:
    """A metric of the table.

    key: its name in rows. loss: of an entry, lower is better. tested: what differences are tested in, "" for none.
    """

    key: str
    title: str
    form: str
    loss: Callable[[float], float]
    tested: str
    median: bool = False


METRICS = (
    Metric("kendall_tau", "Kendall tau", ".3f", lambda tau: -tau, "kendall_tau"),
    Metric("n_at_10", "N@10", ".0f", lambda n: n, "log_n_at_10", median=True),
    Metric("regret_at_10", "regret@10", ".2f", lambda regret: regret, "regret_at_10"),
    Metric("coverage_90", "coverage of 90 %", ".2f", lambda share: abs(share - 0.9), ""),
)
TAU, TOP, *_ = METRICS
SECONDS = ("seconds_fit", "seconds_encode", "seconds_predict")
AVERAGED = (*(metric.key for metric in METRICS), "log_n_at_10", *SECONDS)


@dataclass(frozen=True)
class View:
    """A choice of scored columns, their rows, and by predictor and number of labels the rows averaged over columns."""

    title: str
    columns: tuple[Column, ...]
    raw: list[Row]
    averaged: dict[tuple[str, int], list[Row]]

    def of(self, predictor: str, labels: int) -> list[Row]:
        """Averaged rows of one predictor at one number of labels."""
        return self.averaged.get((predictor, labels), [])

    @property
    def rows(self) -> list[Row]:
        """All averaged rows."""
        return [row for rows in self.averaged.values() for row in rows]


@dataclass(frozen=True)
class Entry:
    """A predictor's standing at one number of labels.

    value: the mean, of N@10 the median. best: of several, the lowest loss. level: not significantly behind the best.
    """

    value: float
    mean: float
    half: float
    best: bool = False
    level: bool = False


@dataclass(frozen=True)
class Failures:
    """Fits without an answer, of all fits of a predictor at one number of labels."""

    status: str
    count: int
    total: int
    message: str


def views(rows: Sequence[Row]) -> list[View]:
    """The mean over columns ranked against themselves, then every scored column; the default first."""
    by_column: dict[Column, list[Row]] = {}
    for row in rows:
        by_column.setdefault((row["shown"], row["scored"]), []).append(row)
    titles = column_titles(by_column)
    single = [View(titles[c], (c,), found, _averaged([found])) for c, found in by_column.items()]
    own = [column for column in by_column if column[0] == column[1]]
    single.sort(key=lambda view: view.columns[0][0] != view.columns[0][1])
    if len(own) < 2:
        return single
    parts = [by_column[column] for column in own]
    mean = View(f"Mean over {len(own)} columns", tuple(own), [row for part in parts for row in part], _averaged(parts))
    return [mean, *single]


def _averaged(columns: Sequence[Sequence[Row]]) -> dict[tuple[str, int], list[Row]]:
    """One row a predictor, seed, label set and number of labels that every column has; missing where one failed."""
    fits: dict[tuple, list[Row]] = {}
    for row in (row for rows in columns for row in rows):
        fits.setdefault((row["predictor"], row["labels"], row["seed"], row["set"]), []).append(row)
    averaged: dict[tuple[str, int], list[Row]] = {}
    for where, found in fits.items():
        averaged.setdefault(where[:2], []).append(_average(where, found, len(columns)))
    return averaged


def _average(where: tuple, rows: Sequence[Row], columns: int) -> Row:
    row: dict[str, Any] = dict(zip(("predictor", "labels", "seed", "set"), where, strict=True))
    complete = len(rows) == columns and all(part["status"] == "ok" for part in rows)
    row["status"] = "ok" if complete else "incomplete"
    if complete:
        tops = [value(part, "n_at_10") for part in rows]
        parts = [{**part, "log_n_at_10": math.log10(top)} for part, top in zip(rows, tops, strict=True)]
        row |= {metric: sum(value(part, metric) for part in parts) / columns for metric in AVERAGED}
        row["n_at_10_by_column"] = tops
    return row


def budgets(rows: Iterable[Row]) -> list[int]:
    """All numbers of labels."""
    return sorted({row["labels"] for row in rows})


def shared_budgets(rows: Iterable[Row]) -> list[int]:
    """The numbers of labels at which the most predictors have an answer."""
    answered: dict[int, set[str]] = {}
    for row in rows:
        if row["status"] == "ok":
            answered.setdefault(row["labels"], set()).add(row["predictor"])
    most = max(map(len, answered.values()), default=0)
    return sorted(labels for labels, names in answered.items() if len(names) == most)


def entries(view: View, metric: Metric) -> dict[tuple[str, int], Entry]:
    """By predictor and number of labels; absent where a predictor has no such number."""
    grouped: dict[int, dict[str, list[Row]]] = {}
    for (name, labels), rows in view.averaged.items():
        grouped.setdefault(labels, {})[name] = rows
    table: dict[tuple[str, int], Entry] = {}
    for labels, by_predictor in grouped.items():
        found = {name: entry for name, rows in by_predictor.items() if (entry := _entry(rows, metric))}
        table |= {(name, labels): entry for name, entry in _marked(found, by_predictor, metric).items()}
    return table


def ordered(found: Mapping[tuple[str, int], Entry], metric: Metric, predictors: Iterable[str]) -> list[str]:
    """Predictors from best to worst by their mean over the numbers of labels that most have; the others after them."""
    answered = Counter(labels for _, labels in found)
    shared = [n for n, count in answered.items() if count == max(answered.values())]

    def place(name: str) -> tuple[int, float]:
        known = [metric.loss(found[name, n].value) for n in shared if (name, n) in found]
        return len(shared) - len(known), sum(known)

    return sorted(predictors, key=place)


def _entry(rows: Sequence[Row], metric: Metric) -> Entry | None:
    mean, half = mean_and_half(rows, metric.key)
    if math.isnan(mean):
        return None
    if not metric.median:
        return Entry(mean, mean, half)
    by_column = np.array([row[f"{metric.key}_by_column"] for row in rows if row["status"] == "ok"])
    return Entry(float(np.median(by_column, axis=0).mean()), mean, half)


def _marked(found: Mapping[str, Entry], rows: Mapping[str, list[Row]], metric: Metric) -> dict[str, Entry]:
    """Which are best, and which are level with it: p values corrected over all others of this number of labels."""
    losses = {name: round(metric.loss(entry.value), 9) for name, entry in found.items()}
    lowest = min(losses.values(), default=0)
    best = [name for name in found if losses[name] == lowest] if len(found) > 1 else []
    others = [name for name in found if name not in best] if metric.tested and best else []
    differences = [paired(rows[best[0]], rows[name], metric.tested) for name in others]
    adjusted = holm([difference.p for difference in differences])
    # a predictor that tests as better than the one of the best median is not behind it either
    level = {
        name
        for name, difference, p in zip(others, differences, adjusted, strict=True)
        if p >= LEVEL or metric.loss(difference.mean) > 0
    }
    return {name: replace(entry, best=name in best, level=name in level) for name, entry in found.items()}


def by_fit(rows: Iterable[Row]) -> dict[tuple[str, int], list[Row]]:
    """Rows by predictor and number of labels."""
    grouped: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        grouped.setdefault((row["predictor"], row["labels"]), []).append(row)
    return grouped


def failures(rows: Iterable[Row]) -> dict[tuple[str, int], Failures]:
    """By predictor and number of labels, the commonest status that is not "ok" and how many fits have any such."""
    return {where: found for where, part in by_fit(rows).items() if (found := _failures(part))}


def _failures(rows: Sequence[Row]) -> Failures | None:
    failed = [row for row in rows if row["status"] != "ok"]
    if not failed:
        return None
    (status, _), *_ = Counter(row["status"] for row in failed).most_common()
    message = next((row["message"] for row in failed if row["status"] == status and row.get("message")), "")
    return Failures(status, len(failed), len(rows), message)


def median_seconds(rows: Iterable[Row], metric: str) -> float:
    """Of fits that came to an end; not a number without any."""
    known = [number for row in rows if not math.isnan(number := value(row, metric))]
    return float(np.median(known)) if known else math.nan
