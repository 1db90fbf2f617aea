"""How good the best of ten is, by each rule of choosing them: `python -m scripts.shortlists [--tested] [--json]`.

    evaluated cells -> predictor -> mean, or joint draws -> ten candidates -> how far their best is below that of all

Cells that compute the same are one candidate. Rules are those of `metanp.shortlist`, and "mean", the first ten by
predicted mean. Rivals that know a spread get the default rule too; each of their draws takes every candidate on its own
(normal, with measurement noise). The rule of `MetaNP.shortlist` was chosen on the development benchmarks; columns of
`--tested` chose nothing.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import typer
from jaxtyping import Float, Int
from rich.console import Console
from rich.progress import track
from scipy.special import ndtri

from data import load_benchmark
from metanp import MetaNP
from metanp.cell_array import CellArray, keys
from metanp.fitted import ScoreWarning
from metanp.metrics import true_ranks
from metanp.shortlist import DRAWS, REACH, RULES, Drawn, contenders
from scripts.command import one_line
from scripts.leaderboards.entrants import made
from scripts.results.statistics import interval
from scripts.results.table import Table

LABELS = (5, 10, 20, 50, 100)
DEVELOPMENT = (
    ("nasbench_macro", "cifar10_test_accuracy"), ("nasbench_nlp", "ptb_validation_loss_50"),
    ("nasbench_mr", "imagenet50_accuracy"), ("nasbench_mr", "cityscapes_miou"),
)  # fmt: skip
TESTED = (
    ("nasbench201", "cifar10_validation_accuracy_200"), ("nasbench201", "cifar100_validation_accuracy_200"),
    ("nasbench201", "imagenet16-120_validation_accuracy_200"), ("nasbench101", "cifar10_validation_accuracy_108"),
    ("transnas", "class_object_validation"), ("nasbench_graph", "cora_validation_accuracy"),
)  # fmt: skip
RIVALS = ("gp_wl", "random_forest", "xgboost")
Picks = Int[np.ndarray, " k"]


@dataclass(frozen=True)
class Column:
    """A benchmark's column: cells that differ, and their scores, higher is better."""

    title: str
    cells: CellArray
    score: Float[np.ndarray, " cell"]

    @classmethod
    def load(cls, benchmark: str, metric: str, download: bool, most: int) -> Column:
        """At most so many cells, drawn once; of cells that compute the same, the first."""
        table = load_benchmark(benchmark, download)
        score = table.mean(metric) * (1 if table.metrics[metric].maximize else -1)
        known = np.flatnonzero(np.isfinite(score))
        rows = known[np.sort(np.unique(keys(table.cells[known]).astype(str), return_index=True)[1])]
        rows = np.sort(np.random.default_rng(3).permutation(rows)[:most])
        return cls(f"{benchmark}, {metric}", table.cells[rows], score[rows])


