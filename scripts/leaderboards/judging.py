"""How well a predictor ranks a benchmark from a few labels. All predictors see the same label sets.

    context cells -> fit -> predict all other cells -> metrics, a row for each scored column

Axes: cell, rows of the table.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.contract import Predictor
from metanp.curves.curves import Curves
from metanp.metrics import LEVELS, coverage, distribution_metrics, error_metrics, ranking_metrics
from metanp.predicted import Predicted
from scripts.leaderboards.by_mutation import mutated

Scores = Float[np.ndarray, " cell"]
Targets = Float[np.ndarray, " target"]
DRAWINGS = ("uniform", "mutation")  # how evaluated cells and targets are drawn


@dataclass(frozen=True)
class Setting:
    """One shown column of a table.

    score: the shown column. scored: the columns that rankings are compared with, by name. features: side features,
    which are known of all cells. everywhere: the shown cells are ranked as well. curves: of the training of each cell,
    of which the first `prefix` columns are known where it has no label; None where there are none. targets: how many
    cells are ranked, at most; 0 for all others. drawing: of `DRAWINGS`. space: the name of the cells' space.
    """

    cells: CellArray
    score: Float[np.ndarray, " cell"]
    scored: Mapping[str, Float[np.ndarray, " cell"]]
    features: Mapping[str, Float[np.ndarray, " cell"]] = field(default_factory=dict)
    everywhere: bool = False
    curves: Curves | None = None
    prefix: int = 0
    targets: int = 0
    drawing: str = "uniform"
    space: str | None = None

    @cached_property
    def listed(self) -> list[Cell]:
        """The cells as single ones."""
        return self.cells.to_cells()

    @cached_property
    def row_of(self) -> dict[str, int]:
        """By `Cell.key`, the first row of each way of computing."""
        found: dict[str, int] = {}
        for row, cell in enumerate(self.listed):
            found.setdefault(cell.key, row)
        return found

    @property
    def seen(self) -> dict[str, np.ndarray]:
        """What is seen of curves, and the whole ones, by name; nothing where there are none."""
        return {} if self.curves is None else {"curves": self.curves.values, "prefix": np.array(self.prefix)}


@dataclass(frozen=True)
class LabelSet:
    """The context and the cells to rank; `ties` is the permutation of the targets that breaks predicted ties."""

    context: Int[np.ndarray, " context"]
    target: Int[np.ndarray, " target"]
    ties: Int[np.ndarray, " target"]


def label_set(setting: Setting, number: int, budget: int, seed: int) -> LabelSet:
    """The same for every predictor; that of a smaller budget is the beginning of that of a larger one.

    Raises:
        ValueError: no such drawing.
    """
    if setting.drawing not in DRAWINGS:
        raise ValueError(f"drawing={setting.drawing}: it is one of {', '.join(DRAWINGS)}")
    rng = np.random.default_rng([seed, number])
    if (most := budget + setting.targets) > len(setting.score):
        asked = f"{budget} labels and {setting.targets} targets of {len(setting.score)} cells"
        raise ValueError(f"{asked}; ask for {most - len(setting.score)} fewer")
    if setting.drawing == "uniform":
        order = rng.permutation(len(setting.score))
        others = order if setting.everywhere else order[budget:]
        target = others[-setting.targets :] if setting.targets else others  # the last ones, the same at every budget
        context = order[:budget]
    else:
        target = mutated(setting, setting.targets, np.random.default_rng([seed, number, 2]))
        context = mutated(setting, budget, rng, without=target)
    ties = np.random.default_rng([seed, number, 1]).permutation(len(target))
    return LabelSet(context, np.sort(target), ties)


class NotFinite(ValueError):
    """A prediction is not finite."""


def reads_side(predictor: Predictor) -> bool:
    """Whether the predictor takes side features."""
    return "side features" in predictor.about.needs


def reads_curves(predictor: Predictor) -> bool:
    """Whether the predictor takes learning curves."""
    return "learning-curve prefixes" in predictor.about.needs


def judge(predictor: Predictor, pool: Any, setting: Setting, shown: LabelSet, scatter: int = 0) -> list[dict[str, Any]]:
    """Rows of one fit: metrics for each of `setting.scored`, and seconds to fit and to predict.

    Likelihood, CRPS and coverage are those of the shown column in the targets; without labels predictions have no
    unit, and these are left out. Intervals are between the predictor's own quantiles where it gives some
    (`knows_distribution`), else normal. Predictions and truth of the first `scatter` targets, in the order of
    `shown.ties`, are part of the rows.

    Raises:
        NotFinite: a prediction is not finite.
        ValueError: the number of predictions is not that of cells.
    """
    context, more = shown.context, _wanted(predictor, pool, setting, shown)
    place, n = shown.target, len(setting.cells)
    began = time.perf_counter()
    if setting.curves is not None and reads_curves(predictor):
        pool, more = _with_prefixes(predictor, setting, place, more)
        place, n = np.arange(len(place)), len(place)
    started = time.perf_counter()
    predictor.fit(setting.cells[context], setting.score[context], **more)
    fitted = time.perf_counter()
    mean, std, predicted = _answer(predictor, pool)
    done = time.perf_counter()
    if np.shape(mean) != (n,):
        raise ValueError(f"it predicts {np.shape(mean)} numbers of {n} cells")
    mean = mean[place]
    if not np.isfinite(mean).all():
        raise NotFinite(f"{(~np.isfinite(mean)).sum()} of {len(mean)} predictions are not finite")
    seconds = {"seconds_fit": fitted - started, "seconds_predict": done - fitted + started - began}
    measured = setting.score[shown.target]
    honesty = {} if std is None or not len(context) else _honesty(mean, std[place], measured, predicted, place)
    rows = []
    for name, column in setting.scored.items():
        truth, kept = column[shown.target], shown.ties[:scatter]
        row = {"scored": name, **ranking_metrics(mean, truth, shown.ties), **error_metrics(mean, truth)}
        row |= {**honesty, **seconds}
        kept_too = {"scatter_predicted": mean[kept].tolist(), "scatter_truth": truth[kept].tolist()}
        rows.append(row | (kept_too if scatter else {}))
    return rows


def _with_prefixes(
    predictor: Any, setting: Setting, target: Int[np.ndarray, " target"], more: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """The targets with their prefixes in the predictor's encoding, and what `fit` takes."""
    assert setting.curves is not None
    side = {name: column[target] for name, column in setting.features.items()} if reads_side(predictor) else {}
    given = {"features": side} if side else {}
    pool = predictor.encode(setting.cells[target], curves=setting.curves[target].prefix(setting.prefix), **given)
    return pool, more | ({"unlabelled": pool} if "unlabelled" in more else {})


