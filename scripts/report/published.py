"""Numbers that others published, beside ours but never among them: their protocols differ.

Source: papers and repositories, named line by line in `published_results.csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
class Published:
    """One method's numbers by budget ("" where none was stated)."""

    method: str
    dataset: str
    source: str
    grade: str
    note: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass
class Block:
    """Numbers of one family of protocols and metric, which may be held against one another."""

    protocol: str
    meaning: str
    metric: str
    budgets: list[str]
    lines: list[Published]


def read_published(benchmark: str, metric: str = "kendall_tau") -> list[dict[str, str]]:
    """Lines of one benchmark and metric."""
    with open(Path(__file__).with_name("published_results.csv"), newline="") as file:
        return [row for row in csv.DictReader(file) if (row["benchmark"], row["metric"]) == (benchmark, metric)]


def read_search(benchmark: str, dataset: str) -> list[dict[str, str]]:
    """Lines on searches in one data set of a benchmark, all metrics."""
    with open(Path(__file__).with_name("published_results.csv"), newline="") as file:
        wanted = (benchmark, dataset.lower(), "search")
        return [r for r in csv.DictReader(file) if (r["benchmark"], r["dataset"].lower(), r["protocol"]) == wanted]


def blocks(published: Iterable[Mapping[str, Any]]) -> list[Block]:
    """A block a family and metric, methods by budgets, in the order given."""
    grouped: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in published:
        grouped.setdefault((str(row["protocol"]), str(row["metric"])), []).append(row)
    return [_block(protocol, metric, rows) for (protocol, metric), rows in grouped.items()]


def _block(protocol: str, metric: str, rows: Iterable[Mapping[str, Any]]) -> Block:
    lines: dict[tuple[str, str, str, str, str], Published] = {}
    budgets: set[str] = set()
    for row in rows:
        method, dataset, source, grade, note = (str(row.get(name) or "") for name in TOLD)
        told = (method, dataset, source, grade, note)
        budget = str(row["budget"] if row["budget"] is not None else "")
        budgets.add(budget)
        lines.setdefault(told, Published(*told)).values[budget] = str(row["value"])
    ordered = sorted(budgets, key=lambda budget: (budget == "", float(budget or 0)))
    return Block(
        protocol, FAMILIES.get(protocol.split("-")[0], ""), metric.replace("_", " "), ordered, [*lines.values()]
    )