def main(
    sets: Annotated[int, typer.Option(help="label sets")] = 20,
    k: Annotated[int, typer.Option(help="candidates that are chosen")] = 10,
    checkpoint: Annotated[str, typer.Option(help="of MetaNP")] = "label-free",
    tested: Annotated[bool, typer.Option("--tested", help="columns that chose nothing")] = False,
    only: Annotated[str, typer.Option(help="columns whose name contains this")] = "",
    most: Annotated[int, typer.Option(help="cells of a benchmark")] = 20_000,
    download: Annotated[bool, typer.Option("--download", help="benchmark files that are not available")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Regret and best true rank of the chosen, in units of the score."""
    with one_line("shortlists", "--download"):
        wanted = [pair for pair in (TESTED if tested else DEVELOPMENT) if only in ", ".join(pair)]
        if not wanted:
            raise ValueError(f"--only {only!r:.80}: no column has this in its name")
        columns = [Column.load(*pair, download, most) for pair in wanted]
        model = MetaNP(checkpoint)
    warnings.filterwarnings("ignore", category=ScoreWarning)
    rows = []
    tasks = [(column, labels) for column in columns for labels in LABELS if 2 * labels + k < len(column.score)]
    pools: dict[str, dict[str, Any]] = {}  # of one column at a time
    for column, labels in track(tasks, "shortlists", console=Console(stderr=True)):
        if column.title not in pools:
            both = {"metanp": model} | {name: made(name) for name in RIVALS}
            pools = {column.title: {name: one.encode(column.cells) for name, one in both.items()}}
        for name, found in _judged(model, pools[column.title], column, labels, k, sets).items():
            over = interval(found[:, :1].T)
            regret, half, rank = float(over.mean), float(over.half), float(found[:, 1].mean())
            rows.append(
                {"column": column.title, "labels": labels, "rule": name, "regret": regret, "half": half, "rank": rank}
            )
    if as_json:
        print(json.dumps(rows))
        return
    for column in columns:
        own = [row for row in rows if row["column"] == column.title]
        known = {(row["rule"], row["labels"]): f"{row['regret']:.3f} ({row['rank']:.0f})" for row in own}
        names, budgets = (list(dict.fromkeys(row[key] for row in own)) for key in ("rule", "labels"))
        lines = [[name, *(known.get((name, labels), "") for labels in budgets)] for name in names]
        Table(["rule", *map(str, budgets)], lines, f"{column.title}: regret of {k}, mean of the best true rank").print()


def _judged(
    model: MetaNP, pools: dict[str, Any], column: Column, labels: int, k: int, sets: int
) -> dict[str, Float[np.ndarray, "set 2"]]:
    """Regret and best true rank of every way of choosing, a row a label set."""
    found: dict[str, list[tuple[float, float]]] = {}
    for number in range(sets):
        order = np.random.default_rng([number, 11]).permutation(len(column.score))
        shown, left = np.sort(order[:labels]), np.sort(order[labels:])
        best, rank = column.score[left].max(), np.full(len(order), np.inf)
        rank[left] = true_ranks(column.score[left])
        for name, picks in _choices(model, pools, column, shown, left, k, number):
            found.setdefault(name, []).append((float(best - column.score[picks].max()), float(rank[picks].min())))
    return {name: np.array(values) for name, values in found.items()}


def _choices(
    model: MetaNP, pools: dict[str, Any], column: Column, shown: Picks, left: Picks, k: int, number: int
) -> Iterator[tuple[str, Picks]]:
    cells, score = column.cells[shown], column.score[shown]
    model.fit(cells, score)
    yield "MetaNP, mean", model.rank(pools["metanp"], k=k).index
    for by in RULES:
        yield f"MetaNP, {by}", model.shortlist(pools["metanp"], k=k, by=by).index
    for name in RIVALS:
        rival = made(name, seed=number).fit(cells, score)
        title = rival.about.title
        if not rival.knows_std:
            yield f"{title}, mean", _first(rival.predict(pools[name]), left, k)
            continue
        mean, std = rival.predict(pools[name], return_std=True)
        yield f"{title}, mean", _first(mean, left, k)
        yield f"{title}, best", left[_alone(mean[left], std[left], k, np.random.default_rng(number))]


def _first(mean: Float[np.ndarray, " cell"], left: Picks, k: int) -> Picks:
    return left[np.argsort(-mean[left], kind="stable")[:k]]


def _alone(
    mean: Float[np.ndarray, " cell"], std: Float[np.ndarray, " cell"], k: int, rng: np.random.Generator
) -> Picks:
    """The default rule on draws in which every candidate is on its own."""
    upper = mean + ndtri(REACH) * std
    rows = contenders(upper, mean, k)
    values = mean[rows] + std[rows] * rng.standard_normal((DRAWS, len(rows)))
    return rows[RULES["best"](Drawn(values, mean[rows], upper[rows], np.full(DRAWS, -np.inf)), k)]


if __name__ == "__main__":
    typer.run(main)
