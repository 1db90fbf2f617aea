"""Which predictor is better, and by how much: statistics over rows of a leaderboard.

A row is one fit held against one scored column: a mapping with `predictor`, `seed` (of the training), `set` (the label
set), `labels`, `shown`, `scored`, `status` and metrics. Rows whose status is not "ok" count as missing. Nothing here
knows what a page looks like.

Axes:
    seed    training seeds of a predictor
    set     label sets, the same ones for all predictors
    block   what predictors are ranked within: one scored column and label set

Sources: Holm 1979 (adjusted p values); Satterthwaite 1946 (degrees of freedom); Demšar 2006, "Statistical Comparisons
of Classifiers over Multiple Data Sets" (mean ranks, Friedman test, Nemenyi's critical difference).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import stdtr, stdtrit
from scipy.stats import friedmanchisquare, rankdata, studentized_range

Row = Mapping[str, Any]
LEVEL = 0.05  # of every test; intervals hold 1 - LEVEL


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences, half of its 95 % interval, and p value of the hypothesis that it is zero."""

    mean: float
    half: float
    p: float

    @property
    def sign(self) -> int:
        """1 or -1 where the interval leaves zero out, else 0."""
        return (self.mean > self.half) - (self.mean < -self.half)


@dataclass(frozen=True)
class Ranking:
    """Mean ranks, best first, over blocks in which every compared predictor has an answer."""

    mean_rank: dict[str, float]
    blocks: int
    critical_difference: float
    friedman_p: float  # not a number for fewer than three predictors or two blocks


def value(row: Row, metric: str) -> float:
    """A metric of a row; not a number where the fit failed or the predictor has no such metric."""
    number = row.get(metric) if row.get("status") == "ok" else None
    return math.nan if number is None else float(number)


def paired(mine: Iterable[Row], other: Iterable[Row], metric: str) -> Difference:
    """Mine less the other's, paired over label sets; rows of one scored column and number of labels.

    The interval is one over new label sets and new training seeds at once. A set that lacks a fit of either predictor,
    whichever seed's, is left out for both.
    """
    a, b = _by_seed(mine, metric), _by_seed(other, metric)
    sets = sorted(_complete(a) & _complete(b))
    return _difference(_crossed(a, sets), _crossed(b, sets))


def mean_and_half(rows: Iterable[Row], metric: str) -> tuple[float, float]:
    """One predictor's mean over label sets and training seeds, and half of its 95 % interval."""
    found = _over_both(_by_seed(rows, metric))
    return found.mean, found.half


def interval(numbers: Mapping[tuple[int, int], float]) -> Difference:
    """The mean of numbers by (training seed, label set), such as differences that are paired over both.

    The interval is one over new seeds and new sets at once: numbers of one seed, or of one set, may all be shifted
    alike, so that seeds x sets are far fewer than as many independent ones. A set that some seed lacks is left out.
    """
    table: dict[int, dict[int, float]] = {}
    for (seed, number), found in numbers.items():
        table.setdefault(seed, {})[number] = found
    return _over_both(table)


def _over_both(table: Mapping[int, Mapping[int, float]]) -> Difference:
    crossed = _crossed(table, sorted(_complete(table)))
    return _difference(crossed, np.zeros((1, crossed.shape[1])))


def _difference(mine: Float[np.ndarray, "seed set"], other: Float[np.ndarray, "seed2 set"]) -> Difference:
    """Variance of the mean: that of set means plus that of either's seed means.

    Both hold the residual of the crossed table, so the interval is a little wide rather than a little narrow.
    """
    over = mine.mean(0) - other.mean(0) if mine.size and other.size else np.zeros(0)
    if len(over) < 2:
        return Difference(float(over[0]) if len(over) else math.nan, math.inf, 1.0)
    spreads = [over] + [table.mean(1) for table in (mine, other) if len(table) > 1]
    parts = np.array([spread.var(ddof=1) / len(spread) for spread in spreads])
    freedom = np.array([len(spread) - 1 for spread in spreads])
    mean, error = float(over.mean()), math.sqrt(parts.sum())
    if error == 0:
        return Difference(mean, 0.0, float(mean == 0))
    satterthwaite = parts.sum() ** 2 / (parts**2 / freedom).sum()
    p = 2 * stdtr(satterthwaite, -abs(mean) / error)
    return Difference(mean, float(stdtrit(satterthwaite, 1 - LEVEL / 2) * error), float(p))


