"""Numbers that others published, beside ours but never among them: their protocols differ.

Source: papers and repositories, named line by line in `published_results.csv`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scripts.results.rows import read_rows
from scripts.results.statistics import grouped
from scripts.results.table import Column, Table

PATH = Path(__file__).with_name("published_results.csv")

FAMILIES = {
    "A": "trained on validation accuracy, tested on the test accuracy of all cells",
    "B": "half of the cells are the pool, the other half the test set",
    "C": "the 9,445 cells that have proxies, validation accuracy",
    "D": "converged cells only",
    "E": "validation accuracy, ranked on all cells that were not shown",
}
GRADES = {
    "P": "in the authors' repository",
    "F": "read off a figure",
    "Abs": "in an abstract",
    "S": "told by a third party",
}
TOLD = ["method", "dataset", "source", "grade", "note"]
TITLES = {"dataset": "Data set", "source": "Source", "grade": "Grade", "note": "Note"}


@dataclass
class Block:
    """Numbers of one family of protocols and metric, which may be held against one another.

    label: for those who cannot see it. more: beside the title.
    """

    title: str
    more: str
    label: str
    table: Table


def read_published(benchmark: str, metric: str = "kendall_tau") -> list[dict[str, str]]:
    """Lines of one benchmark and metric."""
    return [row for row in read_rows(PATH) if (row["benchmark"], row["metric"]) == (benchmark, metric)]


def read_search(benchmark: str, dataset: str) -> list[dict[str, str]]:
    """Lines on searches in one data set of a benchmark, all metrics."""
    wanted = (benchmark, dataset.lower(), "search")
    return [r for r in read_rows(PATH) if (r["benchmark"], r["dataset"].lower(), r["protocol"]) == wanted]


def blocks(published: Iterable[Mapping[str, str]], searches: bool = False) -> list[Block]:
    """A block a family and metric, methods by budgets, in the order given; searches are all in one data set."""
    rows = pd.DataFrame([*published], columns=["protocol", "metric", "budget", "value", *TOLD])
    return [
        _block(protocol, metric.replace("_", " "), part, searches)
        for (protocol, metric), part in grouped(rows, "protocol", "metric")
    ]


def _block(protocol: str, metric: str, rows: pd.DataFrame, searches: bool) -> Block:
    budgets = sorted(set(rows["budget"]), key=lambda budget: (budget == "", float(budget or 0)))
    heads = [*TOLD[: 1 if searches else 2], *(budget or "not stated" for budget in budgets), *TOLD[2:]]
    lines = []
    for (method, data, *told), part in grouped(rows, *TOLD):
        values = dict(zip(part["budget"], part["value"], strict=True))
        lines.append([method, *[data][: not searches], *(values.get(budget, "") for budget in budgets), *told])
    words = [Column(TITLES[head], css="text") if head in TITLES else head for head in heads[1:]]
    what = "evaluations" if searches else f"labels, protocol {protocol}"
    table = Table(["Method", *words], lines, f"{metric} by numbers of {what}")
    if searches:
        return Block(metric, "", metric, table)
    meaning = FAMILIES.get(protocol.split("-")[0], "")
    title = f"{protocol}: {meaning}".removesuffix(": ")
    return Block(title, f"{metric}, ", f"protocol {protocol}, {metric}", table)
