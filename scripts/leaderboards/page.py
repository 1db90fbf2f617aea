"""A leaderboard's page: every view and metric is in it; radio buttons and style rules show one of each.

rows -> views, entries, verdict, tables, figures -> leaderboard.html.j2
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.leaderboards.figures import figures
from scripts.leaderboards.standings import METRICS, View, entries, views
from scripts.leaderboards.tables import csv_summary, failed_table, standings_table
from scripts.leaderboards.verdict import PLACES, told, verdict
from scripts.results.entrants import OURS, Described
from scripts.results.fits import TOO_FEW
from scripts.results.page import families, write_page
from scripts.results.plots import looks
from scripts.results.published import blocks
from scripts.results.wording import column_titles

TEMPLATE = Path(__file__).with_name("leaderboard.html.j2")


def write_leaderboard(
    path: Path,
    rows: pd.DataFrame,
    predictors: Mapping[str, Described],
    not_yet: Sequence[tuple[str, str]],
    published: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> None:
    """Write the page of one protocol and kind of meta-training.

    Args:
        rows: see `scripts.leaderboards.standings.framed`; scatter columns are drawn where there are some.
        predictors: by id, in the order of the table; "metanp" is ours.
        not_yet: family and what it will be, of predictors that are missing.
        published: lines of others' results, those of this benchmark alone.
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
        views=[_shown(view, predictors, facts) for view in found],
        metrics=METRICS,
        few=(rows["status"] == TOO_FEW).any(),
        sets=_counted(rows, predictors, "set"),
        seeds=_counted(rows, predictors, "seed"),
        not_yet=not_yet,
        summary="data:text/csv;base64," + base64.b64encode(summary.encode()).decode(),
    )


def _shown(view: View, predictors: Mapping[str, Described], facts: Mapping[str, Any]) -> dict[str, Any]:
    """A view as the template wants it; tables by metric."""
    cells, found = families(predictors), {metric.key: entries(view, metric) for metric in METRICS}
    judged = verdict(view, predictors) if OURS in predictors else {place: {} for place in PLACES}
    ceiling = facts["ceilings"].get(view.columns[0]) if len(view.columns) == 1 else None
    return {
        "title": view.title,
        "columns": [*column_titles(view.columns).values()],
        "verdict": judged,
        "sentences": told(judged, predictors),
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
