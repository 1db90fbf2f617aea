"""The figures of a page of simulated searches: which numbers go into which plot, and what is said under it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from metanp.search.pareto import on_front
from scripts.report.figures import Figure
from scripts.report.plots import Look
from scripts.report.search_plots import Curve, Runs, even_axis, fronts, log_axis, over_evaluations, single_runs
from scripts.report.wording import duration
from scripts.results.statistics import Row
from scripts.searches.simulation import Problem
from scripts.searches.summary import Course

DRAWN = 80  # evaluations at which a curve is drawn, evenly in their logarithm
BAND = "Mean over runs and its 95 % band."


def figures(
    courses: Mapping[str, Course], rows: Sequence[Row], problem: Problem, looks: Mapping[str, Look]
) -> list[Figure]:
    """All that the runs allow; strategies in the order of `courses`."""
    main = problem.goals[0]
    hollow = "hollow ones had not found it by the limit" if problem.cost is None else "hollow ones had not reached it"
    box = f"A point a run, {hollow}; the box holds the middle half, the line is the median. A logarithmic axis."
    reached = {
        name: Runs(one.reached[main.key].tolist(), (~one.found[main.key]).tolist()) for name, one in courses.items()
    }
    drawn = [
        *(_fronts(courses, rows, problem, looks) if problem.cost is not None else _found(courses, problem, looks)),
        _share(courses, problem, looks),
        Figure(f"Evaluations to {main.title}", box, single_runs(reached, looks, "evaluations", "{:g}".format)),
    ]
    if problem.seconds is not None:
        hours = {
            name: Runs(one.hours_to(main.key).tolist(), (~one.found[main.key]).tolist())
            for name, one in courses.items()
        }
        told = f"What training the cells until then took in the table, one after another. {box}"
        plot = single_runs(hours, looks, "hours of training", "{:g}".format)
        drawn.append(Figure(f"Simulated training hours to {main.title}", told, plot))
    asks = {name: Runs(one.seconds.tolist(), [False] * len(one.seconds)) for name, one in courses.items()}
    told = "Mean of a run's asks; the first of a process reads and encodes the candidates. A logarithmic axis."
    drawn.append(Figure("Seconds per ask", told, single_runs(asks, looks, "an ask, on one thread", duration)))
    return drawn


def _curves(courses: Mapping[str, Course], of: Callable[[Course], np.ndarray]) -> dict[str, Curve]:
    found = {}
    for name, one in courses.items():
        values = of(one)
        limit = values.shape[1]
        at = np.unique(np.geomspace(1, limit, min(DRAWN, limit)).round().astype(int)).tolist()
        means = [one.mean(values[:, n - 1]) for n in at]
        found[name] = Curve(at, [mean for mean, _ in means], [half for _, half in means])
    return found


def _all(curves: Mapping[str, Curve]) -> list[float]:
    return [value for curve in curves.values() for value in curve.values]


def _found(courses: Mapping[str, Course], problem: Problem, looks: Mapping[str, Look]) -> list[Figure]:
    """What the best until then is worth."""
    regret = _curves(courses, lambda one: one.gap)
    told = (
        f"How far the best cell until then is below the best of all, in what was told. {BAND} Zero lies at the bottom."
    )
    plot = over_evaluations(regret, looks, log_axis(_all(regret), "regret, logarithmic"))
    drawn = [Figure("Regret over evaluations", told, plot)]
    if problem.reported is not None:
        test = _curves(courses, lambda one: _known(one.reported))
        told = f"Of the cell that was best by what was told. {BAND} What lies far below is drawn at the axis."
        plot = over_evaluations(test, looks, even_axis(_all(test), "test accuracy, %"))
        drawn.append(Figure("Test accuracy over evaluations", told, plot))
    return drawn


def _known(values: Any) -> np.ndarray:
    assert values is not None
    return values


def _share(courses: Mapping[str, Course], problem: Problem, looks: Mapping[str, Look]) -> Figure:
    goal = problem.goals[0]
    share = _curves(courses, lambda one: (one.gap <= goal.gap).astype(float))
    axis = even_axis([0.0, 1.0], "share of runs", 0.0, lambda tick: f"{tick:.0%}")
    told = f"How many runs had found {goal.title} by then. {BAND}"
    return Figure("Share of runs that found it", told, over_evaluations(share, looks, axis))


def _fronts(
    courses: Mapping[str, Course], rows: Sequence[Row], problem: Problem, looks: Mapping[str, Look]
) -> list[Figure]:
    assert problem.cost is not None
    missing = _curves(courses, lambda one: one.gap)
    corner = f"up to a score of {problem.reference.score:g} and a cost of {problem.reference.cost:.3g}"
    told = (
        f"Share of the true front's area ({corner}) that is missing. {BAND} Lower is better; zero lies at the bottom."
    )
    plot = over_evaluations(missing, looks, log_axis(_all(missing), "missing hypervolume, logarithmic"))
    true = list(zip(problem.cost[problem.front].tolist(), problem.score[problem.front].tolist(), strict=True))
    true = [(cost, score) for cost, score in true if score > problem.floor]
    firsts: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row["status"] == "ok" and row["predictor"] in courses:
            cells = np.array(row["cells"])
            score, cost = problem.score[cells], problem.cost[cells]
            here = on_front(score, cost) & (score > problem.floor)
            if here.any():
                found = list(zip(cost[here].tolist(), score[here].tolist(), strict=True))
                firsts.setdefault(row["predictor"], found)
    axis = even_axis([problem.floor, *(score for _, score in true)], "score", problem.floor)
    seen = "The first run of each strategy at its end; the dotted line is the true front."
    return [
        Figure("Missing hypervolume over evaluations", told, plot),
        Figure("The front that was found", seen, fronts(true, firsts, looks, problem.cost_title, axis)),
    ]
