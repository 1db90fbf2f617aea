"""Do prior tasks look like measured ones? `python -m scripts.prior_report [--json]`.

Draws prior tasks over the cells of the development benchmarks, and compares statistics of their scores with those of
measured scores: how much operation counts, graph features and patterns explain, how skewed scores are, how many fail,
how far the best is ahead, and how well scores agree with the mean of all prior tasks, which is the prediction of the
prior before any label. A measured value should be well within the middle 80 % of the prior.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import numpy as np
import typer
from jaxtyping import Float
from rich.console import Console
from rich.progress import track
from scipy.linalg import eigh
from scipy.stats import rankdata, skew

from data import load_benchmark
from metanp.features import FEATURE_NAMES
from metanp.graphs import Graphs
from metanp.score_transform import ScoreTransform
from scripts.available import tables_for
from scripts.command import one_line
from scripts.results.table import Table
from tasks.measured import COSTS
from tasks.prior import PriorConfig, add_noise, random_score
from tasks.random_functions import standardise
from tasks.task import Task

BENCHMARKS = ("nasbench_macro", "nasbench_nlp")  # for development, and of cells
CELLS = 1000
FOLDS = 5
RIDGE = (0.003, 0.03, 0.3)  # penalties; the best of them is used
CONFIG = PriorConfig()
COUNTS = [i for i, name in enumerate(FEATURE_NAMES) if name.startswith("all_")]


def main(
    tasks: Annotated[int, typer.Option(help="prior tasks of each benchmark's cells")] = 60,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    seed: int = 0,
    download: Annotated[bool, typer.Option("--download", help="download missing benchmark files")] = False,
) -> None:
    """Print quantiles over prior tasks beside the range of measured columns, for each statistic."""
    with one_line("prior_report", "--download"):
        benchmarks = tables_for("prior_report", BENCHMARKS, download, "--download")
    report: dict[str, dict[str, dict[str, Any]]] = {}
    for benchmark in benchmarks:
        rng = np.random.default_rng(seed)
        graphs, columns = measured_scores(benchmark, rng)
        drawn = track(range(tasks), f"{benchmark}: prior", console=Console(stderr=True))
        scores = np.stack([add_noise(random_score(graphs, CONFIG, rng), CONFIG, rng) for _ in drawn])
        total = np.sum([standardise(score) for score in scores], axis=0)
        simulated = [statistics(_task(graphs, score), total - standardise(score)) for score in scores]
        measured = {}
        for name, score in columns.items():
            known = np.flatnonzero(np.isfinite(score))
            measured[name] = statistics(_task(graphs[known], score[known]), total[known])
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
        lines = []
        for name, row in rows.items():
            values = list(row["measured"].values())
            lines.append([name, *(f"{x:.2f}" for x in (*row["prior"], min(values), max(values)))])
        Table(["statistic", "prior: 10 %", "median", "90 %", "measured: lowest", "highest"], lines, benchmark).print()


def measured_scores(benchmark: str, rng: np.random.Generator) -> tuple[Graphs, dict[str, np.ndarray]]:
    """Random distinct graphs of a benchmark, and all their scores, without costs: higher is better, NaN if unknown."""
    table = load_benchmark(benchmark)
    graphs, graph = Graphs.distinct(table.cells)
    first = np.unique(graph, return_index=True)[1]
    chosen = np.sort(rng.choice(len(graphs), size=min(CELLS, len(graphs)), replace=False))
    scores = {name: metric for name, metric in table.metrics.items() if metric.quantity not in COSTS}
    columns = {n: table.mean(n)[first[chosen]] * (1 if metric.maximize else -1) for n, metric in scores.items()}
    return graphs[chosen], columns


def statistics(task: Task, expected: Float[np.ndarray, " cell"]) -> dict[str, float]:
    """Statistics of a task's scores; shares of variance are of the transformed score, in cross-validation.

    Args:
        expected: the prediction of the prior for each cell.
    """
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
        "rank correlation with the mean of prior tasks": float(_spearman(expected[:, None], task.score)[0]),
        "skewness": float(np.clip(skew(task.score), -20, 20)),
        "failures": float((task.score < middle - 4 * spread).mean()),
        "lead of the best over the top 1 %, in interquartile ranges": float((top[0] - np.median(top)) / spread),
    }


def explained(x: Float[np.ndarray, "cell column"], y: Float[np.ndarray, " cell"]) -> float:
    """Share of the variance of `y` that ridge regression on `x` explains in cross-validation; at least 0."""
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


def _task(graphs: Graphs, score: Float[np.ndarray, " cell"]) -> Task:
    return Task(graphs, score, np.zeros((len(score), 0)))


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
