"""A leaderboard's tables: predictors by numbers of labels, for its page, Markdown, LaTeX, a terminal and as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from scripts.leaderboards.standings import SCORES, SECONDS, TAU, Entries, Entry, Metric, View, entries, ordered
from scripts.results.entrants import OURS, TOO_FEW, Described
from scripts.results.rows import Row
from scripts.results.statistics import Crossed, Difference, averages, crossed, grouped, known, paired
from scripts.results.table import Cell, Column, Table
from scripts.results.wording import Pair, number, seconds

LOWER = ("n_at_10", "regret_at_10")  # lower is better
FORMS = {  # of a terminal: metric, title and format
    "kendall_tau": ("Kendall tau", "{kendall_tau:.3f}"),
    "n_at_10_median": ("N@10 median", "{n_at_10_median:.0f}"),
    "n_at_10": ("N@10 mean", "{n_at_10:.1f}"),
    "coverage_90": ("coverage of 90 %", "{coverage_90:.2f}"),
    "over_tau": ("tau over hardest rival", "{over_tau:+.3f} ± {over_tau_half:.3f}"),
    "seconds_fit": ("seconds a fit", "{seconds_fit:.2f}"),
    "seconds_encode": ("seconds to read all cells, computing proxies included", "{seconds_encode:.2f}"),
    "seconds_predict": ("seconds to predict all cells", "{seconds_predict:.2f}"),
}
MEANS = ["kendall_tau", "spearman", "p_at_1%", "n_at_10", "regret_at_10", "crps", "nll", "coverage_50", "coverage_90"]
MEANS += SECONDS  # columns of `summarise`, in the order of the published summaries
GROUP = ["shown", "scored", "predictor", "labels"]
Failures = tuple[str, int, int, str]  # see `View.failures`


def tau_table(view: View, predictors: Mapping[str, Described], note: str = "") -> Table:
    """Mean tau, the best in bold, for Markdown and LaTeX."""
    cells = {where: Cell(status) for where, (status, *_) in view.failures.items()}
    cells |= {where: _cell(entry, None, TAU) for where, entry in entries(view, TAU).items()}
    lines = [[_name(n, one.title), *(cells.get((n, k), "") for k in view.labels)] for n, one in predictors.items()]
    return Table(["labels", *view.labels], lines, notes=[note])


def standings_table(
    view: View, metric: Metric, found: Entries, predictors: Mapping[str, Described], families: Mapping[str, Cell]
) -> Table:
    """For a page, the best predictor first; seconds are those at the largest number of labels that most have.

    A cell without a number gives the status and number of the failed fits; it is empty where none was run.
    """
    lines = []
    for name in ordered(found, metric, predictors):
        cells = [_cell(found.get((name, n)), view.failures.get((name, n)), metric) for n in view.labels]
        start = next((view.seconds["seconds_fit"].get((name, n), math.nan) for n in view.shared[-1:]), math.nan)
        cells += [Cell(seconds(start), None if math.isnan(start) else start), families[name]]
        lines.append([_name(name, predictors[name].title), *cells, ", ".join(predictors[name].needs)])
    first = "ascending" if metric.key in LOWER else "descending"
    columns = ["Predictor", *(Column(str(n), first) for n in view.labels), Column("Init, s", "ascending")]
    what = metric.title + " (median; its mean where the pointer rests)" * metric.median
    title = f"{view.title}: {what}, predictors by numbers of labels"
    return Table([*columns, Column("Family", css="text"), Column("Inputs", css="text")], lines, title)


def _name(name: str, title: str) -> Cell:
    return Cell(title, key=name, mark="ours" if name == OURS else "")


def _cell(entry: Entry | None, failed: Failures | None, metric: Metric) -> Cell:
    status, count, total, message = failed or ("", 0, 0, "")
    why = f"{status}: {message}".removesuffix(": ")
    part = f"{status} {count}/{total}" if failed else ""
    if entry is None:
        few = status == TOO_FEW
        return Cell("–" if few else part, mark="failed" if failed else "", tip=TOO_FEW if few else why)
    tips = [f"mean {number(entry.mean, '.1f')} ± {number(entry.half, '.1f')}"] if metric.median else []
    tips += [f"{count} of {total} fits missing, {why}"] if failed else []
    half = "" if metric.median else number(entry.half, metric.form)
    mark = "best" if entry.best else "level" if entry.level else ""
    return Cell(number(entry.value, metric.form), entry.value, half, mark, part, "; ".join(tips))


def failed_table(rows: pd.DataFrame, predictors: Mapping[str, Described]) -> Table:
    """Fits that failed, for a page; too few labels are no failure."""
    failed = rows[~rows["status"].isin(["ok", TOO_FEW])]
    lines = [
        [predictors[name].title, status, len(part), ", ".join(map(str, sorted({*part["labels"]}))), message]
        for (name, status, message), part in grouped(failed, "predictor", "status", "message", sort=True)
    ]
    words = [Column(title, css="text") for title in ("Status", "At labels")]
    heads = ["Predictor", words[0], "Fits", words[1], Column("Message", css="text message")]
    return Table(heads, lines, "Failed fits by predictor and status")


def column_tables(table: Sequence[dict[str, Any]]) -> Iterator[Table]:
    """For a terminal: the rows of `summarise`, a table for each scored column, a line for each metric and predictor."""
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


def csv_summary(views: Sequence[View], predictors: Mapping[str, Described]) -> str:
    """One line for each predictor, scored column and number of labels: means, halves of intervals, median seconds."""
    lines = []
    for view in views:
        means = averages(view.raw, SCORES, ["predictor", "labels"])
        for (name, labels), rows in grouped(view.raw, "predictor", "labels", sort=True):
            line: dict[str, Any] = dict(zip(("shown", "scored"), view.columns[0], strict=True))
            line |= {"predictor": name, "title": predictors[name].title, "labels": labels, "fits": len(rows)}
            line |= {"failed": (rows["status"] != "ok").sum(), **means[name, labels]}
            line["n_at_10_median"] = rows["n_at_10"].median()
            lines.append(line | rows[[*SECONDS]].median().to_dict())
    return pd.DataFrame(lines).to_csv(index=False, lineterminator="\n", float_format="%.5g")


def summarise(rows: pd.DataFrame, ours: str, ceilings: Mapping[Pair, float]) -> list[Row]:
    """One row for each predictor, column and number of labels with an answer: means, halves of 95 % intervals.

    `sets` counts label sets with an answer, `failed` the fits without one. `over` names the strongest rival of `ours`:
    one that is significantly ahead, else the one over which the lead is least certain. `over_tau` is how much higher
    our tau is, with half of its 95 % interval, paired over label sets and seeds.
    """
    means, taus = averages(rows, MEANS, GROUP), crossed(rows, "kendall_tau", GROUP)
    table = []
    for group, mine in grouped(rows, *GROUP):
        answered = mine[mine["status"] == "ok"]
        if not len(answered):
            continue
        shown, scored, name, _ = group
        line: Row = dict(zip(GROUP, group, strict=True))
        line |= {"sets": answered["set"].nunique(), "seeds": mine["seed"].nunique()}
        line["failed"] = len(mine) - len(answered)
        line |= {metric: round(value, 5) for metric, value in means[group].items() if not math.isnan(value)}
        line["n_at_10_median"] = float(answered["n_at_10"].median())
        line["ceiling"] = ceilings[shown, scored]
        if name == ours and (strongest := _strongest(taus, group)):
            other, over = strongest
            line |= {"over": other, "over_tau": round(over.mean, 5), "over_tau_half": round(over.half, 5)}
        table.append(line)
    return table


def _strongest(tables: Mapping[tuple, Crossed], group: tuple) -> tuple[str, Difference] | None:
    """The rival that is significantly ahead, if there is one, else the one over which the lead is least certain."""
    shown, scored, ours, labels = group
    rivals = {where[2]: table for where, table in tables.items() if (*where[:2], where[3]) == (shown, scored, labels)}
    differences = known([(name, paired(tables[group], table)) for name, table in rivals.items() if name != ours])
    return min(differences, key=lambda pair: (pair[1].sign >= 0, pair[1].mean - pair[1].half), default=None)
