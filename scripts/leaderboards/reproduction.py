"""What was re-implemented against what was published: both numbers and their difference.

The published split is not known row by row, so that the numbers differ by the draw of the labels as well; ours is a
mean over label sets, with its interval. A difference of more than .05 asks for a sentence (`because`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.leaderboards.protocols import Compared, ProtocolConfig
from scripts.report.published import read_published
from scripts.results.rows import Row, write_rows

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
    found = list(_differences(protocol.compared, table, known, titles))
    return _ordered(found, protocol.published_target) if protocol.published_target else found


def _ordered(found: Sequence[Row], target: str) -> list[Row]:
    rows = []
    for row in found:
        alike = [other for other in found if other["labels"] == row["labels"]]
        places = {
            f"place {whose}": 1 + sum(other[number] > row[number] for other in alike)
            for whose, number in (("here", "ours"), ("published", "published"))
        }
        kept = {name: value for name, value in row.items() if name not in ("difference", "because")}
        rows.append({**kept, **places, "published target": target})
    return rows


def _differences(
    compared: Mapping[str, Compared],
    table: Sequence[Row],
    known: Mapping[tuple[str, str, int], Mapping[str, str]],
    titles: Mapping[str, str],
) -> Iterator[Row]:
    for row in table:
        other = compared.get(row["predictor"])
        dataset = row["shown"].split("_")[0]
        if other is None or (line := known.get((other.method, dataset, row["labels"]))) is None:
            continue
        difference = round(row[METRIC] - float(line["value"]), 3)
        yield {
            "predictor": row["predictor"],
            "title": titles[row["predictor"]],
            "published as": other.method,
            "labels": row["labels"],
            "ours": round(row[METRIC], 3),
            "sets": row["sets"],
            "half": round(row[f"{METRIC}_half"], 3),
            "published": float(line["value"]),
            "difference": difference,
            "grade": line["grade"],
            "source": line["source"],
            "because": other.because if abs(difference) > FAR else "",
        }


def show(found: Sequence[Row], path: Path) -> None:
    """Print the comparison, and write it as CSV."""
    if not found:
        return
    write_rows(path, found)
    of_places = "place here" in found[0]
    last = ("place here", "place published", "published target") if of_places else ("difference", "why so far apart")
    lines = Table("predictor", "published as", "labels", "ours", "published (grade)", *last)
    for row in found:
        ours, published = f"{row['ours']:.3f} ± {row['half']:.3f}", f"{row['published']:.3f} ({row['grade']})"
        told = (row["title"], row["published as"], str(row["labels"]), ours, published)
        ends = [str(row[name]) for name in last] if of_places else [f"{row['difference']:+.3f}", row["because"]]
        lines.add_row(*told, *ends)
    Console().print(lines)
