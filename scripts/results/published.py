"""Numbers that others published, beside ours but never among them: their protocols differ.

Source: papers and repositories, named line by line in `published_results.csv`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.results.read_rows import read_rows
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
TOLD = ("method", "dataset", "source", "grade", "note")


@dataclass
class Block:
    """Numbers of one family of protocols and metric, which may be held against one another."""

    protocol: str
    meaning: str
    metric: str
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
    grouped: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in published:
        grouped.setdefault((row["protocol"], row["metric"].replace("_", " ")), []).append(row)
    return [
        Block(protocol, FAMILIES.get(protocol.split("-")[0], ""), metric, _table(protocol, metric, rows, searches))
        for (protocol, metric), rows in grouped.items()
    ]


def _table(protocol: str, metric: str, rows: Sequence[Mapping[str, str]], searches: bool) -> Table:
    known: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        known.setdefault(tuple(row[name] for name in TOLD), {})[row["budget"]] = row["value"]
    budgets = sorted({row["budget"] for row in rows}, key=lambda budget: (budget == "", float(budget or 0)))
    dataset, *words = (Column(title, css="text") for title in ("Data set", "Source", "Grade", "Note"))
    there = slice(0, 0 if searches else 1)
    heads = ["Method", *[dataset][there], *(budget or "not stated" for budget in budgets), *words]
    lines = [
        [method, *[data][there], *(values.get(budget, "") for budget in budgets), *told]
        for (method, data, *told), values in known.items()
    ]
    title = f"{metric} by numbers of {'evaluations' if searches else f'labels, protocol {protocol}'}"
    return Table(heads, lines, title)
