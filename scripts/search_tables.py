"""Lines of simulated searches as tables for people: in a terminal, and in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from scripts.report.wording import listed, seconds
from scripts.search_summary import Line
from scripts.simulation import Problem

CENSORED = (
    "≥: runs that had not found it are counted with the limit of {limit} evaluations, so the true mean is higher."
)


def print_lines(lines: Sequence[Line], problem: Problem, limit: int, title: str) -> None:
    """One line a strategy, fewest evaluations first."""
    table = Table(*heads(lines, problem), title=title, title_justify="left")
    for line in lines:
        table.add_row(*entries(line, problem))
    Console(width=64 + 17 * len(table.columns)).print(table)
    for told in remarks(lines, problem, limit):
        Console().print(told, highlight=False)


def markdown_table(lines: Sequence[Line], problem: Problem, limit: int) -> str:
    """The same."""
    columns = heads(lines, problem)
    rows = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    rows += ["| " + " | ".join(entries(line, problem)) + " |" for line in lines]
    return "\n".join([*rows, "", *remarks(lines, problem, limit)]) + "\n"


def heads(lines: Sequence[Line], problem: Problem) -> list[str]:
    """Titles of the columns."""
    goals = [title for goal in problem.goals for title in (f"evaluations to {goal.title}", "median", "found")]
    after = [" / ".join(names) + f" after {n}" for n, found in lines[0]["after"].items() if (names := _names(found))]
    hours = [f"training hours to {problem.goals[0].title}"] if problem.seconds is not None else []
    return ["strategy", *goals, *after, *hours, "seconds per ask", "ahead of", "failed"]


def entries(line: Line, problem: Problem) -> list[str]:
    """What stands under them."""
    goals = []
    for goal in problem.goals:
        spent = line[f"evaluations_to_{goal.key}"]
        half_found = "≥ " * (spent["found"] < 0.5)
        goals += [mean(spent), f"{half_found}{spent['median']:g}", f"{spent['found']:.0%}".replace("%", " %")]
    digits = 4 if problem.cost is not None else 2
    after = [" / ".join(f"{found[name]:.{digits}f}" for name in _names(found)) for found in line["after"].values()]
    hours = line.get(f"training_hours_to_{problem.goals[0].key}")
    censored = "≥ " * (line[f"evaluations_to_{problem.goals[0].key}"]["found"] < 1)
    spent_hours = [f"{censored}{hours:.0f}"] if hours is not None else []
    last = [seconds(line["seconds_per_ask"]), str(len(line["ahead_of"])), str(line["failed"] or "")]
    return [line["title"], *goals, *after, *spent_hours, *last]


def mean(spent: Mapping[str, float | None]) -> str:
    """'123.4 ± 5.6', with ≥ where some runs had not found it."""
    censored = "≥ " * ((spent["found"] or 0) < 1)
    half = f" ± {spent['ci95']:.1f}" if spent["ci95"] is not None else ""
    return f"{censored}{spent['mean']:.1f}{half}"


def remarks(lines: Sequence[Line], problem: Problem, limit: int) -> list[str]:
    """What a reader must know of them."""
    keys = [f"evaluations_to_{goal.key}" for goal in problem.goals]
    same = [line["title"] for line in lines if line["distinct"] == 1 < line["repeats"]]
    told = [CENSORED.format(limit=limit)] if any(line[key]["found"] < 1 for line in lines for key in keys) else []
    if same:
        told.append(f"No interval: all runs of {listed(same)} are the same, as nothing is drawn at random.")
    return [
        *told,
        f"Means ± half of the 95 % interval over runs ({max(line['repeats'] for line in lines)}); ahead of: how many "
        "strategies need more evaluations up to the limit, paired over runs, 95 % interval without zero.",
    ]


def _names(found: Mapping[str, float | None]) -> list[str]:
    return [name for name in found if not name.endswith("_ci95")]
