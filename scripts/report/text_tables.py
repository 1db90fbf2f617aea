"""A leaderboard as plain text: Markdown, LaTeX with booktabs, and a CSV summary.

Markdown and LaTeX hold predictors by numbers of labels: the mean Kendall tau over the columns that are ranked against
themselves (of the only column, where there is one), and half of its 95 % interval.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scripts.report.standings import SECONDS, TAU, View, budgets, entries, failures, median_seconds, views
from scripts.report.wording import OURS, Described, number
from scripts.results.statistics import Row, mean_and_half, value

SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "→": r"$\rightarrow$",
    "∞": r"$\infty$",
}
METRICS = ("kendall_tau", "spearman", "n_at_10", "regret_at_10", "p_at_1%", "crps", "nll", "coverage_50", "coverage_90")


def markdown_table(rows: Sequence[Row], predictors: Mapping[str, Described]) -> str:
    """Bold is the best of a number of labels."""
    view, marked = views(rows)[0], {True: "**", False: ""}
    labels = budgets(view.raw)
    lines = ["| labels | " + " | ".join(map(str, labels)) + " |", "|---" * (1 + len(labels)) + "|"]
    for name, cells in _cells(view, predictors, labels):
        told = [f"{marked[best]}{mean}{marked[best]} ± {half}" if half else mean for mean, half, best in cells]
        title = predictors[name].title.replace("|", "\\|")
        lines.append(f"| {marked[name == OURS]}{title}{marked[name == OURS]} | " + " | ".join(told) + " |")
    return "\n".join(lines) + "\n"


def latex_table(rows: Sequence[Row], predictors: Mapping[str, Described]) -> str:
    r"""A tabular that needs \usepackage{booktabs}; bold is the best of a number of labels."""
    view = views(rows)[0]
    labels = budgets(view.raw)
    lines = [rf"\begin{{tabular}}{{l{'r' * len(labels)}}}", r"\toprule"]
    lines += [" & ".join(["labels", *map(str, labels)]) + r" \\", r"\midrule"]
    for name, cells in _cells(view, predictors, labels):
        told = [_latex_cell(*cell) for cell in cells]
        lines.append(" & ".join([latex(predictors[name].title), *told]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _latex_cell(mean: str, half: str, best: bool) -> str:
    if not half:
        return latex(mean)
    told = rf"\textbf{{{latex(mean)}}}" if best else latex(mean)
    return rf"{told} {{\scriptsize $\pm$ {latex(half)}}}"


def latex(text: str) -> str:
    """Text with everything that LaTeX would take for a command escaped."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def _cells(
    view: View, predictors: Mapping[str, Described], labels: Sequence[int]
) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """By predictor: mean, half and whether it is the best, at each number of labels; a failure has its status alone."""
    found, failed = entries(view, TAU), failures(view.raw)
    table = []
    for name in predictors:
        cells = []
        for n in labels:
            if entry := found.get((name, n)):
                cells.append((number(entry.value), number(entry.half), entry.best))
            else:
                cells.append((failed[name, n].status if (name, n) in failed else "", "", False))
        table.append((name, cells))
    return table


def csv_summary(single: Sequence[View], predictors: Mapping[str, Described]) -> str:
    """A line a predictor, scored column and number of labels: means, halves of intervals, N@10's median, seconds."""
    lines = []
    for view in single:
        grouped: dict[tuple[str, int], list[Row]] = {}
        for row in view.raw:
            grouped.setdefault((row["predictor"], row["labels"]), []).append(row)
        for (name, labels), part in sorted(grouped.items()):
            where = {"predictor": name, "title": predictors[name].title, "labels": labels}
            lines.append(dict(zip(("shown", "scored"), view.columns[0], strict=True)) | where | _summary(part))
    file = io.StringIO()
    writer = csv.DictWriter(file, lines[0] if lines else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return file.getvalue()


def _summary(rows: Sequence[Row]) -> dict[str, Any]:
    done = [row for row in rows if row["status"] == "ok"]
    line: dict[str, Any] = {"fits": len(rows), "failed": len(rows) - len(done)}
    for metric in METRICS:
        mean, half = mean_and_half(rows, metric)
        line |= {metric: _csv(mean), f"{metric}_half": _csv(half) if not math.isnan(mean) else ""}
    line["n_at_10_median"] = _csv(float(np.median([value(row, "n_at_10") for row in done])) if done else math.nan)
    return line | {metric: _csv(median_seconds(rows, metric)) for metric in SECONDS}


def _csv(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.5g}"
