"""How well a predictor ranks a benchmark from a few labels: label sets shared by all, one row a scored column.

    context cells -> fit -> predict every other cell -> metrics

Axes: cell, rows of the table. Budgets are nested: a label set of 20 cells is the first 20 of the set of 50.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from metanp.cell_array import CellArray
from metanp.contract import Predictor
from metanp.metrics import LEVELS, coverage, distribution_metrics, ranking_metrics
from metanp.predicted import Predicted

Scores = Float[np.ndarray, " cell"]
Targets = Float[np.ndarray, " target"]


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
class LabelSet:
    """One label set at one budget; `ties` is the permutation of the targets that breaks predicted ties."""

    number: int
    budget: int
    context: Int[np.ndarray, " context"]
    target: Int[np.ndarray, " target"]
    ties: Int[np.ndarray, " target"]


def label_sets(setting: Setting) -> Iterator[LabelSet]:
    """All label sets at all budgets, the same for every predictor."""
    for number in range(setting.sets):
        order = np.random.default_rng([setting.seed, number]).permutation(len(setting.score))
        for budget in setting.budgets:
            target = np.sort(order if setting.everywhere else order[budget:])
            ties = np.random.default_rng([setting.seed, number, 1]).permutation(len(target))
            yield LabelSet(number, budget, order[:budget], target, ties)


class NotFinite(ValueError):
    """A prediction is no number."""


def reads_side(predictor: Predictor) -> bool:
    """Whether it takes side features."""
    return "side features" in predictor.about.needs


def judge(predictor: Predictor, pool: Any, setting: Setting, shown: LabelSet, scatter: int = 0) -> list[dict[str, Any]]:
    """Rows of one fit: metrics for each of `setting.scored`, and seconds to fit and to predict.

    Likelihood, CRPS and coverage are held against a new measurement of what was shown; at no label there is no unit to
    hold them in. Intervals lie between the predictor's own quantiles where it gives some (`knows_distribution`), else
    they are normal. A predictor that needs labels (`fewest_labels`) has no row below its number of them. The first
    `scatter` of the targets, in the order of `shown.ties`, are kept as they are, predicted and true.

    Raises:
        NotFinite: a prediction is not.
        ValueError: there are more predictions than cells, or fewer.
    """
    if shown.budget < predictor.fewest_labels:
        return []
    started = time.perf_counter()
    predictor.fit(
        setting.cells[shown.context], setting.score[shown.context], **_wanted(predictor, pool, setting, shown)
    )
    fitted = time.perf_counter()
    mean, std, predicted = _answer(predictor, pool)
    done = time.perf_counter()
    if np.shape(mean) != (len(setting.cells),):
        raise ValueError(f"it predicts {np.shape(mean)} numbers of {len(setting.cells)} cells")
    mean = mean[shown.target]
    if not np.isfinite(mean).all():
        raise NotFinite(f"{(~np.isfinite(mean)).sum()} of {len(mean)} predictions are not finite")
    seconds = {"seconds_fit": fitted - started, "seconds_predict": done - fitted}
    honesty = {} if std is None or not shown.budget else _honesty(mean, std, predicted, setting, shown)
    rows = []
    for name, truth in (setting.scored or {"": setting.score}).items():
        row = {"scored": name, **ranking_metrics(mean, truth[shown.target], shown.ties), **honesty, **seconds}
        if scatter:
            kept = shown.ties[:scatter]
            row |= {"scatter_predicted": mean[kept].tolist(), "scatter_truth": truth[shown.target][kept].tolist()}
        rows.append(row)
    return rows


def _wanted(predictor: Predictor, pool: Any, setting: Setting, shown: LabelSet) -> dict[str, Any]:
    """What `fit` takes beside cells and scores."""
    more: dict[str, Any] = {}
    if setting.features and reads_side(predictor):
        more["features"] = {name: column[shown.context] for name, column in setting.features.items()}
    if "unlabelled cells" in predictor.about.needs:
        more["unlabelled"] = pool
    return more


def _answer(predictor: Predictor, pool: Any) -> tuple[Scores, Scores | None, Predicted | None]:
    """Mean, standard deviation and whole distribution of every cell, as far as the predictor knows them."""
    if predictor.knows_distribution:
        predicted = predictor.predict_distribution(pool)
        return predicted.mean, predicted.std, predicted
    if predictor.knows_std:
        return *predictor.predict(pool, return_std=True), None
    return predictor.predict(pool), None, None


def _honesty(
    mean: Targets, std: Scores, predicted: Predicted | None, setting: Setting, shown: LabelSet
) -> dict[str, float]:
    """Likelihood, CRPS and coverage of the targets' intervals."""
    measured = setting.score[shown.target]
    found = distribution_metrics(mean, std[shown.target], measured)
    if predicted:
        ends = [0.5 + side * level / 2 for level in LEVELS for side in (-1, 1)]
        quantiles = predicted.quantiles(ends)[:, shown.target]
        for level, lower, upper in zip(LEVELS, quantiles[::2], quantiles[1::2], strict=True):
            found[f"coverage_{100 * level:.0f}"] = coverage(lower, upper, measured)
    return found
