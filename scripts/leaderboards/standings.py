"""The numbers behind a leaderboard's tables and page: every predictor at every number of labels.

    rows -> frame -> views (one for each scored column, and their mean) -> entries

A view is a choice of scored columns. In a view of several, a predictor's metric is the mean over them for each label
set and training seed, so that intervals and tests are still those over label sets and seeds.

Rows are described in `scripts.results.statistics`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from scripts.results.rows import Row
from scripts.results.statistics import LEVEL, Crossed, crossed, frame, grouped, holm, interval, paired
from scripts.results.wording import Pair, column_titles


@dataclass(frozen=True)
class Metric:
    """A metric of the table.

    key: its name in rows. loss: of an entry, lower is better. tested: the metric in which differences are tested, ""
    for none.
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
SECONDS = ("seconds_fit", "seconds_encode", "seconds_predict", "seconds_labels", "seconds_query")
SCORES = ("kendall_tau", "spearman", "n_at_10", "regret_at_10", "p_at_1%", "crps", "nll", "coverage_50", "coverage_90")
SPARSE = {"message": "", "scatter_truth": None, "scatter_predicted": None}  # columns that not every row has
FIT = ["predictor", "labels", "seed", "set"]
Where = tuple[str, int]  # predictor, number of labels


@dataclass(frozen=True)
class Entry:
    """The result of a predictor at one number of labels.

    value: the mean, of N@10 the median. best: of several, the lowest loss. level: not significantly behind the best.
    """

    value: float
    mean: float
    half: float
    best: bool = False
    level: bool = False


Entries = Mapping[Where, Entry]


@dataclass(frozen=True)
class View:
    """A choice of scored columns, and their rows as a frame."""

    title: str
    columns: tuple[Pair, ...]
    raw: pd.DataFrame

    @cached_property
    def averaged(self) -> pd.DataFrame:
        """One row for each predictor, number of labels, seed and label set; NaN where one of the columns is missing."""
        metrics = [*SCORES, "log_n_at_10", *SECONDS]
        count = len(self.columns)
        return (self.raw.groupby(FIT, sort=False)[metrics].sum(min_count=count) / count).reset_index()

    @property
    def labels(self) -> list[int]:
        """All numbers of labels."""
        return sorted(self.raw["labels"].unique().tolist())

    @cached_property
    def shared(self) -> list[int]:
        """The numbers of labels at which the most predictors have an answer."""
        answered = self.averaged.dropna(subset=TAU.key).groupby("labels")["predictor"].nunique()
        return answered.index[answered == answered.max()].tolist()

    @cached_property
    def crossed(self) -> dict[str, dict[Where, Crossed]]:
        """By metric, then by predictor and number of labels: values of seeds by label sets."""
        tested = [name for metric in METRICS for name in (metric.key, metric.tested) if name]
        return {metric: crossed(self.averaged, metric) for metric in dict.fromkeys(tested)}

    @cached_property
    def seconds(self) -> pd.DataFrame:
        """Median times of the fits that have any, by predictor and number of labels."""
        return self.averaged.groupby(["predictor", "labels"])[[*SECONDS]].median()

    @cached_property
    def failures(self) -> dict[Where, tuple[str, int, int, str]]:
        """The most frequent status that is not "ok", how many fits are not "ok", of how many, and a message."""
        found = {}
        for where, part in grouped(self.raw, "predictor", "labels"):
            if len(failed := part[part["status"] != "ok"]):
                ((status, _),) = Counter(failed["status"]).most_common(1)
                messages = [text for text in failed[failed["status"] == status]["message"] if text]
                found[where] = (status, len(failed), len(part), next(iter(messages), ""))
        return found


def framed(rows: Iterable[Row]) -> pd.DataFrame:
    """Rows of fits as a frame, with N@10's logarithm as well."""
    metrics = [*SCORES, *SECONDS]
    used = {*FIT, "shown", "scored", "status", *SPARSE, *metrics}
    found = frame([SPARSE | {name: row[name] for name in row.keys() & used} for row in rows], metrics)
    return found.assign(log_n_at_10=np.log10(found["n_at_10"]))


def views(rows: pd.DataFrame) -> list[View]:
    """The mean over columns that are ranked against themselves, then every scored column; the default first."""
    parts: dict[Pair, pd.DataFrame] = dict(grouped(rows, "shown", "scored"))
    titles = column_titles(parts)
    own = [column for column in parts if column[0] == column[1]]
    single = [View(titles[c], (c,), parts[c]) for c in [*own, *(c for c in parts if c not in own)]]
    if len(own) < 2:
        return single
    return [View(f"Mean over {len(own)} columns", tuple(own), pd.concat([parts[c] for c in own])), *single]


def entries(view: View, metric: Metric) -> dict[Where, Entry]:
    """By predictor and number of labels; none where a predictor has no such number."""
    found = {where: interval(table) for where, table in view.crossed[metric.key].items()}
    medians = _medians(view, metric.key) if metric.median else {}
    every = {
        where: Entry(medians.get(where, one.mean), one.mean, one.half)
        for where, one in found.items()
        if not math.isnan(one.mean)
    }
    for labels in view.labels:
        every |= _marked({where: one for where, one in every.items() if where[1] == labels}, view, metric)
    return every


def _medians(view: View, metric: str) -> dict[Where, float]:
    """Means over columns of medians over the fits that every column has."""
    whole = view.averaged.dropna(subset=metric)[FIT]
    where = ["predictor", "labels"]
    medians: Any = view.raw.merge(whole, on=FIT).groupby([*where, "shown", "scored"])[metric].median()
    return medians.groupby(level=where).mean().to_dict()


def ordered(found: Entries, metric: Metric, predictors: Iterable[str]) -> list[str]:
    """Predictors from best to worst, by the mean over those numbers of labels that most have; incomplete ones last."""
    answered = Counter(labels for _, labels in found)
    shared = [n for n, count in answered.items() if count == max(answered.values())]

    def place(name: str) -> tuple[int, float]:
        known = [metric.loss(found[name, n].value) for n in shared if (name, n) in found]
        return len(shared) - len(known), sum(known)

    return sorted(predictors, key=place)


def _marked(found: Entries, view: View, metric: Metric) -> dict[Where, Entry]:
    """Entries of one number of labels, the best and those level with it marked; p values are corrected over all."""
    losses = {where: round(metric.loss(entry.value), 9) for where, entry in found.items()}
    best = [where for where in found if losses[where] == min(losses.values())] if len(found) > 1 else []
    others = [where for where in found if where not in best] if metric.tested and best else []
    tables = view.crossed[metric.tested] if others else {}
    differences = [paired(tables[best[0]], tables[where]) for where in others]
    adjusted = holm([difference.p for difference in differences])
    # a predictor that is better in the test than the one with the best median is level with it as well
    level = {
        where
        for where, difference, p in zip(others, differences, adjusted, strict=True)
        if p >= LEVEL or metric.loss(difference.mean) > 0
    }
    return {where: replace(entry, best=where in best, level=where in level) for where, entry in found.items()}
