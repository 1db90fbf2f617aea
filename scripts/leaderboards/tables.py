"""Tables for people: one a scored column, predictors by numbers of labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

FAST = 2.0  # seconds a fit
SHOWN = {  # metric of the table: title and form
    "kendall_tau": ("Kendall tau", "{:.3f}"),
    "n_at_10_median": ("N@10 median", "{:.0f}"),
    "n_at_10": ("N@10 mean", "{:.1f}"),
    "coverage_90": ("coverage of 90 %", "{:.2f}"),
}


def print_table(table: Sequence[dict[str, Any]]) -> None:
    """Every scored column's predictors and metrics, and the paired difference in tau to the best baseline."""
    for shown, scored in dict.fromkeys((row["shown"], row["scored"]) for row in table):
        rows = [row for row in table if (row["shown"], row["scored"]) == (shown, scored)]
        budgets = list(dict.fromkeys(row["labels"] for row in rows))
        title = (
            f"shown {shown}, ranked against {scored} (which the shown column itself ranks with {rows[0]['ceiling']})"
        )
        lines = Table("metric", "predictor", *map(str, budgets), title=title, title_justify="left")
        for metric, (name, form) in SHOWN.items():
            for predictor in dict.fromkeys(row["predictor"] for row in rows):
                mine = {row["labels"]: row for row in rows if row["predictor"] == predictor}
                told = [form.format(mine[n][metric]) if metric in mine.get(n, {}) else "" for n in budgets]
                lines.add_row(name, predictor, *told)
        for predictor in dict.fromkeys(row["predictor"] for row in rows if "over" in row):
            mine = {row["labels"]: row for row in rows if row["predictor"] == predictor and "over" in row}
            told = [
                f"{mine[n]['over_tau']:+.3f} ± {mine[n]['over_tau_half']:.3f}" if n in mine else "" for n in budgets
            ]
            lines.add_row("tau over hardest rival", predictor, *told)
        Console(width=60 + 15 * len(budgets)).print(lines)


def print_speed(rows: Sequence[dict[str, Any]]) -> None:
    """What a fit takes at the number of labels nearest to 200, and so which predictors are fast."""
    budgets = {row["labels"] for row in rows if row["labels"]}
    if not budgets:
        return
    near = min(budgets, key=lambda n: abs(n - 200))
    lines = Table("predictor", f"seconds a fit at {near} labels", "seconds to predict all cells", "")
    for name in dict.fromkeys(row["predictor"] for row in rows):
        mine = [row for row in rows if (row["predictor"], row["labels"], row["status"]) == (name, near, "ok")]
        if mine:
            fit, predict = (float(np.median([row[f"seconds_{what}"] for row in mine])) for what in ("fit", "predict"))
            lines.add_row(name, f"{fit:.2f}", f"{predict:.2f}", "fast" if fit < FAST else "slow")
    Console().print(lines)
