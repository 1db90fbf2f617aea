"""The figures of a page of simulated searches, with their captions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from metanp.search.pareto import on_front
from scripts.results import axes
from scripts.results.drawing import Looks
from scripts.results.page import Figure
from scripts.results.plots import Line, Runs, lines, single_runs
from scripts.results.rows import Row
from scripts.results.wording import duration
from scripts.searches.simulation import Problem
from scripts.searches.summary import Course

DRAWN = 80  # points of a line, evenly spaced in the logarithm of evaluations
DEEPEST = 1e-4  # lowest end of an axis of differences, relative to the highest value
BAND, BOTTOM = "Mean over runs and its 95 % band.", "Zero lies at the bottom."
Courses = Mapping[str, Course]


def figures(courses: Courses, rows: Sequence[Row], problem: Problem, looks: Looks) -> list[Figure]:
    """All figures that the runs allow; strategies in the order of `courses`."""
    first = _found(courses, problem, looks) if problem.cost is None else _fronts(courses, rows, problem, looks)
    return [*first, *_runs(courses, problem, looks)]


def _over_evaluations(courses: Courses, of: Callable[[Course], Any], looks: Looks, y: axes.Made) -> str:
    found = {}
    for name, one in courses.items():
        values = of(one)
        at = np.unique(np.geomspace(1, values.shape[1], DRAWN).round().astype(int)).tolist()
        means, halves = zip(*(one.mean(values[:, n - 1]) for n in at), strict=True)
        found[name] = Line(at, means, halves)
    return lines(found, looks, partial(axes.counts, title="evaluations"), y)


def _left(title: str) -> axes.Made:
    """An axis of a remaining difference, at least a decade long; zero is drawn at its end."""
    return lambda values: axes.log([*values, max(*values, 1e-12) / 10], f"{title}, logarithmic", deepest=DEEPEST)


def _found(courses: Courses, problem: Problem, looks: Looks) -> Iterator[Figure]:
    """Score of the incumbent."""
    caption = f"How far the incumbent is below the best cell of all, in the searched score. {BAND} {BOTTOM}"
    drawn = _over_evaluations(courses, lambda one: one.gap, looks, _left("regret"))
    yield Figure("Regret over evaluations", caption, drawn)
    if problem.reported is not None:
        caption = f"Of the incumbent by the searched score. {BAND} What lies far below is drawn at the axis."
        axis = partial(axes.even, title="test accuracy, %")
        yield Figure(
            "Test accuracy over evaluations", caption, _over_evaluations(courses, lambda one: one.reported, looks, axis)
        )


def _fronts(courses: Courses, rows: Sequence[Row], problem: Problem, looks: Looks) -> Iterator[Figure]:
    """Share of the true front that was found."""
    corner = f"up to a score of {problem.reference.score:g} and a cost of {problem.reference.cost:.3g}"
    caption = f"Share of the true front's area ({corner}) that is missing. {BAND} Lower is better. {BOTTOM}"
    drawn = _over_evaluations(courses, lambda one: one.gap, looks, _left("missing hypervolume"))
    yield Figure("Missing hypervolume over evaluations", caption, drawn)
    firsts: dict[str, Line] = {}
    for row in rows:
        if row["status"] == "ok" and row["predictor"] in courses and (found := _front(row["cells"], problem)).at:
            firsts.setdefault(row["predictor"], found)
    true = _front(problem.front, problem)
    x = partial(
        axes.even, title=problem.cost_title, low=min(cost for line in (true, *firsts.values()) for cost in line.at)
    )
    y = partial(axes.even, title="score", low=problem.floor)
    caption = "The first run of each strategy at its end; the dotted line is the true front."
    yield Figure("The front that was found", caption, lines(firsts, looks, x, y, true))


def _front(cells: Sequence[int] | np.ndarray, problem: Problem) -> Line:
    """Scores over costs of the cells on the front above the floor."""
    assert problem.cost is not None
    score, cost = problem.score[np.asarray(cells)], problem.cost[np.asarray(cells)]
    here = np.flatnonzero(on_front(score, cost) & (score > problem.floor))
    here = here[np.argsort(cost[here])]
    return Line(cost[here].tolist(), score[here].tolist())


def _runs(courses: Courses, problem: Problem, looks: Looks) -> Iterator[Figure]:
    """Share of runs that found the goal, and evaluations, hours and seconds of single runs."""
    goal = problem.goals[0]
    share = axes.even([1.0], "share of runs", 0.0, "{:.0%}".format)
    drawn = _over_evaluations(courses, lambda one: (one.gap <= goal.gap).astype(float), looks, lambda _: share)
    yield Figure("Share of runs that found it", f"Share of runs that had found {goal.title} by then. {BAND}", drawn)
    hollow = f"hollow ones had not {'found' if problem.cost is None else 'reached'} it by the limit"
    box = f"A point a run, {hollow}; the box holds the middle half, the line is the median. A logarithmic axis."
    reached = {name: Runs(one.reached[goal.key], ~one.found[goal.key]) for name, one in courses.items()}
    drawn = single_runs(reached, looks, partial(axes.log, title="evaluations"))
    yield Figure(f"Evaluations to {goal.title}", box, drawn)
    if problem.seconds is not None:
        hours = {name: Runs(one.hours_to(goal.key), ~one.found[goal.key]) for name, one in courses.items()}
        caption = f"Training time of the evaluated cells by the table, one after another. {box}"
        drawn = single_runs(hours, looks, partial(axes.log, title="hours of training"))
        yield Figure(f"Simulated training hours to {goal.title}", caption, drawn)
    asks = {name: Runs(one.seconds, np.zeros(len(one.seconds), dtype=bool)) for name, one in courses.items()}
    caption = "Mean over a run's asks; the first in a process reads and encodes the candidates. A logarithmic axis."
    drawn = single_runs(asks, looks, partial(axes.log, title="an ask, on one thread", form=duration))
    yield Figure("Seconds per ask", caption, drawn)
