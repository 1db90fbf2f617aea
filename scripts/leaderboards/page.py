"""A leaderboard's page: all views and metrics are in it; radio buttons and style rules show one of each.

    rows -> views, entries, verdict, tables, figures -> leaderboard.html.j2

The verdict says at which numbers of labels MetaNP is first, level or behind, and behind whom. "First" needs an interval
above zero over every predictor with the same inputs, so it needs no correction for their number (an intersection of
tests); "behind" needs one rival whose interval is above zero, the stricter reading.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scripts.leaderboards.figures import figures
from scripts.leaderboards.standings import METRICS, TAU, View, entries, views
from scripts.leaderboards.tables import csv_summary, failed_table, standings_table
from scripts.results.entrants import OURS, TOO_FEW, Described
from scripts.results.page import families, write_page
from scripts.results.plots import looks
from scripts.results.published import blocks
from scripts.results.statistics import Difference, known, paired
from scripts.results.wording import column_titles, listed, number

TEMPLATE = Path(__file__).with_name("leaderboard.html.j2")
Rival = tuple[str, Difference]  # its id, and our tau minus its tau
Verdict = dict[str, dict[int, list[Rival]]]  # by place, the numbers of labels where MetaNP has it, and rivals there
PLACES = ("first", "level", "behind", "alone", "absent", "beyond")


def write_leaderboard(
    path: Path,
    rows: pd.DataFrame,
    predictors: Mapping[str, Described],
    published: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> None:
    """Write the page of one protocol and kind of meta-training.

    Args:
        rows: see `scripts.leaderboards.standings.framed`; scatter columns are drawn where present.
        predictors: by id, in the order of the table; "metanp" is ours.
        published: lines of published results, those of this benchmark alone.
        facts: those of `scripts.results.page.write_page`, and protocol, benchmark, ceilings ({(shown, scored): tau});
            optional is cells (how many a predictor answers for).
    """
    found = views(rows)
    summary = csv_summary([view for view in found if len(view.columns) == 1], predictors)
    write_page(
        path,
        TEMPLATE,
        predictors,
        blocks(published),
        failed_table(rows, predictors),
        facts=facts,
        views=[_view(view, predictors, facts) for view in found],
        metrics=METRICS,
        few=(rows["status"] == TOO_FEW).any(),
        sets=_counted(rows, predictors, "set"),
        seeds=_counted(rows, predictors, "seed"),
        summary="data:text/csv;base64," + base64.b64encode(summary.encode()).decode(),
    )


def _view(view: View, predictors: Mapping[str, Described], facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the template shows of a view; tables by metric."""
    cells, found = families(predictors), {metric.key: entries(view, metric) for metric in METRICS}
    judged = verdict(view, predictors) if OURS in predictors else {place: {} for place in PLACES}
    ceiling = facts["ceilings"].get(view.columns[0]) if len(view.columns) == 1 else None
    return {
        "title": view.title,
        "columns": [*column_titles(view.columns).values()],
        "verdict": judged,
        "inputs": "the same inputs" if _share_inputs(predictors) else "a part of its inputs",
        "sentences": sentences(judged, predictors),
        "ceiling": ceiling if ceiling is not None and ceiling < 1 else None,
        "tables": {
            metric.key: standings_table(view, metric, found[metric.key], predictors, cells) for metric in METRICS
        },
        "timed_at": next(iter(view.shared[-1:]), None),
        "figures": figures(view, found, looks(predictors), facts.get("cells")),
    }


def _counted(rows: pd.DataFrame, predictors: Mapping[str, Described], what: str) -> dict[int, list[str]]:
    """Numbers of training seeds or label sets, and the titles of the predictors that have so many."""
    counts = rows.groupby("predictor")[what].nunique()
    found: dict[int, list[str]] = {}
    for name in predictors:
        if name in counts:
            found.setdefault(int(counts[name]), []).append(predictors[name].title)
    return dict(sorted(found.items(), key=lambda item: len(item[1])))


# --- the verdict ----------------------------------------------------------------------------------------------------


