"""Numbers of simulated searches: evaluations until the best cell, and scores after some numbers of evaluations.

    rows -> courses, one for each strategy, (repeat, evaluation) -> lines of a table

A run that did not reach a goal counts with the limit. A mean that includes such runs is a lower bound, and the
difference of two such means is one of evaluations spent up to the limit. Intervals are 95 % intervals over repeats; if
a strategy has several checkpoints, over repeats and training seeds at once (`scripts.results.statistics`), which makes
them wide: 1.66 times those of one checkpoint if three seeds do not differ. Strategies are paired over repeats, which
share checkpoint and random seed.

Axes: repeat; evaluation, from 1 to the limit, where values of a run that ended earlier stay constant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from scripts.results.entrants import OURS, Described
from scripts.results.rows import Row
from scripts.results.statistics import Crossed, grouped, interval
from scripts.searches.simulation import Problem

Numbers = Float[np.ndarray, "repeat evaluation"]
Line = dict[str, Any]
AROUND_100 = (80, 120)  # evaluated cells, for the time of an ask "at 100"
SAME = 1e-9  # tolerance of mean gaps, for rounding errors of sums


@dataclass(frozen=True)
class Course:
    """All runs of one strategy that ended without an error.

    seeds: the training seed of each repeat, failed ones included. batch: cells asked for at once. gap: see
    `Problem.gap`. valid, reported: of the incumbent, in the table's units. hours: training time of all cells so far.
    reached: by goal, evaluations until it, or the limit; found: whether it was reached. seconds: mean seconds of an
    ask. known, asks: of every ask of every run, the number of evaluated cells and its seconds. distinct: number of
    different trajectories; a strategy without random choices has one for each checkpoint.
    """

    seeds: pd.Series
    batch: int
    repeats: Int[np.ndarray, " repeat"]
    gap: Numbers
    valid: Numbers
    reported: Numbers | None
    hours: Numbers | None
    reached: dict[str, Int[np.ndarray, " repeat"]]
    found: dict[str, Bool[np.ndarray, " repeat"]]
    seconds: Float[np.ndarray, " repeat"]
    known: Int[np.ndarray, " ask"]
    asks: Float[np.ndarray, " ask"]
    distinct: int

    def mean(self, values: np.ndarray) -> tuple[float, float]:
        """Mean of one value for each run, and half of its interval; infinite for a single trajectory."""
        half = interval(_crossed(pd.Series(values, self.repeats), self.seeds)).half
        return float(np.mean(values)), half if self.distinct > 1 else math.inf

    @property
    def failed(self) -> int:
        """Number of failed runs."""
        return len(self.seeds) - len(self.repeats)

    def hours_to(self, goal: str) -> Float[np.ndarray, " repeat"]:
        """Training hours until a goal, by repeat."""
        assert self.hours is not None
        return self.hours[np.arange(len(self.repeats)), self.reached[goal] - 1]


@dataclass(frozen=True)
class Found:
    """All results of the searches of one data set.

    rows: all runs, failed ones included. described: all strategies, by id. courses: of the strategies with at least
    one run that did not fail. lines: their summary (`summarise`).
    """

    problem: Problem
    limit: int
    rows: Sequence[Row]
    described: Mapping[str, Described]
    courses: Mapping[str, Course]
    lines: list[Line]

    @classmethod
    def of(
        cls, rows: Sequence[Row], described: Mapping[str, Described], problem: Problem, limit: int, after: Iterable[int]
    ) -> Found:
        """The results of these rows; `after`: numbers of evaluations whose incumbents are reported.

        Raises:
            ValueError: all runs failed; says why the first did.
        """
        mine = {name: [row for row in rows if row["predictor"] == name] for name in described}
        ended = {name: some for name, some in mine.items() if any(row["status"] == "ok" for row in some)}
        courses = {name: course(some, problem, limit) for name, some in ended.items()}
        if not courses:
            why = next((row["message"] for row in rows), "there are no rows")
            raise ValueError(f"no run of {', '.join(described)} succeeded: {why}")
        titles = {name: one.title for name, one in described.items()}
        return cls(problem, limit, rows, described, courses, summarise(courses, titles, problem, after))

    def failed(self) -> list[tuple[str, str, str, int]]:
        """Failed runs: strategy, status, message and their number."""
        failed = pd.DataFrame([{"message": "", **row} for row in self.rows if row["status"] != "ok"])
        if failed.empty:
            return []
        return [(*where, len(part)) for where, part in grouped(failed, "predictor", "status", "message", sort=True)]


def course(rows: Sequence[Row], problem: Problem, limit: int) -> Course:
    """The course of one strategy; at least one of its rows has status "ok"."""
    runs = sorted((row for row in rows if row["status"] == "ok"), key=lambda row: row["set"])
    cells = [row["cells"] for row in runs]
    gap = np.stack([_extended(problem.gap(one), limit) for one in cells])
    best = np.stack([_extended(incumbents(problem.score[one], one), limit) for one in cells]).astype(int)
    found = {goal.key: gap.min(1) <= goal.gap for goal in problem.goals}
    seconds, hours = problem.seconds, None
    if seconds is not None:
        hours = np.stack([_extended(np.cumsum(seconds[one]) / 3600, limit) for one in cells])
    return Course(
        seeds=pd.Series({row["set"]: row["seed"] for row in rows}).sort_index(),
        batch=max(row.get("batch") or max(row["asked"]) for row in runs),
        repeats=np.array([row["set"] for row in runs]),
        gap=gap,
        valid=problem.sign * problem.score[best],
        reported=None if problem.reported is None else problem.reported[best],
        hours=hours,
        reached={g.key: np.where(found[g.key], (gap <= g.gap).argmax(1) + 1, limit) for g in problem.goals},
        found=found,
        seconds=np.array([np.mean(row["seconds_ask"]) for row in runs]),
        known=np.concatenate([np.cumsum([0, *row["asked"][:-1]]) for row in runs]),
        asks=np.concatenate([row["seconds_ask"] for row in runs]),
        distinct=len({tuple(one) for one in cells}),
    )


def incumbents(score: Float[np.ndarray, " evaluation"], rows: Sequence[int]) -> Int[np.ndarray, " evaluation"]:
    """The row of the incumbent after each evaluation; of equal cells, the first."""
    best = np.maximum.accumulate(score)
    records = np.flatnonzero(np.diff(best, prepend=-np.inf) > 0)
    until = np.searchsorted(records, np.arange(len(score)), side="right") - 1
    return np.asarray(rows)[records[until]]


def _extended(values: Sequence[float] | np.ndarray, limit: int) -> np.ndarray:
    """Extended to the limit with the last value."""
    return np.pad(np.asarray(values), (0, limit - len(values)), mode="edge")


def _crossed(values: pd.Series, seeds: pd.Series) -> Crossed:
    """Values by repeat, arranged as seeds by repeats of each seed; NaN where there is none."""
    seed, _ = pd.factorize(seeds)
    place = seeds.groupby(seed).cumcount()
    table = np.full((seed.max() + 1, place.max() + 1), np.nan)
    table[seed, place] = values.reindex(seeds.index)
    return table


def apart(mine: Course, other: Course, goal: str) -> int:
    """1 or -1 where `mine` takes significantly more or fewer evaluations until a goal, else 0.

    Paired over the repeats that both have; if both have a single trajectory there is no sample, so 0.
    """
    if max(mine.distinct, other.distinct) == 1:
        return 0
    a, b = (pd.Series(one.reached[goal], one.repeats) for one in (mine, other))
    return interval(_crossed(a - b, max(mine.seeds, other.seeds, key=lambda seeds: seeds.nunique()))).sign


def equalled(mine: Course, rival: Course) -> dict[str, float | None]:
    """Evaluations of `mine` until its mean gap is at most the rival's at the limit, and the rival's as a multiple.

    The rival's evaluations are counted until its mean gap first had its final value.
    """
    left = float(rival.gap.mean(0)[-1]) + SAME
    ours, theirs = (one.gap.mean(0) <= left for one in (mine, rival))
    if mine is rival or not ours.any():
        return {OURS: None, "times": None}
    n, own = int(ours.argmax()) + 1, int(theirs.argmax()) + 1
    return {OURS: n, "times": _round(own / n, 2)}


def summarise(
    courses: Mapping[str, Course], titles: Mapping[str, str], problem: Problem, after: Iterable[int]
) -> list[Line]:
    """One line for each strategy, fewest evaluations until the main goal first; of equal ones, the smallest final gap.

    `ahead_of` names the strategies that need significantly more evaluations, `behind` those that need fewer (95 %
    interval of the difference without zero). `evaluations_to_equal`: see `equalled`, if MetaNP takes part. Without an
    interval, as of a single run, `ci95` is None.
    """
    main, after = problem.goals[0].key, list(after)
    lines = []
    for name, one in courses.items():
        signs = {other: apart(one, rival, main) for other, rival in courses.items() if other != name}
        line: Line = {"strategy": name, "title": titles[name], "repeats": len(one.repeats)}
        line |= {"seeds": one.seeds.nunique(), "distinct": one.distinct}
        line |= {"failed": one.failed, "batch": one.batch}
        line |= {f"evaluations_to_{goal.key}": _spent(one, goal.key) for goal in problem.goals}
        line["after"] = {str(n): _after(one, problem, n) for n in after if n <= one.gap.shape[1]}
        if OURS in courses and len(courses) > 1:
            line["evaluations_to_equal"] = equalled(courses[OURS], one)
        line["seconds_per_ask"] = _round(float(np.median(one.asks)), 4)
        many = one.asks[(one.known >= AROUND_100[0]) & (one.known <= AROUND_100[1])]
        line["seconds_per_ask_at_100"] = _round(float(many.mean()), 4) if len(many) else None
        if one.hours is not None:
            line[f"training_hours_to_{main}"] = _round(float(one.hours_to(main).mean()), 2)
        line["ahead_of"] = [other for other, sign in signs.items() if sign < 0]
        line["behind"] = [other for other, sign in signs.items() if sign > 0]
        lines.append(line)

    def order(line: Line) -> tuple[float, float, str]:
        left = float(courses[line["strategy"]].gap[:, -1].mean())
        return line[f"evaluations_to_{main}"]["mean"], left, line["strategy"]

    return sorted(lines, key=order)


def _spent(one: Course, goal: str) -> dict[str, float | None]:
    reached, found = one.reached[goal], one.found[goal]
    mean, half = one.mean(reached)
    ends = {"mean": _round(mean, 4), "ci95": _round(half, 4) if found.any() else None}
    return {**ends, "median": float(np.median(reached)), "found": _round(float(found.mean()), 4)}


def _after(one: Course, problem: Problem, n: int) -> dict[str, float | None]:
    scores = {"valid": one.valid, "test": one.reported}
    if problem.cost is not None:
        scores = {"hypervolume": 1 - one.gap}
    found: dict[str, float | None] = {}
    for name, values in scores.items():
        if values is not None:
            mean, half = one.mean(values[:, n - 1])
            found |= {name: _round(mean, 4), f"{name}_ci95": _round(half, 4)}
    return found


def _round(value: float, digits: int) -> float | None:
    return round(value, digits) if math.isfinite(value) else None


def flat(line: Mapping[str, Any], before: str = "") -> Row:
    """A line as columns: names of nested values are joined with `_`, lists with spaces."""
    found: Row = {}
    for name, value in line.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{name}_")
        else:
            found[f"{before}{name}"] = " ".join(value) if isinstance(value, list) else value
    return found
