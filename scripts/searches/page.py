"""A page of simulated searches: self-contained as a leaderboard's, with its style and script.

courses, lines -> table, figures -> search_page.html.j2 with page.css and page.js
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.results.entrants import OURS, Described
from scripts.results.page import environment
from scripts.results.plots import looks
from scripts.results.published import GRADES, blocks
from scripts.results.table import Cell
from scripts.results.wording import PROPER, listed, percent
from scripts.searches.figures import figures
from scripts.searches.simulation import Problem
from scripts.searches.summary import Found, Line, flat
from scripts.searches.tables import failed_table, median, search_table, shortfall


def write_search_page(
    path: Path, found: Found, published: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]
) -> None:
    """Write the page of one data set and kind of meta-training.

    Args:
        found: all there is; "metanp" is ours.
        published: lines of others' searches in this data set.
        facts: title, about, benchmark, dataset, kind, proxies, notes (sentences), date, machine, commit,
            downloads ({title: path beside the page}).
    """
    lines, problem, described = found.lines, found.problem, found.described
    courses = {line["strategy"]: found.courses[line["strategy"]] for line in lines}
    looked = looks(described)
    families = {name: Cell(one.family, colour=looked[name].colour) for name, one in described.items()}
    title = f"{facts['title']}, {PROPER.get(facts['dataset'], facts['dataset'].replace('_', ' '))}"
    text = (
        environment(Path(__file__).parent)
        .get_template("search_page.html.j2")
        .render(
            title=title,
            table=search_table(
                lines, problem, found.limit, "Strategies, fewest evaluations first", facts["notes"], families
            ),
            sentences=told(lines, problem, described),
            figures=figures(courses, found.rows, problem, looked),
            described=described,
            looks=looked,
            families=dict.fromkeys(
                (one.family, looked[name].colour) for name, one in described.items() if name != OURS
            ),
            ours=OURS,
            failed=failed_table(found),
            repeats=max(line["repeats"] for line in lines),
            seeds=max(line["seeds"] for line in lines),
            candidates=len(problem.rows),
            distinct=problem.distinct,
            limit=found.limit,
            best=f"{problem.sign * problem.score[problem.rows].max():.4g}",
            front=None if problem.cost is None else len(problem.front),
            blocks=blocks(published, searches=True),
            grades=GRADES,
            facts=facts,
        )
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def told(lines: Sequence[Line], problem: Problem, described: Mapping[str, Described]) -> list[str]:
    """How MetaNP stands, in sentences; of the first strategy where it takes no part."""
    line = next((line for line in lines if line["strategy"] == OURS), lines[0])
    rivals = len(lines) - 1
    row, goal, key = flat(line), problem.goals[0].title, f"evaluations_to_{problem.goals[0].key}"
    share, middle = percent(row[f"{key}_found"]), median(row, key)
    found = [f"finds {goal} in {share} of its runs, with {middle} evaluations at the median"]
    if rivals:
        found.append(
            f"is ahead of {len(line['ahead_of'])} and behind {len(line['behind'])} of {rivals} other strategies"
        )
    sentences = [f"{line['title']} {' and '.join(found)}."]
    if line["behind"]:
        sentences.append(f"Ahead of it: {listed(described[name].title for name in line['behind'])}.")
    return sentences + _equalled(line, lines, problem, described)


def _equalled(line: Line, lines: Sequence[Line], problem: Problem, described: Mapping[str, Described]) -> list[str]:
    """Held against the first strategy in the table of another family."""
    others = [one for one in lines if described[one["strategy"]].family != described[line["strategy"]].family]
    if not others or others[0].get("evaluations_to_equal", {}).get(OURS) is None:
        return []
    found = others[0]["evaluations_to_equal"]
    fewer = f": {found['times']:.3g} times fewer" if found["times"] > 1 else ""
    what = f"final mean {shortfall(problem)}"
    return [f"It reaches the {what} of {others[0]['title']} after {found[OURS]} evaluations{fewer}."]
