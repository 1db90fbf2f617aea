"""Our proxies beside NAS-Bench-Suite-Zero's, cell by cell: `python -m scripts.proxy_oracle --images FILE.npz [--json]`.

Random cells of NAS-Bench-201 with published values (C = 16, N = 5, CIFAR-10): the rank correlation of ours with
theirs, and of either with accuracy. Parameters and FLOPs have to be equal. Weights and images are others than theirs,
so few reach 1. Their batch was of 64 images: jacov is about minus the number of images, and theirs is -65.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from scipy.stats import spearmanr

from data import Table as Benchmark
from data import load_benchmark
from metanp.proxies.image_file import draw_batch, read_images
from metanp.proxies.measure import SUITE_ZERO, read_names
from metanp.proxies.pool import Plan, check_cells, journal_path, measure_pool
from scripts.command import one_line, say
from scripts.results.table import Table

ACCURACY = "cifar10_validation_accuracy_200"
EXACT = ("params", "flops")
ROUNDING = 1e-6  # millions


def main(
    images: Annotated[Path, typer.Option(help=".npz with CIFAR-10 images x and labels y")],
    cells: Annotated[int, typer.Option(help="how many, drawn by the seed")] = 300,
    batch: Annotated[int, typer.Option(help="images")] = 32,
    proxies: Annotated[str, typer.Option(help="names, joined by commas")] = ",".join(SUITE_ZERO),
    seed: Annotated[int, typer.Option(help="of cells, images and weights")] = 0,
    workers: Annotated[int, typer.Option(help="processes")] = 2,
    journal: Annotated[Path | None, typer.Option(help="goes on from there; in the cache without")] = None,
    download: Annotated[bool, typer.Option("--download", help="benchmark files that are not at hand")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Rank correlations of our proxies with published ones, and of both with accuracy."""
    with one_line("proxy_oracle", "--download"):
        plan = Plan(names=tuple(read_names(proxies.split(","))), seed=seed)
        table = load_benchmark("nasbench201", download)
        theirs = _published(table, plan)
        there = np.flatnonzero(np.isfinite(next(iter(theirs.values()))))
        drawn = np.random.default_rng(seed).choice(there, cells, replace=False)
        looked_at = draw_batch(*read_images(images), batch, seed)
        chosen = table.cells[drawn].to_cells()
        journal = journal or journal_path(plan, looked_at)
        say("proxy_oracle", f"what is measured is kept in {journal}")
        ours = {name: np.full(cells, np.nan) for name in plan.names}
        check_cells(chosen, plan)
        found = measure_pool(chosen, plan, looked_at, journal, workers)
        for place, measured in track(found, "cells", total=cells, console=Console(stderr=True)):
            for name, value in measured.values.items():
                ours[name][place] = value
        accuracy = table.mean(ACCURACY)[drawn]
    report = {name: compare(ours[name], theirs[name][drawn], accuracy, name) for name in plan.names}
    print(json.dumps(report)) if as_json else _table(report, cells, batch).print()


def _published(table: Benchmark, plan: Plan) -> dict[str, np.ndarray]:
    return {name: np.asarray(table.features[f"cifar10_{name}"]) for name in plan.names}


def compare(ours: np.ndarray, theirs: np.ndarray, accuracy: np.ndarray, name: str) -> dict[str, Any]:
    """Spearman's correlations of one proxy, over the cells that both have; whether exact ones are equal."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    row: dict[str, Any] = {
        "cells": int(both.sum()),
        "ours with theirs": _spearman(ours[both], theirs[both]),
        "ours with accuracy": _spearman(ours[both], accuracy[both]),
        "theirs with accuracy": _spearman(theirs[both], accuracy[both]),
    }
    return row | ({"equal": bool(np.abs(ours - theirs)[both].max() < ROUNDING)} if name in EXACT else {})


def _spearman(one: np.ndarray, other: np.ndarray) -> float:
    return float(spearmanr(one, other).statistic)


def _table(report: dict[str, dict[str, Any]], cells: int, batch: int) -> Table:
    keys = ("ours with theirs", "ours with accuracy", "theirs with accuracy")
    said = {True: "equal", False: "not equal", None: ""}
    lines = [[name, *(f"{row[key]:.3f}" for key in keys), said[row.get("equal")]] for name, row in report.items()]
    return Table(["proxy", *keys, ""], lines, f"Spearman over {cells} cells, batch of {batch}")


if __name__ == "__main__":
    typer.run(main)
