"""Latency, to which dead operations add: `python -m scripts.written [--sets 5] [--device raspi4_latency ...] [--json]`.

Kendall's tau on latencies of NAS-Bench-201's cells, whose networks were built with their dead operations. MetaNP reads
cells as they are written where the context says that it helps; three rivals are shown the cells alone, and with
`metanp.written.written_features` beside them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import track

from data import load_benchmark
from metanp import MetaNP
from metanp.cell_array import CellArray
from metanp.metrics import kendall_tau
from metanp.written import written_features
from scripts.command import one_line
from scripts.leaderboards.entrants import made
from scripts.results.standing import STANDING, tally
from scripts.results.statistics import paired
from scripts.results.table import Table

OURS = "MetaNP"
LABELS = (5, 10, 20, 50, 100, 200)
TARGETS = 1500
DEVICES = (
    "1080ti_1", "1080ti_256", "2080ti_32", "essential_ph_1", "eyeriss", "fpga", "gold_6226", "pixel3", "raspi4",
    "samsung_a50", "titan_rtx_32", "titanxp_256",
)  # fmt: skip
RIVALS = ("gp_wl", "xgboost", "ridge")


def main(
    sets: Annotated[int, typer.Option(help="label sets")] = 5,
    device: Annotated[list[str] | None, typer.Option(help="twelve of the 27 by default")] = None,
    checkpoint: Annotated[str, typer.Option(help="of MetaNP")] = "label-free",
    download: Annotated[bool, typer.Option("--download", help="benchmark files that are not available")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Tau of MetaNP, and of rivals with and without written cells."""
    with one_line("written", "--download"):
        table = load_benchmark("latency", download)
        metrics = {name: f"{name}_latency" for name in device or DEVICES}
        if unknown := [name for name in metrics if metrics[name] not in table.metrics]:
            raise ValueError(f"no device {unknown[0]!r}; there are {', '.join(table.metrics)}, without _latency")
        predictors = {OURS: MetaNP(checkpoint), **{made(name).about.title: made(name, seed=0) for name in RIVALS}}
    rows = []
    tasks = [(name, labels) for name in metrics for labels in LABELS]
    for name, labels in track(tasks, "latencies", console=Console(stderr=True)):
        score = -table.mean(metrics[name])
        for title, predictor in predictors.items():
            for written in (False, True) if title != OURS else (False,):
                shown = title + ", written cells" * written
                for number, tau in enumerate(_taus(predictor, table.cells, score, labels, sets, written)):
                    rows.append({"device": name, "labels": labels, "predictor": shown, "set": number, "tau": tau})
    if as_json:
        print(json.dumps(rows))
    else:
        report(pd.DataFrame(rows)).print()


def report(rows: pd.DataFrame) -> Table:
    """Mean tau over devices; of MetaNP also in how many it is ahead of the best rival of each, level, behind."""
    means: Any = rows.pivot_table(index="predictor", columns="labels", values="tau", aggfunc="mean", sort=False)
    lines = [[name, *(f"{tau:.3f}" for tau in line)] for name, line in zip(means.index, means.to_numpy(), strict=True)]
    stands = [[STANDING[1 - sign] for sign in _signs(part)] for _, part in rows.groupby("labels")]
    lines.append(["MetaNP ahead-level-behind", *map(tally, stands)])
    devices, sets = rows["device"].nunique(), rows["set"].nunique()
    return Table(
        ["predictor", *map(str, means)], lines, f"mean tau on {devices} latencies, {sets} label sets, at labels"
    )


def _signs(rows: pd.DataFrame) -> Iterator[int]:
    """On each device, 1 where MetaNP is ahead of the best rival, 0 where it is level, -1 where it is behind."""
    for _, part in rows.groupby("device"):
        tau: Any = part.pivot(index="set", columns="predictor", values="tau")
        rival = tau.drop(columns=OURS).mean().idxmax()
        yield paired(tau[[OURS]].to_numpy().T, tau[[rival]].to_numpy().T).sign


def _taus(predictor: Any, cells: CellArray, score: np.ndarray, labels: int, sets: int, written: bool) -> list[float]:
    known, taus = np.flatnonzero(np.isfinite(score)), []
    for number in range(sets):
        order = np.random.default_rng([number, 3]).permutation(known)
        shown, others = order[:labels], order[labels:][:TARGETS]
        of, asked = (written_features(cells[rows], of=cells[shown]) if written else None for rows in (shown, others))
        predictor.fit(cells[shown], score[shown], features=of)
        taus.append(kendall_tau(predictor.predict(cells[others], features=asked), score[others]))
    return taus


if __name__ == "__main__":
    typer.run(main)
