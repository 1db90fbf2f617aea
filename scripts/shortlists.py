"""How good the best of ten is, by each rule of choosing them: `python -m scripts.shortlists [--tested] [--json]`.

    evaluated cells -> predictor -> mean, or joint draws -> ten candidates -> how far their best is below that of all

Cells that compute the same are one candidate. Rules are those of `metanp.shortlist`, and "mean", the first ten by
predicted mean. Rivals that know a spread get the default rule too; each of their draws takes every candidate on its own
(normal, with measurement noise). A last table says how reliable `p_top` is, in bins. The rule of `MetaNP.shortlist` was
chosen on the development benchmarks; columns of `--tested` chose nothing.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
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
BINS = (0.0, 0.1, 0.2, 0.4, 0.6, 1.0)  # of p_top
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
            rows.append({"column": column.title, "labels": labels, "rule": name, **found.row()})
    if as_json:
        print(json.dumps(rows))
        return
    for column in columns:
        own = [row for row in rows if row["column"] == column.title]
        known = {(row["rule"], row["labels"]): f"{row['regret']:.3f} ({row['rank']:.0f})" for row in own}
        names, budgets = (list(dict.fromkeys(row[key] for row in own)) for key in ("rule", "labels"))
        lines = [[name, *(known.get((name, labels), "") for labels in budgets)] for name in names]
        Table(["rule", *map(str, budgets)], lines, f"{column.title}: regret of {k}, mean of the best true rank").print()
    reliability(rows, "MetaNP, best").print()


def reliability(rows: list[dict[str, Any]], rule: str) -> Table:
    """What `p_top` says of the chosen, in bins, and how many are truly among the best `k`; all columns together."""
    lines = []
    for labels in dict.fromkeys(row["labels"] for row in rows):
        own = np.array([row["bins"] for row in rows if row["labels"] == labels and row["rule"] == rule]).sum(0)
        said, true, count = own.T
        cells = [f"{s / n:.2f}, {t / n:.2f} ({n:.0f})" if n else "" for s, t, n in own]
        lines.append([str(labels), f"{said.sum() / count.sum():.2f}, {true.sum() / count.sum():.2f}", *cells])
    heads = [f"{low:g} to {high:g}" for low, high in pairwise(BINS)]
    return Table(["labels", "all", *heads], lines, f"{rule}: mean p_top, share truly among the best, number, by p_top")


@dataclass
class Found:
    """Of one way of choosing: regret and best true rank of each label set; p_top and truth of every pick."""

    regret: list[float] = field(default_factory=list)
    rank: list[float] = field(default_factory=list)
    said: list[float] = field(default_factory=list)
    true: list[bool] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """Means; of `BINS` the sums of p_top and of truth, and the number of picks."""
        over = interval(np.array([self.regret]))
        found: dict[str, Any] = {
            "regret": float(over.mean),
            "half": float(over.half),
            "rank": float(np.mean(self.rank)),
        }
        if self.said:
            place = np.digitize(self.said, BINS[1:-1])
            sums = [np.bincount(place, values, len(BINS) - 1) for values in (self.said, self.true, np.ones(len(place)))]
            found["bins"] = np.stack(sums, axis=1).tolist()
        return found


def _judged(model: MetaNP, pools: dict[str, Any], column: Column, labels: int, k: int, sets: int) -> dict[str, Found]:
    """Every way of choosing, with the same label sets."""
    judged: dict[str, Found] = {}
    for number in range(sets):
        order = np.random.default_rng([number, 11]).permutation(len(column.score))
        shown, left = np.sort(order[:labels]), np.sort(order[labels:])
        best, rank = column.score[left].max(), np.full(len(order), np.inf)
        rank[left] = true_ranks(column.score[left])
        for name, picks, p_top in _choices(model, pools, column, shown, left, k, number):
            found = judged.setdefault(name, Found())
            found.regret.append(float(best - column.score[picks].max()))
            found.rank.append(float(rank[picks].min()))
            if p_top is not None:
                found.said += p_top.tolist()
                found.true += (rank[picks] <= k).tolist()
    return judged


def _choices(
    model: MetaNP, pools: dict[str, Any], column: Column, shown: Picks, left: Picks, k: int, number: int
) -> Iterator[tuple[str, Picks, Float[np.ndarray, " k"] | None]]:
    """Name, picks, and `p_top` where it is known."""
    cells, score = column.cells[shown], column.score[shown]
    model.fit(cells, score)
    pool = pools["metanp"]
    ranked = {"mean": model.rank(pool, k=k)} | {by: model.shortlist(pool, k=k, by=by) for by in RULES}
    for by, chosen in ranked.items():
        yield f"MetaNP, {by}", chosen.index, chosen.p_top
    for name in RIVALS:
        rival = made(name, seed=number).fit(cells, score)
        title = rival.about.title
        if not rival.knows_std:
            yield f"{title}, mean", _first(rival.predict(pools[name]), left, k), None
            continue
        mean, std = rival.predict(pools[name], return_std=True)
        yield f"{title}, mean", _first(mean, left, k), None
        yield f"{title}, best", left[_alone(mean[left], std[left], k, np.random.default_rng(number))], None


def _first(mean: Float[np.ndarray, " cell"], left: Picks, k: int) -> Picks:
    return left[np.argsort(-mean[left], kind="stable")[:k]]


def _alone(
    mean: Float[np.ndarray, " cell"], std: Float[np.ndarray, " cell"], k: int, rng: np.random.Generator
) -> Picks:
    """The default rule on draws in which every candidate is on its own."""
    upper = mean + ndtri(REACH) * std
    rows = contenders(upper, mean, k)
    values = mean[rows] + std[rows] * rng.standard_normal((DRAWS, len(rows)))
    return rows[RULES["best"](Drawn(values, mean[rows], np.full(DRAWS, -np.inf)), k)]


if __name__ == "__main__":
    typer.run(main)
