"""What a side feature with a known role adds: `python -m scripts.roles [--sets 10] [--json]`.

Kendall's tau on development benchmarks, without labels and with few: of the feature alone, of MetaNP that is given it
without a role and with one, and of a Weisfeiler-Lehman Gaussian process that is given it. NAS-Bench-NLP has the loss
after 5 of 50 epochs, NAS-Bench-MR and -Macro FLOPs. NAS-Bench-201 with the accuracy after 12 epochs is in view, and
chose nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from data import load_benchmark
from data.curves import load_curves
from metanp import MetaNP
from metanp.baselines.gaussian_process import WLGaussianProcess
from metanp.cell_array import CellArray
from metanp.metrics import kendall_tau
from scripts.command import one_line
from scripts.results.statistics import interval
from scripts.results.table import Table
from scripts.results.wording import plus_minus

LABELS = (0, 5, 10, 20, 50, 100)
MOST_CELLS, TARGETS = 3000, 800
EARLY_EPOCHS = 5


@dataclass(frozen=True)
class Task:
    """score and feature: higher is better. role: of the feature."""

    title: str
    cells: CellArray
    score: np.ndarray
    feature: np.ndarray
    role: str


def main(
    sets: Annotated[int, typer.Option(help="label sets")] = 10,
    checkpoint: Annotated[str, typer.Option(help="one that reads roles")] = "label-free",
    download: Annotated[bool, typer.Option("--download", help="benchmark files that are not available")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Tau with and without the role of a side feature."""
    with one_line("roles", "--download"):
        tasks = list(_tasks(download))
        model, rival = MetaNP(checkpoint), WLGaussianProcess(seed=0)
    rows = []
    for task in track(tasks, "tasks", console=Console(stderr=True)):
        rows.append(
            {"task": task.title, "predictor": f"the {task.role} alone", "0": kendall_tau(task.feature, task.score)}
        )
        for name, predictor, roles in (
            ("MetaNP", model, None),
            ("MetaNP, role given", model, {"feature": task.role}),
            ("WL-GP", rival, None),
        ):
            rows.append({"task": task.title, "predictor": name, **_taus(predictor, task, roles, sets)})
    if as_json:
        print(json.dumps(rows))
        return
    columns = [*map(str, LABELS)]
    lines = [[row["task"], row["predictor"], *(_text(row, name) for name in columns)] for row in rows]
    Table(["task", "predictor", *columns], lines, f"Kendall's tau at labels, {sets} label sets").print()


def _tasks(download: bool) -> Iterator[Task]:
    table, curves = load_benchmark("nasbench_nlp", download), load_curves("nasbench_nlp", download).curves
    early = curves.scores()[:, EARLY_EPOCHS - 1]
    yield _task("NAS-Bench-NLP, 5 epochs", table.cells, -table.mean("ptb_validation_loss_50"), early, "score")
    table = load_benchmark("nasbench_mr", download)
    yield _task("NAS-Bench-MR, FLOPs", table.cells, table.mean("imagenet50_accuracy"), table.features["flops"], "size")
    table = load_benchmark("nasbench_macro", download)
    flops = table.features["cifar10_flops"]
    yield _task("NAS-Bench-Macro, FLOPs", table.cells, table.mean("cifar10_test_accuracy"), flops, "size")
    table = load_benchmark("nasbench201", download)
    score, early = (table.mean(f"cifar10_validation_accuracy_{epochs}") for epochs in (200, 12))
    yield _task("NAS-Bench-201, 12 epochs", table.cells, score, early, "score")


def _task(title: str, cells: CellArray, score: np.ndarray, feature: np.ndarray, role: str) -> Task:
    """Of some cells that have both."""
    known = np.flatnonzero(np.isfinite(score) & np.isfinite(feature))
    rows = np.random.default_rng(3).permutation(known)[:MOST_CELLS]
    return Task(title, cells[rows], score[rows], feature[rows], role)


def _taus(predictor: Any, task: Task, roles: Mapping[str, str] | None, sets: int) -> dict[str, float]:
    """By the number of labels: mean, and half of the 95 % interval over label sets."""
    fit: Callable[..., Any] = predictor.fit
    found: dict[str, float] = {}
    for labels in LABELS:
        if labels < predictor.fewest_labels:
            continue
        taus = []
        for number in range(sets):
            order = np.random.default_rng([number, 5]).permutation(len(task.score))
            shown, others = order[:labels], order[labels:][:TARGETS]
            more = {} if roles is None else {"roles": roles}
            fit(task.cells[shown], task.score[shown], features={"feature": task.feature[shown]}, **more)
            mean = predictor.predict(task.cells[others], features={"feature": task.feature[others]})
            taus.append(kendall_tau(mean, task.score[others]))
        over = interval(np.array([taus]))
        found |= {str(labels): over.mean, f"{labels}_half": over.half}
    return found


def _text(row: Mapping[str, Any], name: str) -> str:
    if name not in row:
        return ""
    return plus_minus(row[name], row.get(f"{name}_half"))


if __name__ == "__main__":
    typer.run(main)
