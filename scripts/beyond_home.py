"""MetaNP on spaces that no meta-training saw: `python -m scripts.beyond_home [--protocol darts ...] [--json]`.

    results/leaderboard/<protocol>/label-free.csv, of `python -m scripts.leaderboard protocol=...`
        -> a row a benchmark: tau, its hardest rival, ahead-level-behind -> Markdown or JSON

docs/beyond-home.md has the same tables of the published summaries (`scripts.readme`).

A benchmark of several columns is shown by its means over them. Ahead, level and behind are counted column by column:
the 95 % interval of the paired difference to the hardest rival of that column excludes zero, or does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from omegaconf import OmegaConf

from scripts.command import ROOT, one_line
from scripts.results.entrants import OURS
from scripts.results.standing import standings, tally
from scripts.results.table import Table
from scripts.results.wording import measured

PROTOCOLS = ROOT / "configs" / "protocol"
BEYOND = (
    "darts", "nb301", "ofa", "ofa_cifar10", "ofa_cifar100", "ofa_cinic10", "ofa_svhn", "bert", "vit", "suite_zero",
    "latency",
)  # fmt: skip
COVERED = "coverage_90"
Found = Mapping[str, pd.DataFrame]  # summaries by protocol


def main(
    protocol: Annotated[list[str] | None, typer.Option(help="All that there are by default.")] = None,
    folder: Annotated[Path, typer.Option(help="of leaderboards")] = Path("results/leaderboard"),
    kind: Annotated[str, typer.Option(help="of meta-training")] = "label-free",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """How MetaNP stands on spaces that nobody looked at."""
    with one_line("beyond_home"):
        found = dict(summaries(protocol or BEYOND, folder, kind))
        if not found:
            raise ValueError(f"{folder} has no <protocol>/{kind}.csv; run python -m scripts.leaderboard protocol=darts")
    if as_json:
        print(json.dumps([{"protocol": name, **row} for name, frame in found.items() for row in standings(frame)]))
        return
    for table in (benchmarks(found), rivals(found), intervals(found)):
        print(table.markdown())


def summaries(names: Sequence[str], folder: Path, kind: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Protocols whose tables there are."""
    for name in names:
        if (path := folder / name / f"{kind}.csv").is_file():
            yield name, pd.read_csv(path)


def published(make: Callable[[Found], Table]) -> Callable[[Sequence[Mapping[str, Any]]], Table]:
    """One of the tables below, made of rows that say of which `summary` they are, and when they were measured."""

    def made(rows: Sequence[Mapping[str, Any]]) -> Table:
        frame = pd.DataFrame([*rows])
        table = make({str(name).partition("-")[0]: part for name, part in frame.groupby("summary", sort=False)})
        table.notes.append(measured([row for row in rows if row["predictor"] == OURS]))
        return table

    return made


def _budgets(found: Found) -> list[int]:
    return sorted({int(labels) for frame in found.values() for labels in frame["labels"]})


def _title(name: str) -> str:
    protocol: Any = OmegaConf.load(PROTOCOLS / f"{name}.yaml")
    return f"{protocol.title} ({len(protocol.columns)})" if len(protocol.columns) > 1 else str(protocol.title)


def benchmarks(found: Found) -> Table:
    """Tau of MetaNP and of the hardest rivals, means over columns, and how MetaNP stands."""
    budgets, lines = _budgets(found), []
    for name, frame in found.items():
        rows = list(standings(frame))
        line = [_title(name)]
        for labels in budgets:
            here = [row for row in rows if row["labels"] == labels]
            if not here:
                line.append("")
                continue
            tau, rival = (np.mean([row[key] for row in here]) for key in ("tau", "rival_tau"))
            half = f" ± {here[0]['half']:.3f}" if len(here) == 1 else ""
            line.append(f"{tau:.3f} ({tau - rival:+.3f}{half}) {tally([row['standing'] for row in here])}")
        lines.append(line)
    notes = ["Tau of MetaNP, in brackets its lead over the hardest rival of each column; ahead-level-behind. Behind a"]
    notes[0] += " benchmark the number of its columns."
    return Table(["benchmark", *map(str, budgets)], lines, "benchmarks, by evaluated architectures", notes)


def rivals(found: Found) -> Table:
    """Mean tau of every predictor over all benchmarks that have this number of labels, each counted once."""
    budgets = _budgets(found)
    means = pd.concat(
        [frame.groupby(["predictor", "labels"])["kendall_tau"].mean().rename(name) for name, frame in found.items()],
        axis=1,
    )
    there = means.notna().groupby("labels").transform("max").sum(axis=1)
    whole = means.mean(axis=1).where(means.notna().sum(axis=1) == there)
    table = whole.unstack("labels")
    order = table.mean(axis=1).sort_values(ascending=False).index
    counts = {labels: int(there.xs(labels, level="labels").iloc[0]) for labels in budgets}
    lines = [
        [name, *("" if np.isnan(table.loc[name, b]) else f"{table.loc[name, b]:.3f}" for b in budgets)]
        for name in order
    ]
    return Table(
        ["predictor", *(f"{b} ({counts[b]})" for b in budgets)], lines, "mean tau, benchmarks counted in brackets"
    )


def intervals(found: Found) -> Table:
    """How many measured scores the 90 % intervals of MetaNP hold."""
    budgets, lines = _budgets(found), []
    for name, frame in found.items():
        mine = frame[frame["predictor"] == OURS].groupby("labels")[COVERED].mean()
        lines.append([_title(name), *("" if labels not in mine else f"{mine[labels]:.2f}" for labels in budgets)])
    return Table(["benchmark", *map(str, budgets)], lines, "measured scores within 90 % intervals of MetaNP")


if __name__ == "__main__":
    typer.run(main)
