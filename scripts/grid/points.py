"""From rows to points: a case with so many labels and epochs, its seconds and its metrics; and who is best where.

    rows -> points -> the best point of every case within a budget of two times

Initialisation is the training of all evaluated architectures, of a supernet where there is one, and the fit. A query is
of one candidate: its training so far, what is computed of it, and the prediction. Both are means over label sets.

Axes: seed, set, as in `scripts.results.statistics`; start, query: the two budgets, in seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scripts.results.entrants import OURS
from scripts.results.rows import Row
from scripts.results.statistics import Crossed, Difference, averages, crossed, frame, paired

TAU = "kendall_tau"
METRICS = (
    TAU, "kendall_tau_2_decimals", "kendall_tau_1_decimals", "spearman", "pearson", "mae", "rmse",
    "p_at_10", "p_at_20", "n_at_10", "regret_at_10",
)  # fmt: skip
PARTS = ("seconds_labels", "seconds_prepare", "seconds_fit")  # of initialisation
BY = ("predictor", "shown", "labels")


@dataclass(frozen=True, eq=False)
class Point:
    """A case with so many labels, shown curves of a length (`shown`).

    start, query: seconds. tau: of seeds by label sets. metrics: means, and halves of their intervals.
    """

    case: str
    shown: str
    labels: int
    start: float
    query: float
    tau: Crossed
    metrics: Mapping[str, float]

    @property
    def mean(self) -> float:
        """Of tau over all fits; NaN where one has none."""
        return float(self.tau.mean())

    @property
    def is_ours(self) -> bool:
        """Whether this is MetaNP, whatever it is shown."""
        return self.case.split("_")[0] == OURS


@dataclass(frozen=True)
class Best:
    """The best points within two budgets: ours, that of another, and tau of the first minus that of the second.

    None where there is none, and where one of the two is missing.
    """

    ours: Point | None
    other: Point | None
    difference: Difference | None

    @property
    def first(self) -> Point | None:
        """The better of the two."""
        known = [one for one in (self.ours, self.other) if one]
        return max(known, key=lambda one: one.mean, default=None)


def points(rows: Iterable[Row]) -> list[Point]:
    """Those whose every fit has an answer."""
    metrics = [*METRICS, *PARTS, "seconds_query"]
    raw = frame(rows, metrics)
    raw = raw.assign(start=raw[[*PARTS]].sum(axis=1))  # what is missing costs nothing
    means = averages(raw, METRICS, BY)
    groups = raw.groupby([*BY], sort=False)
    seconds, sets = groups[["start", "seconds_query"]].mean(), groups["set"].nunique()
    found = []
    for where, tau in crossed(raw, TAU, BY).items():
        tau = tau[:, : sets[where]]  # a slow predictor has the first label sets of all
        if np.isfinite(tau).all():
            (case, shown, labels), (start, query) = where, seconds.loc[where].to_numpy()
            found.append(Point(case, shown, int(labels), float(start), float(query), tau, means[where]))
    return found


def budgets(found: Sequence[Point], n: int) -> tuple[np.ndarray, np.ndarray]:
    """`n` budgets of each time, evenly on a logarithmic axis, that reach over all points."""
    starts, queries = (np.array([getattr(one, name) for one in found]) for name in ("start", "query"))
    return np.geomspace(max(starts.min(), 0.01), starts.max(), n), np.geomspace(
        max(queries.min(), 1e-4), queries.max(), n
    )


def best(found: Collection[Point], start: float, query: float) -> Best:
    """The best of ours and of all others, of the points that cost no more than this."""
    within = [one for one in found if one.start <= start and one.query <= query]
    ours = max((one for one in within if one.is_ours), key=lambda one: one.mean, default=None)
    other = max((one for one in within if not one.is_ours), key=lambda one: one.mean, default=None)
    return Best(ours, other, _over(ours.tau, other.tau) if ours and other else None)


def _over(mine: Crossed, other: Crossed) -> Difference:
    """Over the label sets that both have: slow predictors have fewer, the first of all."""
    n = min(mine.shape[1], other.shape[1])
    return paired(mine[:, :n], other[:, :n])


def tally(found: Iterable[Best]) -> dict[str, int]:
    """How often ours are ahead of all others, level, or behind; only where there are both."""
    signs = [one.difference.sign for one in found if one.difference]
    return {name: signs.count(sign) for name, sign in (("ahead", 1), ("level", 0), ("behind", -1))}
