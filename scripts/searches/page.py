"""The page of simulated searches, with its figures: courses, lines -> table, figures -> search.html.j2."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from metanp.search.pareto import on_front
from scripts.results import axes, plots
from scripts.results.drawing import Looks
from scripts.results.entrants import OURS, Described
from scripts.results.page import Figure, families, write_page
from scripts.results.published import blocks
from scripts.results.rows import Row
from scripts.results.wording import PROPER, duration, listed, percent
from scripts.searches.simulation import Problem
from scripts.searches.summary import Course, Found, Line, flat
from scripts.searches.tables import failed_table, median, search_table, shortfall

TEMPLATE = Path(__file__).with_name("search.html.j2")
DRAWN = 80  # points of a line, evenly spaced in the logarithm of evaluations
DEEPEST = 1e-4  # lowest end of an axis of differences, relative to the highest value
BAND, BOTTOM = "Mean over runs and its 95 % band.", "Zero lies at the bottom."
Courses = Mapping[str, Course]


def write_search_page(
    path: Path, found: Found, published: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]
) -> None:
    """Write the page of one data set and kind of meta-training.

    Args:
        found: all results; "metanp" is ours.
        published: lines of published searches in this data set.
        facts: those of `scripts.results.page.write_page`, and title, benchmark, dataset, proxies, notes (sentences).
    """
    lines, problem, described = found.lines, found.problem, found.described
    courses = {line["strategy"]: found.courses[line["strategy"]] for line in lines}
    dataset = PROPER.get(facts["dataset"], facts["dataset"].replace("_", " "))
    title = "Strategies, fewest evaluations first"
    write_page(
        path,
        TEMPLATE,
        described,
        blocks(published, searches=True),
        failed_table(found),
        title=f"{facts['title']}, {dataset}",
        facts=facts,
        table=search_table(lines, problem, found.limit, title, facts["notes"], families(described)),
        sentences=sentences(lines, problem, described),
        figures=figures(courses, found.rows, problem, plots.looks(described)),
        repeats=max(line["repeats"] for line in lines),
        seeds=max(line["seeds"] for line in lines),
        problem=problem,
        limit=found.limit,
    )


def sentences(lines: Sequence[Line], problem: Problem, described: Mapping[str, Described]) -> list[str]:
    """The result of MetaNP in sentences; if it takes no part, that of the first strategy."""
    line = next((line for line in lines if line["strategy"] == OURS), lines[0])
    rivals = len(lines) - 1
    row, goal, key = flat(line), problem.goals[0].title, f"evaluations_to_{problem.goals[0].key}"
    share, middle = percent(row[f"{key}_found"]), median(row, key)
    found = [f"finds {goal} in {share} of its runs, with {middle} evaluations at the median"]
    if rivals:
        found.append(
            f"is ahead of {len(line['ahead_of'])} and behind {len(line['behind'])} of {rivals} other strategies"
        )
    said = [f"{line['title']} {' and '.join(found)}."]
    if line["behind"]:
        said.append(f"Ahead of it: {listed(described[name].title for name in line['behind'])}.")
    return said + _equalled(line, lines, problem, described)


def _equalled(line: Line, lines: Sequence[Line], problem: Problem, described: Mapping[str, Described]) -> list[str]:
    """Comparison with the first strategy of another family in the table."""
    others = [one for one in lines if described[one["strategy"]].family != described[line["strategy"]].family]
    if not others or others[0].get("evaluations_to_equal", {}).get(OURS) is None:
        return []
    found = others[0]["evaluations_to_equal"]
    fewer = f": {found['times']:.3g} times fewer" if found["times"] > 1 else ""
    what = f"final mean {shortfall(problem)}"
    return [f"It reaches the {what} of {others[0]['title']} after {found[OURS]} evaluations{fewer}."]


# --- figures ----------------------------------------------------------------------------------------------------------


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
        found[name] = plots.Line(at, means, halves)
    return plots.lines(found, looks, partial(axes.counts, title="evaluations"), y)


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
    firsts: dict[str, plots.Line] = {}
    for row in rows:
        if row["status"] == "ok" and row["predictor"] in courses and (found := _front(row["cells"], problem)).at:
            firsts.setdefault(row["predictor"], found)
    true = _front(problem.front, problem)
    x = partial(
        axes.even, title=problem.cost_title, low=min(cost for line in (true, *firsts.values()) for cost in line.at)
    )
    y = partial(axes.even, title="score", low=problem.floor)
    caption = "The first run of each strategy at its end; the dotted line is the true front."
    yield Figure("The front that was found", caption, plots.lines(firsts, looks, x, y, true))


def _front(cells: Sequence[int] | np.ndarray, problem: Problem) -> plots.Line:
    """Scores over costs of the cells on the front above the floor."""
    assert problem.cost is not None
    score, cost = problem.score[np.asarray(cells)], problem.cost[np.asarray(cells)]
    here = np.flatnonzero(on_front(score, cost) & (score > problem.floor))
    here = here[np.argsort(cost[here])]
    return plots.Line(cost[here].tolist(), score[here].tolist())


def _runs(courses: Courses, problem: Problem, looks: Looks) -> Iterator[Figure]:
    """Share of runs that found the goal, and evaluations, hours and seconds of single runs."""
    goal = problem.goals[0]
    share = axes.even([1.0], "share of runs", 0.0, "{:.0%}".format)
    drawn = _over_evaluations(courses, lambda one: (one.gap <= goal.gap).astype(float), looks, lambda _: share)
    yield Figure("Share of runs that found it", f"Share of runs that had found {goal.title} by then. {BAND}", drawn)
    hollow = f"hollow ones had not {'found' if problem.cost is None else 'reached'} it by the limit"
    box = f"A point a run, {hollow}; the box holds the middle half, the line is the median. A logarithmic axis."
    reached = {name: plots.Runs(one.reached[goal.key], ~one.found[goal.key]) for name, one in courses.items()}
    drawn = plots.single_runs(reached, looks, partial(axes.log, title="evaluations"))
    yield Figure(f"Evaluations to {goal.title}", box, drawn)
    if problem.seconds is not None:
        hours = {name: plots.Runs(one.hours_to(goal.key), ~one.found[goal.key]) for name, one in courses.items()}
        caption = f"Training time of the evaluated cells by the table, one after another. {box}"
        drawn = plots.single_runs(hours, looks, partial(axes.log, title="hours of training"))
        yield Figure(f"Simulated training hours to {goal.title}", caption, drawn)
    asks = {name: plots.Runs(one.seconds, np.zeros(len(one.seconds), dtype=bool)) for name, one in courses.items()}
    caption = "Mean over a run's asks; the first in a process reads and encodes the candidates. A logarithmic axis."
    drawn = plots.single_runs(asks, looks, partial(axes.log, title="an ask, on one thread", form=duration))
    yield Figure("Seconds per ask", caption, drawn)
