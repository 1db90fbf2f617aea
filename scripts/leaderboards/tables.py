"""A leaderboard's tables: predictors by numbers of labels, for its page, Markdown, LaTeX, a terminal and as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from scripts.leaderboards import standings
from scripts.leaderboards.standings import Entry, Failures, Metric, View, median_seconds
from scripts.results.entrants import OURS, Described
from scripts.results.statistics import Row, mean_and_half, value
from scripts.results.table import Cell, Column, Table
from scripts.results.wording import number, seconds

LOWER = ("n_at_10", "regret_at_10")  # is better
FORMS = {  # of a terminal: metric, title and form
    "kendall_tau": ("Kendall tau", "{kendall_tau:.3f}"),
    "n_at_10_median": ("N@10 median", "{n_at_10_median:.0f}"),
    "n_at_10": ("N@10 mean", "{n_at_10:.1f}"),
    "coverage_90": ("coverage of 90 %", "{coverage_90:.2f}"),
    "over_tau": ("tau over hardest rival", "{over_tau:+.3f} ± {over_tau_half:.3f}"),
    "seconds_fit": ("seconds a fit", "{seconds_fit:.2f}"),
    "seconds_predict": ("seconds to predict all cells", "{seconds_predict:.2f}"),
}
IN_CSV = ("kendall_tau", "spearman", "n_at_10", "regret_at_10", "p_at_1%", "crps", "nll", "coverage_50", "coverage_90")


def tau_table(rows: Sequence[Row], predictors: Mapping[str, Described], note: str = "") -> Table:
    """For Markdown and LaTeX: mean tau over the columns that are ranked against themselves, the best in bold."""
    view, tau = standings.views(rows)[0], standings.TAU
    labels = standings.budgets(view.raw)
    cells = {where: Cell(failed.status) for where, failed in standings.failures(view.raw).items()}
    cells |= {where: _cell(entry, None, tau) for where, entry in standings.entries(view, tau).items()}
    lines = [[_name(name, one.title), *(cells.get((name, n), "") for n in labels)] for name, one in predictors.items()]
    return Table(["labels", *labels], lines, notes=[note])


def standings_table(
    view: View,
    metric: Metric,
    found: Mapping[tuple[str, int], Entry],
    predictors: Mapping[str, Described],
    families: Mapping[str, Cell],
) -> Table:
    """For a page, the best first; seconds are those of the largest number of labels that most have.

    A cell without a number says why: the status of the fits that failed and how many; nothing where none was run.
    """
    labels, failed = standings.budgets(view.raw), standings.failures(view.raw)
    timed = standings.shared_budgets(view.rows)[-1:]
    lines = []
    for name in standings.ordered(found, metric, predictors):
        cells = [_cell(found.get((name, n)), failed.get((name, n)), metric) for n in labels]
        start = median_seconds([row for n in timed for row in view.of(name, n)], "seconds_fit")
        cells += [Cell(seconds(start), None if math.isnan(start) else start), families[name]]
        lines.append([_name(name, predictors[name].title), *cells, ", ".join(predictors[name].needs)])
    first = "ascending" if metric.key in LOWER else "descending"
    columns = ["Predictor", *(Column(str(n), first) for n in labels), Column("Init, s", "ascending")]
    what = metric.title + " (median; its mean where the pointer rests)" * metric.median
    title = f"{view.title}: {what}, predictors by numbers of labels"
    return Table([*columns, Column("Family", css="text"), Column("Inputs", css="text")], lines, title)


def _name(name: str, title: str) -> Cell:
    return Cell(title, key=name, mark="ours" if name == OURS else "")


def _cell(entry: Entry | None, failed: Failures | None, metric: Metric) -> Cell:
    why = f"{failed.status}: {failed.message}".removesuffix(": ") if failed else ""
    part = f"{failed.status} {failed.count}/{failed.total}" if failed else ""
    if entry is None:
        few = failed is not None and failed.status == standings.FEW
        return Cell("–" if few else part, mark="failed" if failed else "", tip=standings.FEW if few else why)
    tips = [f"mean {number(entry.mean, '.1f')} ± {number(entry.half, '.1f')}"] if metric.median else []
    tips += [f"{failed.count} of {failed.total} fits missing, {why}"] if failed else []
    half = "" if metric.median else number(entry.half, metric.form)
    mark = "best" if entry.best else "level" if entry.level else ""
    return Cell(number(entry.value, metric.form), entry.value, half, mark, part, "; ".join(tips))


def failed_table(rows: Sequence[Row], predictors: Mapping[str, Described]) -> Table:
    """For a page: fits without an answer; too few labels are no failure."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for row in rows:
        if row["status"] not in ("ok", standings.FEW):
            found.setdefault((row["predictor"], row["status"], row.get("message") or ""), []).append(row["labels"])
    lines = [
        [predictors[name].title, status, len(labels), ", ".join(map(str, sorted(set(labels)))), message]
        for (name, status, message), labels in sorted(found.items())
    ]
    heads = [
        Column("Status", css="text"),
        "Fits",
        Column("At labels", css="text"),
        Column("Message", css="text message"),
    ]
    return Table(["Predictor", *heads], lines, "Failed fits by predictor and status")


def column_tables(table: Sequence[dict[str, Any]]) -> Iterator[Table]:
    """For a terminal, of what `summarise` has: every metric of all predictors, for each scored column."""
    for column in dict.fromkeys((row["shown"], row["scored"]) for row in table):
        found = {(row["predictor"], row["labels"]): row for row in table if (row["shown"], row["scored"]) == column}
        names, labels = (list(dict.fromkeys(part)) for part in zip(*found, strict=True))
        lines = [
            [title, name, *(form.format(**row) if metric in (row := found.get((name, n), {})) else "" for n in labels)]
            for metric, (title, form) in FORMS.items()
            for name in names
        ]
        ceiling = f"which the shown column itself ranks with {found[names[0], labels[0]]['ceiling']}"
        title = f"shown {column[0]}, ranked against {column[1]} ({ceiling})"
        yield Table(["metric", "predictor", *labels], [line for line in lines if any(line[2:])], title)


def csv_summary(single: Sequence[View], predictors: Mapping[str, Described]) -> str:
    """A line a predictor, scored column and number of labels: means, halves of intervals, N@10's median, seconds."""
    lines = []
    for view in single:
        for (name, labels), rows in sorted(standings.by_fit(view.raw).items()):
            line: dict[str, Any] = dict(zip(("shown", "scored"), view.columns[0], strict=True))
            line |= {"predictor": name, "title": predictors[name].title, "labels": labels, "fits": len(rows)}
            line |= {"failed": sum(row["status"] != "ok" for row in rows)}
            for metric in IN_CSV:
                mean, half = mean_and_half(rows, metric)
                line |= {metric: mean, f"{metric}_half": math.nan if math.isnan(mean) else half}
            line["n_at_10_median"] = pd.Series([value(row, "n_at_10") for row in rows]).median()
            lines.append(line | {metric: median_seconds(rows, metric) for metric in standings.SECONDS})
    return pd.DataFrame(lines).to_csv(index=False, lineterminator="\n", float_format="%.5g")
