"""The page of simulated searches: courses, lines -> table, figures -> search.html.j2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.results.entrants import OURS, Described
from scripts.results.page import families, write_page
from scripts.results.plots import looks
from scripts.results.published import blocks
from scripts.results.wording import PROPER, listed, percent
from scripts.searches.figures import figures
from scripts.searches.simulation import Problem
from scripts.searches.summary import Found, Line, flat
from scripts.searches.tables import failed_table, median, search_table, shortfall

TEMPLATE = Path(__file__).with_name("search.html.j2")


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
        figures=figures(courses, found.rows, problem, looks(described)),
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