def _wanted(predictor: Predictor, pool: Any, setting: Setting, shown: LabelSet) -> dict[str, Any]:
    """Inputs of `fit` other than cells and scores."""
    more: dict[str, Any] = {}
    if setting.features and reads_side(predictor):
        more["features"] = {name: column[shown.context] for name, column in setting.features.items()}
    if setting.curves is not None and reads_curves(predictor):
        more["curves"] = setting.curves[shown.context]
    if "unlabelled cells" in predictor.about.needs:
        more["unlabelled"] = pool
    return more


def _answer(predictor: Predictor, pool: Any) -> tuple[Scores, Scores | None, Predicted | None]:
    """Mean, standard deviation and distribution of every cell; None where the predictor does not give them."""
    if predictor.knows_distribution:
        predicted = predictor.predict_distribution(pool)
        return predicted.mean, predicted.std, predicted
    if predictor.knows_std:
        return *predictor.predict(pool, return_std=True), None
    return predictor.predict(pool), None, None


def _honesty(
    mean: Targets, std: Targets, measured: Targets, predicted: Predicted | None, place: Int[np.ndarray, " target"]
) -> dict[str, float]:
    """Likelihood, CRPS and coverage of the intervals of the targets, which are at `place` in `predicted`."""
    found = distribution_metrics(mean, std, measured)
    if predicted:
        ends = [0.5 + side * level / 2 for level in LEVELS for side in (-1, 1)]
        quantiles = predicted.quantiles(ends)[:, place]
        for level, lower, upper in zip(LEVELS, quantiles[::2], quantiles[1::2], strict=True):
            found[f"coverage_{100 * level:.0f}"] = coverage(lower, upper, measured)
    return found