def verdict(view: View, predictors: Mapping[str, Described]) -> Verdict:
    """The place of MetaNP by Kendall tau at each number of labels, among predictors with the same inputs; with a part
    of its inputs where no predictor of the table has the same.

    first: ahead of all; with the strongest of them. level: with the strongest. behind: those that are ahead. alone: no
    other has an answer. absent: MetaNP has none. beyond: predictors with other inputs that are ahead.
    """
    found: Verdict = {place: {} for place in PLACES}
    ours = {*predictors[OURS].needs}
    comparable = _share_inputs(predictors) or [name for name, one in predictors.items() if {*one.needs} <= ours]
    tables = {where: table for where, table in view.crossed[TAU.key].items() if np.isfinite(table).any()}
    for labels in view.labels:
        if (OURS, labels) not in tables:
            found["absent"][labels] = []
            continue
        mine, others = tables[OURS, labels], [n for n in predictors if n != OURS and (n, labels) in tables]
        rivals = known([(name, paired(mine, tables[name, labels])) for name in others])
        rivals.sort(key=lambda rival: rival[1].mean)
        same = [rival for rival in rivals if rival[0] in comparable]
        place, beside = _place(same)
        found[place][labels] = beside
        if beyond := [rival for rival in rivals if rival not in same and rival[1].sign < 0]:
            found["beyond"][labels] = beyond
    return found


def _share_inputs(predictors: Mapping[str, Described]) -> list[str]:
    """Other predictors with the inputs of MetaNP."""
    if OURS not in predictors:
        return []
    return [name for name, one in predictors.items() if name != OURS and {*one.needs} == {*predictors[OURS].needs}]


def _place(rivals: list[Rival]) -> tuple[str, list[Rival]]:
    """The place among these rivals, which are ordered from the strongest, and those that decide it."""
    if not rivals:
        return "alone", []
    if behind := [rival for rival in rivals if rival[1].sign < 0]:
        return "behind", behind
    if level := [rival for rival in rivals if rival[1].sign == 0]:
        return "level", level[:1]
    return "first", rivals[:1]


def sentences(found: Verdict, predictors: Mapping[str, Described]) -> dict[str, list[str]]:
    """Lines under "First", "Level" and "Behind", and under further headings where these apply."""
    none = ["At no number of labels."]
    lines = {"First": none, "Level": _by_rival(found["level"], predictors) or none}
    lines["Behind"] = _by_rival(found["behind"], predictors) or none
    if found["first"]:
        labels, ((name, lead),) = min(found["first"].items(), key=lambda item: item[1][0][1].mean)
        narrowest = f"The narrowest lead is {_over(lead)} over {predictors[name].title}, at {labels}."
        lines["First"] = [f"At {_labels(found['first'])}.", narrowest]
    if found["beyond"]:
        lines["Behind predictors with other inputs"] = _by_rival(found["beyond"], predictors)
    if found["alone"]:
        lines["Alone"] = [f"At {_labels(found['alone'])} no other predictor with the same inputs answers."]
    if found["absent"]:
        lines["Absent"] = [f"At {_labels(found['absent'])} MetaNP has no answer."]
    return lines


def _by_rival(found: Mapping[int, Sequence[Rival]], predictors: Mapping[str, Described]) -> list[str]:
    """One line for each rival: at which numbers of labels, and by how much MetaNP is ahead of it there."""
    lines = []
    for name in dict.fromkeys(name for rivals in found.values() for name, _ in rivals):
        at = {labels: one for labels, rivals in found.items() for rival, one in rivals if rival == name}
        first, *_, last = 2 * sorted(at.values(), key=lambda one: abs(one.mean))
        over = f"{number(first.mean, '+.3f')} to {number(last.mean, '+.3f')}" if len(at) > 1 else _over(first)
        lines.append(f"{predictors[name].title}, at {_labels(at)}: {over}.")
    return lines


def _labels(numbers: Collection[int]) -> str:
    return f"{listed(numbers)} label{'s' if list(numbers) != [1] else ''}"


def _over(difference: Difference) -> str:
    return f"{number(difference.mean, '+.3f')} ± {number(difference.half)}"
