"""MetaNP beside all others on tables of learning curves: `python -m scripts.curve_overview [--labels 20] [--json]`.

Reads what `python -m scripts.leaderboard protocol=curves_...` left under `results/leaderboard/`, as many tables as
there are. A column is the length of prefixes, from the shortest to the longest of a protocol. Ahead, level and behind
are those of the tables: the 95 % interval of the paired difference to the hardest rival excludes zero, or does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from omegaconf import OmegaConf

from scripts.command import ROOT, one_line
from scripts.results import standing
from scripts.results.standing import tally
from scripts.results.table import Cell, Table

PROTOCOLS = ROOT / "configs" / "protocol"
DEVELOPMENT = ("Development", "Surrogate")  # in a protocol's `about`: not among the tables that are counted
LENGTHS = ("shortest", "second", "third", "longest")


def main(
    labels: Annotated[int, typer.Option(help="whole curves, of the table of single results")] = 20,
    folder: Annotated[Path, typer.Option(help="of leaderboards")] = Path("results/leaderboard"),
    kind: Annotated[str, typer.Option(help="of meta-training")] = "label-free",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """How MetaNP stands on tables of curves."""
    with one_line("curve_overview"):
        rows = list(standings(folder, kind))
        if not rows:
            raise ValueError(
                f"{folder} has no curves_*/{kind}.csv; run python -m scripts.leaderboard protocol=curves_..."
            )
    if as_json:
        print(json.dumps(rows))
        return
    print(single(rows, labels).markdown())
    print(counted(rows).markdown())
    print(means(folder, kind).markdown())


def summaries(folder: Path, kind: str) -> Iterator[tuple[Any, bool, pd.DataFrame]]:
    """Protocols, whether their tables chose nothing, and what was found."""
    for path in sorted(folder.glob(f"curves_*/{kind}.csv")):
        protocol: Any = OmegaConf.load(PROTOCOLS / f"{path.parent.name}.yaml")
        yield protocol, not any(mark in protocol.about for mark in DEVELOPMENT), pd.read_csv(path)


def standings(folder: Path, kind: str) -> Iterator[dict[str, Any]]:
    """A row for each table, length and number of labels: tau of MetaNP and of its hardest rival, their difference."""
    for protocol, blind, found in summaries(folder, kind):
        lengths = list(dict.fromkeys(found["shown"]))
        title = protocol.title.replace(", curves", "")
        for row in standing.standings(found):
            yield {"table": title, "counted": blind, "length": lengths.index(row["shown"]), **row}


def single(rows: list[dict[str, Any]], labels: int) -> Table:
    """Tau of MetaNP and of the hardest rival at one number of labels."""
    columns = sorted({row["length"] for row in rows})
    lines = []
    for name in dict.fromkeys(row["table"] for row in rows):
        mine = {row["length"]: row for row in rows if row["table"] == name and row["labels"] == labels}
        mark = "" if next(row["counted"] for row in rows if row["table"] == name) else " *"
        lines.append([name + mark, *(_cell(mine.get(column)) for column in columns)])
    heads = ["table", *(LENGTHS[c] for c in columns)]
    notes = ["MetaNP and, behind it, its hardest rival. * development or surrogate"]
    return Table(heads, lines, f"{labels} whole curves", notes)


def _cell(row: dict[str, Any] | None) -> str | Cell:
    if row is None:
        return ""
    return f"{row['tau']:.3f} ({row['rival']} {row['rival_tau']:.3f}), {row['standing']}"


def counted(rows: list[dict[str, Any]]) -> Table:
    """How often MetaNP is ahead of, level with and behind its hardest rival, on tables that chose nothing."""
    rows = [row for row in rows if row["counted"]]
    columns, budgets = (sorted({row[key] for row in rows}) for key in ("length", "labels"))
    lines = []
    for labels in budgets:
        line = [str(labels)]
        for column in columns:
            here = [row["standing"] for row in rows if row["labels"] == labels and row["length"] == column]
            line.append(tally(here))
        lines.append(line)
    heads = ["labels", *(LENGTHS[c] for c in columns)]
    return Table(heads, lines, "ahead-level-behind, tables that chose nothing")


def means(folder: Path, kind: str) -> Table:
    """Tau of every predictor that all tables that chose nothing have, averaged over them."""
    parts = []
    for protocol, blind, found in summaries(folder, kind):
        if blind:
            place = {shown: i for i, shown in enumerate(dict.fromkeys(found["shown"]))}
            parts.append(found.assign(table=protocol.name, length=found["shown"].map(place)))
    whole = pd.concat(parts)
    tables = whole["table"].nunique()
    grouped = whole.groupby(["predictor", "labels", "length"])["kendall_tau"].agg(["mean", "count"])
    taus = grouped["mean"].where(grouped["count"] == tables).unstack("length")
    order = taus.mean(axis=1).groupby("predictor").mean().sort_values(ascending=False).index
    budgets = sorted(set(taus.index.get_level_values("labels")))
    lines = [[name, *(_four(taus, (name, labels)) for labels in budgets)] for name in order]
    title = f"mean tau over {tables} tables that chose nothing, from the shortest to the longest prefix"
    return Table(["labels", *map(str, budgets)], lines, title)


def _four(taus: pd.DataFrame, where: tuple[str, int]) -> str:
    found = taus[taus.index == where].to_numpy()
    return "" if not len(found) or np.isnan(found).any() else " / ".join(f"{tau:.3f}" for tau in found[0])


if __name__ == "__main__":
    typer.run(main)
