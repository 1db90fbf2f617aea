"""A leaderboard as one self-contained HTML page: opens from disk, asks no network, useful without JavaScript.

    rows -> views, entries, verdict, figures -> page.html.j2 with page.css and page.js

Every view and metric is in the page; radio buttons and style rules show one of each. The same rows make the same bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.leaderboards.figures import Figure, figures
from scripts.leaderboards.standings import FEW, METRICS, View, entries, shared_budgets, views
from scripts.leaderboards.tables import csv_summary, failed_table, standings_table
from scripts.leaderboards.verdict import Verdict, told, verdict
from scripts.results.drawing import Look
from scripts.results.entrants import OURS, Described
from scripts.results.page import environment
from scripts.results.plots import looks
from scripts.results.published import FAMILIES, GRADES, blocks
from scripts.results.statistics import Row
from scripts.results.table import Cell, Table
from scripts.results.wording import column_titles, listed


@dataclass(frozen=True)
class Shown:
    """A view as the template wants it; tables by metric."""

    title: str
    columns: list[str]
    verdict: Verdict
    sentences: dict[str, list[str]]
    ceiling: float | None
    tables: dict[str, Table]
    timed_at: int | None
    figures: list[Figure]


def write_page(
    path: Path,
    rows: Sequence[Row],
    predictors: Mapping[str, Described],
    not_yet: Sequence[tuple[str, str]],
    published: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> None:
    """Write the page of one protocol and kind of meta-training.

    Args:
        rows: see `scripts.results.statistics`; scatter columns are drawn where there are some.
        predictors: by id, in the order of the table; "metanp" is ours.
        not_yet: family and what it will be, of predictors that are missing.
        published: lines of others' results, those of this benchmark alone.
        facts: protocol, kind, benchmark, date, machine, commit, about (what the protocol is), ceilings
            ({(shown, scored): tau}); optional are cells (how many a predictor answers for) and downloads
            ({title: path beside the page}).

    Raises:
        ValueError: no row, or a row of a predictor that `predictors` lacks; names it.
    """
    if not rows:
        raise ValueError("there is no row to make a page of")
    if unknown := {row["predictor"] for row in rows} - set(predictors):
        raise ValueError(f"rows of {listed(sorted(unknown))}, which the page is told nothing of")
    looked, found = looks(predictors), views(rows)
    shown = [_shown(view, predictors, looked, facts) for view in found]
    summary = csv_summary([view for view in found if len(view.columns) == 1], predictors)
    page = environment(Path(__file__).parent).get_template("page.html.j2")
    text = page.render(
        views=shown,
        metrics=METRICS,
        predictors=predictors,
        looks=looked,
        families=dict.fromkeys((p.family, looked[name].colour) for name, p in predictors.items() if name != OURS),
        ours=OURS if OURS in predictors else None,
        few=any(row["status"] == FEW for row in rows),
        failed=failed_table(rows, predictors),
        sets=_counted(rows, predictors, "set"),
        seeds=_counted(rows, predictors, "seed"),
        not_yet=not_yet,
        blocks=blocks(published),
        protocol_families=FAMILIES,
        grades=GRADES,
        facts={"downloads": {}, **facts},
        summary="data:text/csv;base64," + base64.b64encode(summary.encode()).decode(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _shown(view: View, predictors: Mapping[str, Described], looked: Mapping[str, Look], facts: Mapping) -> Shown:
    shared = shared_budgets(view.rows)
    families = {name: Cell(one.family, colour=looked[name].colour) for name, one in predictors.items()}
    found = {metric.key: entries(view, metric) for metric in METRICS}
    tables = {m.key: standings_table(view, m, found[m.key], predictors, families) for m in METRICS}
    judged = verdict(view, predictors) if OURS in predictors else Verdict()
    ceiling = facts["ceilings"].get(view.columns[0]) if len(view.columns) == 1 else None
    return Shown(
        view.title,
        [*column_titles(view.columns).values()],
        judged,
        told(judged, predictors),
        ceiling if ceiling is not None and ceiling < 1 else None,
        tables,
        shared[-1] if shared else None,
        figures(view, found, looked, facts.get("cells")),
    )


def _counted(rows: Sequence[Row], predictors: Mapping[str, Described], what: str) -> dict[int, list[str]]:
    """Numbers of training seeds or label sets, and the titles of the predictors that have so many."""
    found: dict[int, list[str]] = {}
    for name, predictor in predictors.items():
        if count := len({row[what] for row in rows if row["predictor"] == name}):
            found.setdefault(count, []).append(predictor.title)
    return dict(sorted(found.items(), key=lambda item: len(item[1])))
