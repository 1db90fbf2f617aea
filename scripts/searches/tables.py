"""Lines of simulated searches as tables for people: in a terminal, and in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from scripts.report.wording import OURS, listed, seconds
from scripts.searches.simulation import Problem
from scripts.searches.summary import Line

CENSORED = (
    "≥: runs that had not found it are counted with the limit of {limit} evaluations, so the true mean is higher."
)
EQUALS = (
    "{ours} equals it after: evaluations until {ours}'s mean {what} is no more than the strategy's at the limit; in "
    "brackets, how many times as many the strategy itself had needed."
)
AT_ONCE = "Strategies ask for different numbers of cells at once, each as its authors do; batch=10 has all ask for ten."


def print_lines(lines: Sequence[Line], problem: Problem, limit: int, title: str, notes: Sequence[str] = ()) -> None:
    """One line a strategy, fewest evaluations first."""
    table = Table(*heads(lines, problem), title=title, title_justify="left")
    for line in lines:
        table.add_row(*entries(line, problem, limit))
    Console(width=64 + 17 * len(table.columns)).print(table)
    for told in [*remarks(lines, problem, limit), *notes]:
        Console().print(told, highlight=False)


def markdown_table(lines: Sequence[Line], problem: Problem, limit: int, notes: Sequence[str] = ()) -> str:
    """The same."""
    columns = heads(lines, problem)
    rows = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    rows += ["| " + " | ".join(entries(line, problem, limit)) + " |" for line in lines]
    return "\n".join([*rows, "", *remarks(lines, problem, limit), *notes]) + "\n"


def heads(lines: Sequence[Line], problem: Problem) -> list[str]:
    """Titles of the columns."""
    goals = [title for goal in problem.goals for title in (f"evaluations to {goal.title}", "median", "found")]
    after = [" / ".join(names) + f" after {n}" for n, found in lines[0]["after"].items() if (names := _names(found))]
    hours = [f"training hours to {problem.goals[0].title}"] if problem.seconds is not None else []
    equal = [f"{_ours(lines)} equals it after"] if "evaluations_to_equal" in lines[0] else []
    return [
        *["strategy", "runs", "at once", *goals, *after, *equal, *hours],
        *["seconds per ask", "seconds per ask at 100 cells", "ahead of", "failed"],
    ]


def _ours(lines: Sequence[Line]) -> str:
    return next(line["title"] for line in lines if line["strategy"] == OURS)


def entries(line: Line, problem: Problem, limit: int) -> list[str]:
    """What stands under them."""
    goals = []
    for goal in problem.goals:
        spent = line[f"evaluations_to_{goal.key}"]
        goals += [mean(spent), median(spent), f"{spent['found']:.0%}".replace("%", " %")]
    digits = 4 if problem.cost is not None else 2
    after = [" / ".join(f"{found[name]:.{digits}f}" for name in _names(found)) for found in line["after"].values()]
    hours = line.get(f"training_hours_to_{problem.goals[0].key}")
    censored = "≥ " * (line[f"evaluations_to_{problem.goals[0].key}"]["found"] < 1)
    spent_hours = [f"{censored}{hours:.0f}"] if hours is not None else []
    many = line["seconds_per_ask_at_100"]
    asks = [seconds(line["seconds_per_ask"]), seconds(many) if many is not None else ""]
    last = [*asks, str(len(line["ahead_of"])), str(line["failed"] or "")]
    equalled = [_equalled(line, limit)] if "evaluations_to_equal" in line else []
    return [line["title"], str(line["repeats"]), str(line["batch"]), *goals, *after, *equalled, *spent_hours, *last]


def _equalled(line: Line, limit: int) -> str:
    """'38 (13 times)'; nothing for the strategy that others are measured in."""
    if line["strategy"] == OURS:
        return ""
    found = line["evaluations_to_equal"]
    return f"not by {limit}" if found[OURS] is None else f"{found[OURS]} ({found['times']:.3g} times)"


def shortfall(problem: Problem) -> str:
    """What `Problem.gap` is called."""
    return "regret" if problem.cost is None else "missing hypervolume"


def median(spent: Mapping[str, float | None]) -> str:
    """'123', with ≥ where half of the runs or more had not found it."""
    return "≥ " * ((spent["found"] or 0) <= 0.5) + f"{spent['median']:g}"


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
    if "evaluations_to_equal" in lines[0]:
        told.append(EQUALS.format(ours=_ours(lines), what=shortfall(problem)))
    if len({line["batch"] for line in lines}) > 1:
        told.append(AT_ONCE)
    several = " and checkpoints at once, and wider than needed" if max(line["seeds"] for line in lines) > 1 else ""
    return [
        *told,
        f"Means ± half of the 95 % interval over runs ({max(line['repeats'] for line in lines)}){several}; ahead of: "
        "how many strategies need more evaluations up to the limit, paired over runs, 95 % interval without zero.",
        f"Cells that compute the same are one candidate: {problem.distinct:,} of {len(problem.rows):,} are distinct.",
    ]


def _names(found: Mapping[str, float | None]) -> list[str]:
    return [name for name in found if not name.endswith("_ci95")]
