"""Tables of simulated searches: of one data set, and of published summaries for the docs.

A row is a line of `scripts.searches.summary`, flattened as in a CSV file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from scripts.results.entrants import OURS
from scripts.results.table import Cell, Column, Table
from scripts.results.wording import listed, measured, percent, plus_minus, seconds
from scripts.searches.entrants import holds_metanp, read_strategies
from scripts.searches.simulation import Problem
from scripts.searches.summary import Found, Line, flat

CENSORED = "≥: runs that had not found it are counted with the limit of {} evaluations, so the true mean is higher."
COUNTED = "≥: a run that had not found it counts with the limit of {} evaluations; in brackets, how many had."
EQUALS = (
    "{ours} equals it after: evaluations until {ours}'s mean {what} is no more than the strategy's at the limit; in "
    "brackets, how many times as many the strategy itself had needed."
)
AT_ONCE = "Strategies ask for different numbers of cells at once, each as its authors do; batch=10 has all ask for ten."
EQUALLED = f"evaluations_to_equal_{OURS}"
HIGHEST_FIRST = ("found", "valid", "hypervolume", "ahead")  # beginnings of the heads of columns sorted so
Row = Mapping[str, Any]
Entries = Iterator[tuple[str, Cell]]  # heads of columns, each with its cell


def search_table(
    lines: Sequence[Line],
    problem: Problem,
    limit: int,
    title: str = "",
    notes: Sequence[str] = (),
    families: Mapping[str, Cell] | None = None,
) -> Table:
    """One row for each strategy, fewest evaluations first; with a column of `families` if given."""
    rows = [{**flat(line), "ahead_of": len(line["ahead_of"])} for line in lines]
    ours = next((row["title"] for row in rows if row["strategy"] == OURS), "")
    entries = [[*_entries(row, problem, ours, f"not by {limit}")] for row in rows]
    heads = [Column("Strategy" if families else "strategy")]
    heads += [Column(head, "descending" if head.startswith(HIGHEST_FIRST) else "ascending") for head, _ in entries[0]]
    cells = [[_name(row), *(cell for _, cell in found)] for row, found in zip(rows, entries, strict=True)]
    if families:
        heads.append(Column("Family", css="text"))
        cells = [[*line, families[row["strategy"]]] for row, line in zip(rows, cells, strict=True)]
    return Table(heads, cells, title, ["\n".join([*_remarks(rows, problem, limit, ours), *notes])])


def _name(row: Row) -> Cell:
    return Cell(row["title"], key=row["strategy"], mark="ours" if row["strategy"] == OURS else "")


def _entries(row: Row, problem: Problem, ours: str, never: str) -> Entries:
    yield "runs", Cell(str(row["repeats"]), row["repeats"])
    yield "at once", Cell(str(row["batch"]), row["batch"])
    for goal in problem.goals:
        key = f"evaluations_to_{goal.key}"
        yield f"evaluations to {goal.title}", Cell(spent(row, key), row[f"{key}_mean"])
        yield "median", Cell(median(row, key), row[f"{key}_median"])
        yield "found", Cell(percent(row[f"{key}_found"]), row[f"{key}_found"])
    yield from _after(row, 2 if problem.cost is None else 4)
    if EQUALLED in row:
        yield f"{ours} equals it after", Cell(equalled(row, never), row[EQUALLED])
    goal = problem.goals[0]
    if (hours := f"training_hours_to_{goal.key}") in row:
        censored = "≥ " * (row[f"evaluations_to_{goal.key}_found"] < 1)
        yield f"training hours to {goal.title}", Cell(f"{censored}{row[hours]:.0f}", row[hours])
    many = row["seconds_per_ask_at_100"]
    yield "seconds per ask", Cell(seconds(row["seconds_per_ask"]), row["seconds_per_ask"])
    yield "seconds per ask at 100 cells", Cell("" if many is None else seconds(many), many)
    yield "ahead of", Cell(str(row["ahead_of"]), row["ahead_of"])
    yield "failed", Cell(str(row["failed"] or ""), row["failed"])


def _after(row: Row, digits: int) -> Entries:
    """Scores of the incumbent: 'valid / test after 50' and the like."""
    names = [name for name in row if name.startswith("after_") and not name.endswith("_ci95")]
    for n in dict.fromkeys(name.split("_")[1] for name in names):
        found = {name.split("_")[2]: row[name] for name in names if name.split("_")[1] == n}
        values = list(found.values())
        yield f"{' / '.join(found)} after {n}", Cell(" / ".join(f"{value:.{digits}f}" for value in values), values[0])


def spent(row: Row, goal: str, share: bool = False) -> str:
    """'123.4 ± 5.6', with ≥ where some runs did not reach the goal, and on request the share of those that did."""
    mean, found = plus_minus(row[f"{goal}_mean"], row[f"{goal}_ci95"], ".1f"), row[f"{goal}_found"]
    return mean if found == 1 else f"≥ {mean} ({percent(found)})" if share else f"≥ {mean}"


def median(row: Row, goal: str) -> str:
    """'123', with ≥ where half of the runs or more did not reach the goal."""
    return "≥ " * (row[f"{goal}_found"] <= 0.5) + f"{row[f'{goal}_median']:g}"


def equalled(row: Row, never: str = "") -> str:
    """'38 (13 times)'; nothing for MetaNP itself, `never` for a strategy that it did not equal."""
    if row.get(EQUALLED) is None:
        return "" if row["strategy"] == OURS else never
    return f"{row[EQUALLED]} ({row['evaluations_to_equal_times']:.3g} times)"


def shortfall(problem: Problem) -> str:
    """The name of `Problem.gap`."""
    return "regret" if problem.cost is None else "missing hypervolume"


def _remarks(rows: Sequence[Row], problem: Problem, limit: int, ours: str) -> Iterator[str]:
    """Remarks that the table needs."""
    if any(row[f"evaluations_to_{goal.key}_found"] < 1 for row in rows for goal in problem.goals):
        yield CENSORED.format(limit)
    if same := [row["title"] for row in rows if row["distinct"] == 1 < row["repeats"]]:
        yield f"No interval: all runs of {listed(same)} are the same, as nothing is drawn at random."
    if EQUALLED in rows[0]:
        yield EQUALS.format(ours=ours, what=shortfall(problem))
    if len({row["batch"] for row in rows}) > 1:
        yield AT_ONCE
    runs, several = max(row["repeats"] for row in rows), max(row["seeds"] for row in rows) > 1
    yield (
        f"Means ± half of the 95 % interval over runs ({runs})"
        f"{' and checkpoints at once, and wider than needed' if several else ''}; ahead of: how many strategies need "
        "more evaluations up to the limit, paired over runs, 95 % interval without zero."
    )
    distinct, every = len(problem.standing), len(problem.rows)
    yield f"Cells that compute the same are one candidate: {distinct:,} of {every:,} are distinct."


def failed_table(found: Found) -> Table:
    """Failed runs, for a page."""
    lines = [[found.described[name].title, status, n, message] for name, status, message, n in found.failed()]
    heads = ["Strategy", Column("Status", css="text"), "Runs", Column("Message", css="text message")]
    return Table(heads, lines, "Failed runs by strategy and status")


def search_summary(rows: Sequence[Row]) -> Table:
    """The table of a published summary."""

    def entries(row: Row) -> Entries:
        for name in row:
            if name.startswith("evaluations_to_") and (goal := name.removesuffix("_mean")) != name:
                yield goal.replace("_", " "), Cell(spent(row, goal, share=True))
        yield from _after(row, 2)
        yield "MetaNP equals it after", Cell(equalled(row))
        yield "seconds per ask", Cell(f"{row['seconds_per_ask']:.2g}")

    first = rows[0]
    heads = ["strategy", "runs", "at once", *(head for head, _ in entries(first))]
    lines = [[_name(row), row["repeats"], row["batch"], *(cell for _, cell in entries(row))] for row in rows]
    note = (
        f"Means ± half of the 95 % interval; checkpoints of MetaNP: {max(row['seeds'] for row in rows)}. "
        f"{COUNTED.format(first['limit'])} {EQUALS.format(ours='MetaNP', what='regret')} Cells that compute the same "
        f"are one candidate: {first['distinct_candidates']:,} of {first['candidates']:,}. {measured(rows)}"
    )
    return Table(heads, lines, notes=[note])


def search_overview(rows: Sequence[Row]) -> Table:
    """All summaries of a benchmark: evaluations until the best cell, strategies by data sets.

    A strategy that uses MetaNP has a row for each kind of meta-training, any other has one row.
    """
    with_metanp = {name for name, one in read_strategies().items() if holds_metanp(one.make)}
    goal, datasets = "evaluations_to_best", list(dict.fromkeys(row["dataset"] for row in rows))
    found: dict[Cell, dict[str, Row]] = {}
    for row in rows:
        kind = f", {row['kind']}" if row["strategy"] in with_metanp else ""
        found.setdefault(replace(_name(row), text=row["title"] + kind), {}).setdefault(row["dataset"], row)

    def mean(name: Cell) -> float:
        whole = len(found[name]) == len(datasets)
        return float(np.mean([row[f"{goal}_mean"] for row in found[name].values()])) if whole else np.inf

    lines = [
        [name, *(spent(found[name][data], goal, share=True) if data in found[name] else "" for data in datasets)]
        for name in sorted(found, key=mean)
    ]
    repeats = [row["repeats"] for row in rows]
    runs = " to ".join(map(str, sorted({min(repeats), max(repeats)})))
    note = f"Mean evaluations ± half of the 95 % interval, {runs} runs each. {COUNTED.format(rows[0]['limit'])}"
    return Table(["strategy", *datasets], lines, notes=[f"{note} {measured(rows)}"])
