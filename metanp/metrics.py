"""How good a ranking is, and how well its uncertainty is calibrated.

Everything here takes predictions and truths of the same target cells, the context excluded, higher is better. Ranks
count from 1, and cells of equal truth share the best of their ranks. Predicted ties are broken by one random
permutation of the targets, which all predictors of a label set share.

Axes: cell, the targets.

Sources: Kendall 1945 (tau-b); Järvelin & Kekäläinen 2002 (discounted cumulative gain); Gneiting & Raftery 2007 (CRPS);
P@K and N@K as in Ning et al. 2020 (arXiv:2004.01899).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr, ndtri
from scipy.stats import kendalltau, rankdata, spearmanr

from metanp.given import read_count, read_numbers

Values = Float[np.ndarray, " cell"]
Order = Int[np.ndarray, " cell"]
KS: tuple[int | float, ...] = (1, 10, 20, 50, 0.01)  # a float is a share of the targets
LEVELS = (0.5, 0.9)  # of the intervals whose coverage is reported
NO_SPREAD = 1e-12  # replaces a standard deviation of 0, at which the likelihood is not defined


def kendall_tau(prediction: Values, truth: Values) -> float:
    """Tau-b; 0 where either is constant."""
    prediction, truth = _pair(prediction, truth)
    if np.ptp(prediction) == 0 or np.ptp(truth) == 0:
        return 0.0
    return float(kendalltau(prediction, truth).statistic)


def spearman(prediction: Values, truth: Values) -> float:
    """Rank correlation; 0 where either is constant."""
    prediction, truth = _pair(prediction, truth)
    if np.ptp(prediction) == 0 or np.ptp(truth) == 0:
        return 0.0
    return float(spearmanr(prediction, truth).statistic)


def true_ranks(truth: Values) -> Values:
    """1 for the best; ties share the best rank.

    Raises:
        TypeError, ValueError: something that is no row of numbers.
    """
    return rankdata(-read_numbers(truth, "truth"), method="min")


def predicted_order(prediction: Values, permutation: Order | None = None) -> Order:
    """Targets from best to worst predicted; ties in the order of `permutation`, else as given.

    Raises:
        TypeError, ValueError: predictions that are no row of numbers; a permutation that lacks or repeats a target.
    """
    prediction = read_numbers(prediction, "prediction")
    permutation = np.arange(len(prediction)) if permutation is None else np.asarray(permutation)
    if not np.array_equal(np.sort(permutation), np.arange(len(prediction))):
        raise ValueError(f"the permutation does not hold each of {len(prediction)} targets once")
    permutation = permutation.astype(np.int64)
    return permutation[np.argsort(-prediction[permutation], kind="stable")]


def precision_at(
    prediction: Values, truth: Values, k: int, permutation: Order | None = None, keys: Sequence[Hashable] | None = None
) -> float:
    """Share of the predicted top k that is truly in the top k (by rank, so ties at the edge count).

    With `keys`, one a target, only the first target of each key is counted in either ranking. NaN where a truth is NaN.
    """
    prediction, truth = _pair(prediction, truth)
    if np.isnan(truth).any():
        return float("nan")
    if keys is not None:
        first = np.sort(np.unique(np.asarray(keys), return_index=True)[1])
        place = {int(old): new for new, old in enumerate(first)}
        if permutation is not None:
            permutation = np.array([place[i] for i in permutation.tolist() if i in place])
        prediction, truth = prediction[first], truth[first]
    k = _checked(k, truth)
    top = predicted_order(prediction, permutation)[:k]
    return float((true_ranks(truth)[top] <= k).mean())


def n_at(prediction: Values, truth: Values, k: int, permutation: Order | None = None) -> float:
    """Best true rank among the predicted top k."""
    prediction, truth = _pair(prediction, truth)
    top = predicted_order(prediction, permutation)[: _checked(k, truth)]
    return float(true_ranks(truth)[top].min())


def regret_at(prediction: Values, truth: Values, k: int, permutation: Order | None = None) -> float:
    """How far the best of the predicted top k lies below the best target, in units of the truth."""
    prediction, truth = _pair(prediction, truth)
    top = predicted_order(prediction, permutation)[: _checked(k, truth)]
    return float(truth.max() - truth[top].max())


def ndcg_at(prediction: Values, truth: Values, k: int, permutation: Order | None = None) -> float:
    """Discounted cumulative gain of the predicted top k over the best possible one.

    The gain of a target is the share of targets that are no better: ranks alone, so no unit and no outlier matters.
    """
    prediction, truth = _pair(prediction, truth)
    k = _checked(k, truth)
    gain = 1 - (true_ranks(truth) - 1) / len(truth)
    discount = 1 / np.log2(np.arange(2, k + 2))
    top = predicted_order(prediction, permutation)[:k]
    return float((gain[top] * discount).sum() / (np.sort(gain)[::-1][:k] * discount).sum())


def ranking_metrics(
    prediction: Values,
    truth: Values,
    permutation: Order | None = None,
    keys: Sequence[Hashable] | None = None,
    ks: Sequence[int | float] = KS,
) -> dict[str, float]:
    """All metrics of a ranking for one row of a table; a k above the number of targets is left out.

    Raises:
        ValueError: lengths that differ, or a prediction or truth that is not finite; names the target.
    """
    prediction, truth = _pair(prediction, truth)
    _check_finite("prediction", prediction)
    _check_finite("truth", truth)
    distinct = len(set(keys)) if keys is not None else 0
    row = {"kendall_tau": kendall_tau(prediction, truth), "spearman": spearman(prediction, truth)}
    for k in ks:
        count = max(1, round(k * len(truth))) if isinstance(k, float) else k
        name = f"{k:.0%}" if isinstance(k, float) else str(k)
        if count <= len(truth):
            row[f"p_at_{name}"] = precision_at(prediction, truth, count, permutation)
            if count <= distinct:
                row[f"distinct_p_at_{name}"] = precision_at(prediction, truth, count, permutation, keys)
            row[f"n_at_{name}"] = n_at(prediction, truth, count, permutation)
            row[f"regret_at_{name}"] = regret_at(prediction, truth, count, permutation)
            row[f"ndcg_at_{name}"] = ndcg_at(prediction, truth, count, permutation)
    return row


def distribution_metrics(mean: Values, std: Values, truth: Values) -> dict[str, float]:
    """Negative log-likelihood, CRPS and coverage of the 50 and 90 % intervals, of normal predictions.

    `truth`: new measurements of the score that the predictor was fitted on, in the units of `mean`.

    Raises:
        ValueError: a mean, truth or standard deviation that is not finite, or a negative one; names the target.
    """
    mean, truth = _pair(mean, truth, "mean")
    std, _ = _pair(std, truth, "std")
    for name, values in (("mean", mean), ("truth", truth), ("std", np.where(std < 0, np.nan, std))):
        _check_finite(name, values)
    std = np.maximum(std, NO_SPREAD)
    z = (truth - mean) / std
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    crps = std * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))
    row = {"nll": float(np.mean(0.5 * z**2 + np.log(std) + 0.5 * np.log(2 * np.pi))), "crps": float(np.mean(crps))}
    for level in LEVELS:
        reach = ndtri(0.5 + level / 2) * std
        row[f"coverage_{100 * level:.0f}"] = coverage(mean - reach, mean + reach, truth)
    return row


def error_metrics(prediction: Values, truth: Values) -> dict[str, float]:
    """Errors in the unit of the truth, the linear correlation, and tau of predictions rounded to two and one decimals.

    Raises:
        ValueError: lengths that differ, or a prediction or truth that is not finite; names the target.

    Source: White et al. 2021 (arXiv:2104.01177) report these beside Kendall's tau and Spearman's correlation.
    """
    prediction, truth = _pair(prediction, truth)
    _check_finite("prediction", prediction)
    _check_finite("truth", truth)
    constant = np.ptp(prediction) == 0 or np.ptp(truth) == 0
    return {
        "mae": float(np.abs(prediction - truth).mean()),
        "rmse": float(np.sqrt(np.square(prediction - truth).mean())),
        "pearson": 0.0 if constant else float(np.corrcoef(prediction, truth)[0, 1]),
        **{f"kendall_tau_{n}_decimals": kendall_tau(prediction.round(n), truth) for n in (2, 1)},
    }


def coverage(lower: Values, upper: Values, truth: Values) -> float:
    """Share of the targets whose truth lies in its interval, ends included.

    Raises:
        TypeError, ValueError: something that is no row of numbers.
    """
    lower, upper, truth = (read_numbers(x, name) for x, name in ((lower, "lower"), (upper, "upper"), (truth, "truth")))
    return float(np.mean((lower <= truth) & (truth <= upper)))


def kendall_scorer(predictor: Any, cells: Any, score: Any) -> float:
    """Kendall's tau of a fitted predictor on other cells: a `scoring=` for scikit-learn's model selection."""
    return kendall_tau(predictor.predict(cells), score)


def _pair(prediction: Any, truth: Any, name: str = "prediction") -> tuple[Values, Values]:
    """Both as floats, as unsigned numbers cannot be negated; checked to be of the same targets.

    Raises:
        ValueError: no numbers, or lengths that differ.
    """
    prediction, truth = read_numbers(prediction, name), read_numbers(truth, "truth")
    if prediction.shape != truth.shape:
        raise ValueError(f"{prediction.shape} {name}s for {truth.shape} targets")
    if not len(truth):
        raise ValueError("there are no targets")
    return prediction, truth


def _checked(k: Any, truth: Values) -> int:
    k = read_count(k, "k", least=None)
    if not 1 <= k <= len(truth):
        raise ValueError(f"k is {k}, but there are {len(truth)} targets")
    return k


def _check_finite(name: str, values: Values) -> None:
    if not np.isfinite(values).all():
        bad = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(f"the {name} of target {bad} is {values[bad]}")
