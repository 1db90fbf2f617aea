"""Do prior tasks look like measured ones? `python -m scripts.prior_report [--json]`.

Draws prior tasks over the cells of the development benchmarks and sets a few statistics of their scores beside those of
what was measured there: how much operation counts, graph features and patterns explain, how skewed scores are, how many
fail, how far the best is ahead. A measured number should lie well within the prior's middle 80 %.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import numpy as np
import typer
from jaxtyping import Float
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.linalg import eigh
from scipy.stats import rankdata, skew

from data import load_benchmark
from metanp.features import FEATURE_NAMES
from metanp.graphs import Graphs
from metanp.score_transform import ScoreTransform
from tasks.measured import COSTS
from tasks.prior import PriorConfig, PriorTasks
from tasks.sources import DEVELOPMENT
from tasks.task import Task

CELLS = 1000
FOLDS = 5
RIDGE = (0.003, 0.03, 0.3)  # of the mean eigenvalue; the best of them is taken
COUNTS = [i for i, name in enumerate(FEATURE_NAMES) if name.startswith("all_")]


def main(
    tasks: Annotated[int, typer.Option(help="prior tasks of each benchmark's cells")] = 60,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    seed: int = 0,
) -> None:
    """Quantiles of prior tasks beside measured columns, statistic by statistic."""
    report: dict[str, dict[str, dict[str, Any]]] = {}
    for benchmark in DEVELOPMENT:
        rng = np.random.default_rng(seed)
        prior = PriorTasks(
            benchmark, Graphs.distinct(load_benchmark(benchmark).cells)[0], PriorConfig(side=0.0, relabelled=0.0)
        )
        drawn = track(range(tasks), f"{benchmark}: prior", console=Console(stderr=True))
        simulated = [statistics(prior.draw(CELLS, rng)) for _ in drawn]
        measured = {name: statistics(task) for name, task in measured_tasks(benchmark, rng).items()}
        report[benchmark] = {
            name: {
                "prior": [round(float(q), 3) for q in np.quantile([s[name] for s in simulated], [0.1, 0.5, 0.9])],
                "measured": {column: round(stats[name], 3) for column, stats in measured.items()},
            }
            for name in simulated[0]
        }
    if as_json:
        print(json.dumps(report))
        return
    for benchmark, rows in report.items():
        table = Table("statistic", "prior: 10 %", "median", "90 %", "measured: lowest", "highest", title=benchmark)
        for name, row in rows.items():
            values = list(row["measured"].values())
            table.add_row(name, *(f"{x:.2f}" for x in (*row["prior"], min(values), max(values))))
        Console().print(table)


def measured_tasks(benchmark: str, rng: np.random.Generator) -> dict[str, Task]:
    """Every score (no cost) of a benchmark, on some of its distinct cells, higher is better."""
    table = load_benchmark(benchmark)
    found = {}
    for name, metric in table.metrics.items():
        if metric.quantity in COSTS:
            continue
        known = np.flatnonzero(np.isfinite(table.mean(name)))
        rows = rng.choice(known, size=min(CELLS, len(known)), replace=False)
        graphs, inverse = Graphs.distinct(table.cells[rows])
        value = table.mean(name)[rows] * (1 if metric.maximize else -1)
        first = np.unique(inverse, return_index=True)[1]
        found[name] = Task(graphs, value[first], np.zeros((len(first), 0)))
    return found


def statistics(task: Task) -> dict[str, float]:
    """What a task's scores are like; shares of variance are of the transformed score, of cells left out."""
    y = ScoreTransform.fit(task.score).forward(task.score)
    features = task.graphs.features
    counts = features[:, COUNTS]
    patterns = _pattern_counts(task.graphs)
    middle, spread = np.median(task.score), np.subtract(*np.quantile(task.score, [0.75, 0.25]))
    top = np.sort(task.score)[::-1][: max(len(y) // 100, 2)]
    return {
        "explained by operation counts": explained(counts, y),
        "explained by graph features": explained(np.sqrt(features), y),
        "explained by features and patterns": explained(np.concatenate([np.sqrt(features), patterns], 1), y),
        "rank correlation with the best feature": float(max(abs(_spearman(features, task.score)))),
        "skewness": float(np.clip(skew(task.score), -20, 20)),
        "failures": float((task.score < middle - 4 * spread).mean()),
        "lead of the best over the top 1 %, in interquartile ranges": float((top[0] - np.median(top)) / spread),
    }


def explained(x: Float[np.ndarray, "cell column"], y: Float[np.ndarray, " cell"]) -> float:
    """Share of the variance of `y` that ridge regression on `x` explains of cells left out; 0 at the least."""
    spread = x.std(0)
    x = (x[:, spread > 1e-6] - x.mean(0)[spread > 1e-6]) / spread[spread > 1e-6]
    order = np.random.default_rng(0).permutation(len(y))
    kernel = x @ x.T / max(x.shape[1], 1) + 1
    error = np.zeros((len(RIDGE), len(y)))
    for left_out in np.array_split(order, FOLDS):
        kept = np.setdiff1d(order, left_out)
        values, vectors = eigh(kernel[np.ix_(kept, kept)])
        along = vectors.T @ (y[kept] - y[kept].mean())
        for i, ridge in enumerate(RIDGE):
            weights = vectors @ (along / (np.maximum(values, 0) + ridge))
            error[i, left_out] = y[left_out] - y[kept].mean() - kernel[np.ix_(left_out, kept)] @ weights
    return float(max(0.0, 1 - (error**2).mean(1).min() / y.var()))


def _pattern_counts(graphs: Graphs) -> Float[np.ndarray, "cell pattern"]:
    cell, step, node = np.nonzero(graphs.patterns)
    _, pattern = np.unique(graphs.patterns[cell, step, node], return_inverse=True)
    counts = np.zeros((len(graphs), pattern.max(initial=-1) + 1))
    np.add.at(counts, (cell, pattern), 1)
    return counts[:, (counts > 0).sum(0) > 5]


def _spearman(features: Float[np.ndarray, "cell feature"], score: Float[np.ndarray, " cell"]) -> np.ndarray:
    varying = features[:, features.std(0) > 1e-6]
    ranks = rankdata(np.column_stack([varying, score]), axis=0)
    return np.corrcoef(ranks.T)[-1, :-1]


if __name__ == "__main__":
    typer.run(main)