def known(differences: Sequence[tuple[str, Difference]]) -> list[tuple[str, Difference]]:
    """Those with an interval, so that a rival that answered hardly ever is held against nobody; all if none has one.

    Never one without a single answer in common.
    """
    some = [pair for pair in differences if math.isfinite(pair[1].mean)]
    return [pair for pair in some if math.isfinite(pair[1].half)] or some


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values, in the order given: each may be held against the level as if it were the only one."""
    adjusted, running = [0.0] * len(p_values), 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = running
    return adjusted


def ranking(rows: Iterable[Row], metric: str, predictors: Sequence[str], higher: bool = True) -> Ranking:
    """Mean ranks of `predictors`, 1 for the best, ties share; a block is one scored column and label set.

    Within a block a predictor's metric is averaged over training seeds, and over those numbers of labels at which all
    of `predictors` have an answer.
    """
    cells: dict[tuple, dict[str, list[float]]] = {}
    for row in rows:
        number = value(row, metric)
        if row["predictor"] in predictors and not math.isnan(number):
            where = (row["shown"], row["scored"], row["set"], row["labels"])
            cells.setdefault(where, {}).setdefault(row["predictor"], []).append(number)
    blocks: dict[tuple, list[list[float]]] = {}
    for where, found in sorted(cells.items()):
        if len(found) == len(predictors):
            blocks.setdefault(where[:3], []).append([float(np.mean(found[name])) for name in predictors])
    scores = np.array([np.mean(block, axis=0) for block in blocks.values()]).reshape(-1, len(predictors))
    return _ranking(scores if higher else -scores, predictors)


def _ranking(scores: Float[np.ndarray, "block predictor"], predictors: Sequence[str]) -> Ranking:
    blocks, count = scores.shape
    if not blocks or count < 2:
        return Ranking({}, blocks, math.nan, math.nan)
    ranks = rankdata(-scores, axis=1).mean(0)
    p = float(friedmanchisquare(*scores.T).pvalue) if count > 2 and blocks > 1 else math.nan
    order = sorted(range(count), key=lambda i: (ranks[i], predictors[i]))
    return Ranking({predictors[i]: float(ranks[i]) for i in order}, blocks, critical_difference(count, blocks), p)


def critical_difference(predictors: int, blocks: int) -> float:
    """Nemenyi's: mean ranks nearer than this are not apart."""
    return _studentized(predictors) * math.sqrt(predictors * (predictors + 1) / (6 * blocks))


@functools.cache
def _studentized(predictors: int) -> float:
    return float(studentized_range.ppf(1 - LEVEL, predictors, np.inf)) / math.sqrt(2)


def groups(mean_rank: Mapping[str, float], critical: float) -> list[list[str]]:
    """Maximal groups of at least two predictors that are not apart, for the bars of Demšar's diagram."""
    names = sorted(mean_rank, key=lambda name: (mean_rank[name], name))
    found: list[list[str]] = []
    reached = 0  # end of the group before: one that ends no further lies within it
    for start, name in enumerate(names):
        end = start + sum(mean_rank[other] - mean_rank[name] < critical for other in names[start:])
        if end - start > 1 and end > reached:
            found.append(names[start:end])
            reached = end
    return found


def pareto(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indices of the (seconds, tau) that no other point beats in both, cheapest first."""
    front: list[int] = []
    for index in sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1])):
        if not front or points[index][1] > points[front[-1]][1]:
            front.append(index)
    return front


def _by_seed(rows: Iterable[Row], metric: str) -> dict[int, dict[int, float]]:
    table: dict[int, dict[int, float]] = {}
    for row in rows:
        known = table.setdefault(row["seed"], {})
        if not math.isnan(number := value(row, metric)):
            known[row["set"]] = number
    return table


def _complete(table: Mapping[int, Mapping[int, float]]) -> set[int]:
    """Label sets that every seed has."""
    return set.intersection(*(set(known) for known in table.values())) if table else set()


def _crossed(table: Mapping[int, Mapping[int, float]], sets: Sequence[int]) -> Float[np.ndarray, "seed set"]:
    return np.array([[known[s] for s in sets] for known in table.values()]).reshape(len(table), len(sets))
