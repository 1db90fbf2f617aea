"""How well predictors rank a benchmark from a few labels: label sets shared by all, one row a fit.

    context cells -> fit -> predict every other cell -> metrics

Axes: cell, rows of the table. Budgets are nested: a label set of 20 cells is the first 20 of the set of 50.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float
from rich.console import Console
from rich.progress import track
from scipy.stats import t

from metanp.cell_array import CellArray
from metanp.metrics import ranking_metrics


class Predictor(Protocol):
    """What a predictor offers here; scikit-learn's conventions, and candidates encoded once."""

    def encode(self, candidates: CellArray) -> Any: ...

    def fit(self, cells: CellArray, score: Float[np.ndarray, " context"]) -> Any: ...

    def predict(self, candidates: Any) -> Float[np.ndarray, " cell"]: ...


@dataclass(frozen=True)
class Setting:
    """One table column, and how much of it is shown: `sets` label sets at each of `budgets`."""

    cells: CellArray
    score: Float[np.ndarray, " cell"]
    budgets: Sequence[int] = (20, 50, 100)
    sets: int = 20
    seed: int = 0


def label_sets(setting: Setting) -> Iterator[tuple[int, int, np.ndarray, np.ndarray, np.ndarray]]:
    """(set, budget, context rows, target rows, the permutation of the targets that breaks predicted ties)."""
    for number in range(setting.sets):
        rng = np.random.default_rng([setting.seed, number])
        order = rng.permutation(len(setting.score))
        for budget in setting.budgets:
            context, target = order[:budget], np.sort(order[budget:])
            yield (
                number,
                budget,
                context,
                target,
                np.random.default_rng([setting.seed, number, 1]).permutation(len(target)),
            )


def evaluate(predictors: Mapping[str, Callable[[], Predictor]], setting: Setting) -> list[dict[str, Any]]:
    """One row for each predictor, label set and budget: metrics, and seconds to fit and to predict."""
    made = {name: make() for name, make in predictors.items()}
    pools = {name: predictor.encode(setting.cells) for name, predictor in made.items()}
    rows = []
    jobs = list(label_sets(setting))
    for number, budget, context, target, ties in track(jobs, "ranking", console=Console(stderr=True)):
        for name, predictor in made.items():
            started = time.perf_counter()
            predictor.fit(setting.cells[context], setting.score[context])
            fitted = time.perf_counter()
            prediction = predictor.predict(pools[name])[target]
            done = time.perf_counter()
            metrics = ranking_metrics(prediction, setting.score[target], permutation=ties)
            seconds = {"seconds_fit": fitted - started, "seconds_predict": done - fitted}
            rows.append({"predictor": name, "set": number, "labels": budget, **metrics, **seconds})
    return rows


def summary(rows: Sequence[Mapping[str, Any]], metric: str, average: Callable = np.mean) -> dict[str, dict[str, float]]:
    """{predictor: {labels: average of `metric` over label sets}}."""
    found: dict[tuple[str, int], list[float]] = {}
    for row in rows:
        found.setdefault((row["predictor"], row["labels"]), []).append(row[metric])
    table: dict[str, dict[str, float]] = {}
    for (name, budget), values in found.items():
        table.setdefault(name, {})[str(budget)] = round(float(average(values)), 5)
    return table


def paired(rows: Sequence[Mapping[str, Any]], metric: str, ours: str, theirs: str) -> dict[str, tuple[float, float]]:
    """{labels: (mean of ours - theirs over label sets, half of its 95 % interval)}; Student's t on the differences."""
    values: dict[tuple[int, int], dict[str, float]] = {}
    for row in rows:
        values.setdefault((row["labels"], row["set"]), {})[row["predictor"]] = row[metric]
    found = {}
    for labels in dict.fromkeys(labels for labels, _ in values):
        differences = np.array([v[ours] - v[theirs] for (n, _), v in values.items() if n == labels])
        count = len(differences)
        half = t.ppf(0.975, count - 1) * differences.std(ddof=1) / np.sqrt(count) if count > 1 else np.inf
        found[str(labels)] = (round(float(differences.mean()), 5), round(float(half), 5))
    return found
