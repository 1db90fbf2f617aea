"""Numbers that others published: in blocks of their own on a page, and compared with re-implementations.

Their protocols differ from those here, so they are never among the numbers measured here. The published split is not
known row by row, so re-implementations differ by the draw of the labels as well; ours is a mean over label sets, with
its interval. A difference of more than .05 needs an explanation (`because`).

Source: papers and repositories, named line by line in `published_results.csv`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.results.rows import Row, read_rows
from scripts.results.statistics import grouped
from scripts.results.table import Column, Table
from scripts.results.wording import measured, plus_minus

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
LAST = ["source", "grade", "note"]
TITLES = {"dataset": "Data set", "source": "Source", "grade": "Grade", "note": "Note"}
TAU = "kendall_tau"
FAR = 0.05


@dataclass
class Block:
    """Numbers of one family of protocols and one metric, which are comparable with one another.

    label: for screen readers. more: beside the title.
    """

    title: str
    more: str
    label: str
    table: Table


def read_published(benchmark: str, metric: str = TAU) -> list[dict[str, str]]:
    """Lines of one benchmark and metric."""
    return [row for row in read_rows(PATH) if (row["benchmark"], row["metric"]) == (benchmark, metric)]


def read_search(benchmark: str, dataset: str) -> list[dict[str, str]]:
    """Lines on searches in one data set of a benchmark, all metrics."""
    key = (benchmark, dataset.lower(), "search")
    return [r for r in read_rows(PATH) if (r["benchmark"], r["dataset"].lower(), r["protocol"]) == key]


def blocks(published: Iterable[Mapping[str, str]], searches: bool = False) -> list[Block]:
    """One block for each family and metric: methods by budgets, in the order given. Searches have one data set."""
    first = ["method"] if searches else ["method", "dataset"]
    rows = pd.DataFrame([*published], columns=["protocol", "metric", "budget", "value", *first, *LAST])
    return [
        _block(protocol, metric.replace("_", " "), part, first)
        for (protocol, metric), part in grouped(rows, "protocol", "metric")
    ]


def _block(protocol: str, metric: str, rows: pd.DataFrame, first: list[str]) -> Block:
    budgets = sorted(set(rows["budget"]), key=lambda budget: (budget == "", float(budget or 0)))
    lines = []
    for texts, part in grouped(rows, *first, *LAST):
        values = dict(zip(part["budget"], part["value"], strict=True))
        entries = (values.get(budget, "") for budget in budgets)
        lines.append([*texts[: len(first)], *entries, *texts[len(first) :]])
    heads = [*first[1:], *(budget or "not stated" for budget in budgets), *LAST]
    columns = ["Method", *(Column(TITLES[head], css="text") if head in TITLES else head for head in heads)]
    if protocol == "search":
        return Block(metric, "", metric, Table(columns, lines, f"{metric} by numbers of evaluations"))
    title = f"{protocol}: {FAMILIES.get(protocol.split('-')[0], '')}".removesuffix(": ")
    table = Table(columns, lines, f"{metric} by numbers of labels, protocol {protocol}")
    return Block(title, f"{metric}, ", f"protocol {protocol}, {metric}", table)


# --- re-implementations ---------------------------------------------------------------------------------------------


@dataclass
class Compared:
    """A published method that a predictor here re-implements, and why its number is far from ours, if it is."""

    method: str = ""
    because: str = ""


def compare(
    table: Sequence[Row],
    titles: Mapping[str, str],
    compared: Mapping[str, Compared],
    published: Iterable[Row],
    target: str,
) -> list[Row]:
    """One row for each re-implemented method and number of labels: ours, published, and the difference.

    Args:
        titles: of predictors. compared: by predictor.
        published: lines of the family of protocols that were measured like ours.
        target: what the published numbers were ranked against, if not what ours are: then the rows have no difference,
            but the place of each method among those compared.
    """
    known = {(line["method"], line["dataset"], int(line["budget"])): line for line in published if line["budget"]}
    found: list[Row] = []
    for row in table:
        other = compared.get(row["predictor"])
        if other and (line := known.get((other.method, row["shown"].split("_")[0], row["labels"]))):
            difference = round(row[TAU] - float(line["value"]), 3)
            found.append(
                {
                    "predictor": row["predictor"],
                    "title": titles[row["predictor"]],
                    "published as": other.method,
                    "labels": row["labels"],
                    "ours": round(row[TAU], 3),
                    "sets": row["sets"],
                    "half": round(row[f"{TAU}_half"], 3),
                    "published": float(line["value"]),
                    "difference": difference,
                    "grade": line["grade"],
                    "source": line["source"],
                    "because": other.because if abs(difference) > FAR else "",
                }
            )
    return _places(found, target) if target and found else found


def _places(found: Sequence[Row], target: str) -> list[Row]:
    """Places instead of differences."""
    frame = pd.DataFrame(found).drop(columns=["difference", "because"])
    for column, numbers in (("place here", "ours"), ("place published", "published")):
        frame[column] = frame.groupby("labels")[numbers].rank(method="min", ascending=False).astype(int)
    frame["published target"] = target
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def reproduction_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Our numbers beside the published ones of the same methods."""
    last: dict[str, object] = {"place here": "place here", "place published": "place published"}
    if "difference" in rows[0]:
        last = {"difference": "difference", "because": Column("why so far apart", css="text")}
    lines = []
    for row in rows:
        ours, published = plus_minus(row["ours"], row["half"]), f"{row['published']:.3f} ({row['grade']})"
        lines.append([row["title"], row["published as"], row["labels"], ours, published, *(row[name] for name in last)])
    target = rows[0].get("published target")
    sources = ", ".join(dict.fromkeys(row["source"] for row in rows))
    grades = dict.fromkeys(f"{grade}: {GRADES[grade]}" for row in rows for grade in row["grade"].split("/"))
    notes = [f"Kendall tau; published: {sources} ({'; '.join(grades)})."]
    notes += [f"Published for another target: {target}."] if target else []
    notes += [measured(rows[:1], f", label sets: {rows[0]['sets']}")]
    heads = ["predictor", "published as", "labels", "ours", "published (grade)", *last.values()]
    return Table(heads, lines, notes=[" ".join(notes).rstrip()])
