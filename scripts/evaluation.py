"""How well predictors rank a benchmark from a few labels: label sets shared by all, one row a fit.

    context cells -> fit -> predict every other cell -> metrics

Axes: cell, rows of the table. Budgets are nested: a label set of 20 cells is the first 20 of the set of 50.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, Int
from rich.console import Console
from rich.progress import track
from scipy.stats import t

from metanp.cell_array import CellArray
from metanp.metrics import LEVELS, coverage, distribution_metrics, ranking_metrics


class Predictor(Protocol):
    """What a predictor offers here; scikit-learn's conventions, and candidates encoded once."""

    def encode(self, candidates: CellArray, features: Any = None) -> Any: ...

    def fit(self, cells: CellArray, score: Float[np.ndarray, " context"], features: Any = None) -> Any: ...

    def predict(self, candidates: Any, return_std: bool = False) -> Any: ...


@dataclass(frozen=True)
class Setting:
    """One table column, and how much of it is shown: `sets` label sets at each of `budgets`.

    score: what predictors are shown. scored: what their rankings are held against; `score` itself where it is empty.
    features: side features that every predictor sees. everywhere: the shown cells are ranked as well.
    """

    cells: CellArray
    score: Float[np.ndarray, " cell"]
    budgets: Sequence[int] = (20, 50, 100)
    sets: int = 20
    seed: int = 0
    scored: Mapping[str, Float[np.ndarray, " cell"]] = field(default_factory=dict)
    features: Mapping[str, Float[np.ndarray, " cell"]] = field(default_factory=dict)
    everywhere: bool = False


@dataclass(frozen=True)
class Job:
    """One label set at one budget; `ties` is the permutation of the targets that breaks predicted ties."""

    number: int
    budget: int
    context: Int[np.ndarray, " context"]
    target: Int[np.ndarray, " target"]
    ties: Int[np.ndarray, " target"]


def label_sets(setting: Setting) -> Iterator[Job]:
    """All label sets at all budgets, the same for every predictor."""
    for number in range(setting.sets):
        order = np.random.default_rng([setting.seed, number]).permutation(len(setting.score))
        for budget in setting.budgets:
            target = np.sort(order if setting.everywhere else order[budget:])
            ties = np.random.default_rng([setting.seed, number, 1]).permutation(len(target))
            yield Job(number, budget, order[:budget], target, ties)


def evaluate(predictors: Mapping[str, Callable[[], Predictor]], setting: Setting) -> list[dict[str, Any]]:
    """Every predictor on every label set: one row for each, and for each metric that it is held against."""
    made = {name: make() for name, make in predictors.items()}
    pools = {name: predictor.encode(setting.cells, setting.features or None) for name, predictor in made.items()}
    rows = []
    jobs = list(label_sets(setting))
    for job in track(jobs, "ranking", console=Console(stderr=True)):
        for name, predictor in made.items():
            rows += [{"predictor": name, **row} for row in judge(predictor, pools[name], setting, job)]
    return rows


class NotFinite(ValueError):
    """A prediction is no number."""


def reads_side(predictor: Any) -> bool:
    """Whether it takes side features."""
    about = getattr(predictor, "about", None)
    return about is None or "side features" in about.needs


def judge(predictor: Predictor, pool: Any, setting: Setting, job: Job, scatter: int = 0) -> list[dict[str, Any]]:
    """Rows of one fit: metrics for each of `setting.scored`, and seconds to fit and to predict.

    Likelihood, CRPS and coverage are held against a new measurement of what was shown; at no label there is no unit to
    hold them in. Intervals lie between the predictor's own quantiles where it gives some (`predict_distribution`), else
    they are normal. A predictor that needs labels (`fewest_labels`) has no row below its number of them. The first
    `scatter` of the targets, in the order of `job.ties`, are kept as they are, predicted and true.

    Raises:
        NotFinite: a prediction is not.
    """
    if job.budget < getattr(predictor, "fewest_labels", 0):
        return []
    knows_std = getattr(predictor, "knows_std", True)
    features = {name: column[job.context] for name, column in setting.features.items()}
    more: dict[str, Any] = {"features": features} if features and reads_side(predictor) else {}
    if "unlabelled cells" in getattr(getattr(predictor, "about", None), "needs", ()):
        more["unlabelled"] = pool
    started = time.perf_counter()
    predictor.fit(setting.cells[job.context], setting.score[job.context], **more)
    fitted = time.perf_counter()
    predicted = predictor.predict_distribution(pool) if hasattr(predictor, "predict_distribution") else None
    if predicted:
        mean, std = predicted.mean, predicted.std
    else:
        mean, std = predictor.predict(pool, return_std=True) if knows_std else (predictor.predict(pool), None)
    done = time.perf_counter()
    mean = mean[job.target]
    if not np.isfinite(mean).all():
        raise NotFinite(f"{(~np.isfinite(mean)).sum()} of {len(mean)} predictions are not finite")
    seconds = {"seconds_fit": fitted - started, "seconds_predict": done - fitted}
    honesty = {}
    if std is not None and job.budget:
        measured = setting.score[job.target]
        honesty = distribution_metrics(mean, std[job.target], measured)
        if predicted:
            ends = [0.5 + side * level / 2 for level in LEVELS for side in (-1, 1)]
            quantiles = predicted.quantiles(ends)[:, job.target]
            for level, lower, upper in zip(LEVELS, quantiles[::2], quantiles[1::2], strict=True):
                honesty[f"coverage_{100 * level:.0f}"] = coverage(lower, upper, measured)
    rows = []
    for name, truth in (setting.scored or {"": setting.score}).items():
        row = {"set": job.number, "labels": job.budget, "scored": name}
        row |= {**ranking_metrics(mean, truth[job.target], job.ties), **honesty, **seconds}
        if scatter:
            kept = job.ties[:scatter]
            row |= {"scatter_predicted": mean[kept].tolist(), "scatter_truth": truth[job.target][kept].tolist()}
        rows.append(row)
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
