"""What cells as they are written add where the score is a cost: `python -m scripts.written [--sets 5] [--json]`.

Kendall's tau on latencies of NAS-Bench-201's cells, whose networks were built with their dead operations: of MetaNP and
of three rivals, each with cells alone and with `metanp.written.written_features` beside them as side features.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import numpy as np
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
from scripts.results.statistics import interval
from scripts.results.table import Table
from scripts.results.wording import plus_minus

LABELS = (10, 20, 50, 100, 200)
TARGETS = 1500
DEVICES = ("raspi4_latency", "pixel3_latency", "fpga_latency", "1080ti_1_latency")
RIVALS = ("gp_wl", "xgboost", "ridge")


def main(
    sets: Annotated[int, typer.Option(help="label sets")] = 5,
    checkpoint: Annotated[str, typer.Option(help="of MetaNP")] = "label-free",
    download: Annotated[bool, typer.Option("--download", help="benchmark files that are not available")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Tau with and without written cells."""
    with one_line("written", "--download"):
        table = load_benchmark("latency", download)
        predictors = {"MetaNP": MetaNP(checkpoint), **{made(name).about.title: made(name, seed=0) for name in RIVALS}}
    rows = []
    tasks = [(device, labels) for device in DEVICES for labels in LABELS]
    for device, labels in track(tasks, "latencies", console=Console(stderr=True)):
        for name, predictor in predictors.items():
            for written in (False, True):
                taus = _taus(predictor, table.cells, -table.mean(device), labels, sets, written)
                over = interval(np.array([taus]))
                row = {"device": device, "labels": labels, "predictor": name, "written": written}
                rows.append({**row, "tau": float(over.mean), "half": float(over.half)})
    if as_json:
        print(json.dumps(rows))
        return
    known = {tuple(row[key] for key in ("device", "predictor", "written", "labels")): row for row in rows}
    lines = [
        [device, name + ", written cells" * written, *(_text(known[device, name, written, n]) for n in LABELS)]
        for device in DEVICES
        for name in predictors
        for written in (False, True)
    ]
    Table(["device", "predictor", *map(str, LABELS)], lines, f"Kendall's tau at labels, {sets} label sets").print()


def _taus(predictor: Any, cells: CellArray, score: np.ndarray, labels: int, sets: int, written: bool) -> list[float]:
    known, taus = np.flatnonzero(np.isfinite(score)), []
    for number in range(sets):
        order = np.random.default_rng([number, 3]).permutation(known)
        shown, others = order[:labels], order[labels:][:TARGETS]
        of, asked = (written_features(cells[rows], of=cells[shown]) if written else None for rows in (shown, others))
        predictor.fit(cells[shown], score[shown], features=of)
        taus.append(kendall_tau(predictor.predict(cells[others], features=asked), score[others]))
    return taus


def _text(row: dict[str, Any]) -> str:
    return plus_minus(row["tau"], row["half"], ".2f")


if __name__ == "__main__":
    typer.run(main)
