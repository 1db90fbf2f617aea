"""What was re-implemented against what was published: both numbers and their difference.

The published split is not known row by row, so that the numbers differ by the draw of the labels as well; ours is a
mean over label sets, with its interval. A difference of more than .05 asks for a sentence (`because`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.leaderboards.protocols import ProtocolConfig
from scripts.results.published import GRADES, read_published
from scripts.results.rows import Row
from scripts.results.table import Column, Table
from scripts.results.wording import measured, plus_minus

FAR = 0.05
METRIC = "kendall_tau"


def compare(protocol: ProtocolConfig, table: Sequence[Row], titles: Mapping[str, str]) -> list[Row]:
    """One row a method and number of labels: ours, published, the difference, and where it is large why.

    Where targets differ there is no difference but an order: the place of each among the methods compared.
    """
    known = {
        (line["method"], line["dataset"], int(line["budget"])): line
        for line in read_published(protocol.benchmark, METRIC)
        if line["protocol"] == protocol.family and line["budget"]
    }
    found: list[Row] = []
    for row in table:
        other = protocol.compared.get(row["predictor"])
        if other and (line := known.get((other.method, row["shown"].split("_")[0], row["labels"]))):
            ours = {"ours": round(row[METRIC], 3), "sets": row["sets"], "half": round(row[f"{METRIC}_half"], 3)}
            title = {"title": titles[row["predictor"]], "published as": other.method, "labels": row["labels"]}
            published = float(line["value"])
            difference = round(row[METRIC] - published, 3)
            held = {"published": published, "difference": difference, "grade": line["grade"], "source": line["source"]}
            because = other.because if abs(difference) > FAR else ""
            found.append({"predictor": row["predictor"], **title, **ours, **held, "because": because})
    return _ordered(found, protocol.published_target) if protocol.published_target else found


def _ordered(found: Sequence[Row], target: str) -> list[Row]:
    rows = []
    for row in found:
        alike = [other for other in found if other["labels"] == row["labels"]]
        kept = {name: value for name, value in row.items() if name not in ("difference", "because")}
        for whose, number in (("here", "ours"), ("published", "published")):
            kept[f"place {whose}"] = 1 + sum(other[number] > row[number] for other in alike)
        rows.append({**kept, "published target": target})
    return rows


def reproduction_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Ours beside the published numbers of the same methods."""
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
