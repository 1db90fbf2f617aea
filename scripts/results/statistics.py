"""Which predictor is better, and by how much: statistics over rows of fits.

A row is one fit compared with one scored column: `predictor`, `seed` (of the training), `set` (the label set),
`labels`, `shown`, `scored`, `status` and metrics. Metrics of fits whose status is not "ok" are missing. Nothing here
depends on how results are shown.

Axes:
    seed    training seeds of a predictor
    set     label sets, the same ones for all predictors; NaN where a fit is missing
    block   one scored column and label set; predictors are ranked within each block

Sources: Holm 1979 (adjusted p values); Satterthwaite 1946 (degrees of freedom); Demšar 2006, "Statistical Comparisons
of Classifiers over Multiple Data Sets" (mean ranks, Friedman test, Nemenyi's critical difference).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.special import stdtr, stdtrit
from scipy.stats import friedmanchisquare, studentized_range

Crossed = Float[np.ndarray, "seed set"]
LEVEL = 0.05  # of every test; intervals hold 1 - LEVEL
BLOCK = ["shown", "scored", "set"]


def grouped(rows: pd.DataFrame, *by: str, sort: bool = False) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Groups of rows and their values in the columns `by`; in the order of the rows, unless sorted."""
    yield from rows.groupby([*by], sort=sort)


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences, half of its 95 % interval, and p value of the hypothesis that it is zero."""

    mean: float
    half: float
    p: float

    @property
    def sign(self) -> int:
        """1 or -1 where the interval does not contain zero, else 0."""
        return (self.mean > self.half) - (self.mean < -self.half)


@dataclass(frozen=True)
class Ranking:
    """Mean ranks, best first, over the blocks in which every compared predictor has an answer."""

    mean_rank: dict[str, float]
    blocks: int
    critical_difference: float
    friedman_p: float  # not a number for fewer than three predictors or two blocks


def frame(rows: Iterable[Mapping[str, Any]], metrics: Iterable[str]) -> pd.DataFrame:
    """Rows as a frame, with all of these metrics; NaN where the fit failed or the predictor has no such metric."""
    found, metrics = pd.DataFrame([*rows]), [*metrics]
    found = found.reindex(columns=[*dict.fromkeys([*found, *metrics])]).astype(dict.fromkeys(metrics, float))
    found[metrics] = found[metrics].where(found["status"] == "ok")
    return found


def crossed(rows: pd.DataFrame, metric: str, by: Sequence[str] = ("predictor", "labels")) -> dict[tuple, Crossed]:
    """A metric of each group of rows, as seeds by label sets, which are the same and in the same order for all."""
    wide: Any = rows.pivot(index=[*by, "seed"], columns="set", values=metric)
    found = {group: part.to_numpy() for group, part in wide.groupby(level=[*by])}
    return {group: found[group] for group in rows[[*by]].drop_duplicates().itertuples(index=False, name=None)}


def paired(mine: Crossed, other: Crossed) -> Difference:
    """The mean of `mine` minus `other`, paired over label sets.

    The interval is one over new label sets and new training seeds at once: all values of one seed, or of one label
    set, may share a shift, so seeds x sets values are not that many independent ones. A label set in which a fit of
    either predictor is missing, of whichever seed, is left out for both. The variance of the mean is that of the means
    of label sets plus that of the seed means of both predictors. Each of these includes the residual of the crossed
    table, so the interval is slightly too wide rather than too narrow.
    """
    whole = np.isfinite(mine).all(0) & np.isfinite(other).all(0)
    mine, other = mine[:, whole], other[:, whole]
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


def interval(numbers: Crossed) -> Difference:
    """The mean of values, or of differences paired over both axes; its interval is over new seeds and label sets."""
    return paired(numbers, np.zeros((1, numbers.shape[1])))


def averages(rows: pd.DataFrame, metrics: Iterable[str], by: Sequence[str]) -> dict[tuple, dict[str, float]]:
    """By group: the mean of each metric, and half of its interval as `<metric>_half`; NaN without an answer."""
    found: dict[tuple, dict[str, float]] = {}
    for metric in metrics:
        for group, table in crossed(rows, metric, by).items():
            one = interval(table)
            half = math.nan if math.isnan(one.mean) else one.half
            found.setdefault(group, {}).update({metric: one.mean, f"{metric}_half": half})
    return found


def known(differences: Iterable[tuple[str, Difference]]) -> list[tuple[str, Difference]]:
    """Differences with a finite interval, so that a rival with hardly any answer is left out; all, if none has one.

    A difference without any answer in common is always left out.
    """
    some = [pair for pair in differences if math.isfinite(pair[1].mean)]
    return [pair for pair in some if math.isfinite(pair[1].half)] or some


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Adjusted p values, in the order given: each can be compared with the level as if it were the only one."""
    order = np.argsort(p_values, kind="stable")
    factors = len(order) - np.arange(len(order))
    adjusted = np.minimum(np.maximum.accumulate(factors * np.asarray(p_values, dtype=float)[order]), 1.0)
    return adjusted[np.argsort(order)]


def ranking(rows: pd.DataFrame, metric: str, predictors: Sequence[str], higher: bool = True) -> Ranking:
    """Mean ranks of `predictors` over blocks: 1 for the best, the mean rank for ties.

    Within a block the metric is averaged over training seeds, and over the numbers of labels at which all of
    `predictors` have an answer.
    """
    means = rows.pivot_table(metric, [*BLOCK, "labels"], "predictor").reindex(columns=[*predictors]).dropna()
    scores = means.groupby(level=BLOCK).mean()
    blocks, count = scores.shape
    if not blocks or count < 2:
        return Ranking({}, blocks, math.nan, math.nan)
    ranks = scores.rank(axis=1, ascending=not higher).mean().sort_index().sort_values(kind="stable")
    p = float(friedmanchisquare(*scores.to_numpy().T).pvalue) if count > 2 and blocks > 1 else math.nan
    return Ranking({str(name): rank for name, rank in ranks.items()}, blocks, critical_difference(count, blocks), p)


@cache
def critical_difference(predictors: int, blocks: int) -> float:
    """Nemenyi's: mean ranks that differ by less are not significantly different."""
    studentized = float(studentized_range.ppf(1 - LEVEL, predictors, np.inf)) / math.sqrt(2)
    return studentized * math.sqrt(predictors * (predictors + 1) / (6 * blocks))


def groups(mean_rank: Mapping[str, float], critical: float) -> list[list[str]]:
    """Maximal groups of at least two predictors that do not differ significantly: the bars of Demšar's diagram."""
    names = sorted(mean_rank, key=lambda name: (mean_rank[name], name))
    found: list[list[str]] = []
    reached = 0  # end of the previous group: a group that ends no later lies within it
    for start, name in enumerate(names):
        end = start + sum(mean_rank[other] - mean_rank[name] < critical for other in names[start:])
        if end - start > 1 and end > reached:
            found.append(names[start:end])
            reached = end
    return found
