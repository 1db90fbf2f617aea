"""How good a ranking is, and how honest its uncertainty.

Everything here takes predictions and truths of the same target cells, the context excluded, higher is better. Ranks
count from 1, and cells of equal truth share the best of their ranks. Predicted ties are broken by one random
permutation of the targets, which all predictors of a label set share.

Axes: cell, the targets.

Sources: Kendall 1945 (tau-b); Järvelin & Kekäläinen 2002 (discounted cumulative gain); Gneiting & Raftery 2007 (CRPS);
P@K and N@K as in Ning et al. 2020 (arXiv:2004.01899).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr
from scipy.stats import kendalltau, rankdata, spearmanr

Values = Float[np.ndarray, " cell"]
Order = Int[np.ndarray, " cell"]
KS: tuple[int | float, ...] = (1, 10, 50, 0.01)  # a float is a share of the targets


def kendall_tau(prediction: Values, truth: Values) -> float:
    """Tau-b; 0 where either is constant."""
    return float(np.nan_to_num(kendalltau(prediction, truth).statistic))


def spearman(prediction: Values, truth: Values) -> float:
    """Rank correlation; 0 where either is constant."""
    if np.ptp(prediction) == 0 or np.ptp(truth) == 0:
        return 0.0
    return float(spearmanr(prediction, truth).statistic)


def true_ranks(truth: Values) -> Values:
    """1 for the best; ties share the best rank."""
    return rankdata(-np.asarray(truth), method="min")


def predicted_order(prediction: Values, permutation: Order | None = None) -> Order:
    """Targets from best to worst predicted; ties in the order of `permutation`, else as given."""
    permutation = np.arange(len(prediction)) if permutation is None else permutation
    return permutation[np.argsort(-np.asarray(prediction)[permutation], kind="stable")]


def precision_at(
    prediction: Values, truth: Values, k: int, permutation: Order | None = None, keys: Sequence[Hashable] | None = None
) -> float:
    """Share of the predicted top k that is truly in the top k (by rank, so ties at the edge count).

    With `keys`, one a target, only the first target of each key is counted in either ranking.
    """
    if keys is not None:
        first = np.sort(np.unique(np.asarray(keys), return_index=True)[1])
        place = {int(old): new for new, old in enumerate(first)}
        if permutation is not None:
            permutation = np.array([place[i] for i in permutation.tolist() if i in place])
        prediction, truth = prediction[first], truth[first]
    top = predicted_order(prediction, permutation)[: _checked(k, truth)]
    return float((true_ranks(truth)[top] <= k).mean())


def n_at(prediction: Values, truth: Values, k: int, permutation: Order | None = None) -> float:
    """Best true rank among the predicted top k."""
    top = predicted_order(prediction, permutation)[: _checked(k, truth)]
    return float(true_ranks(truth)[top].min())


def regret_at(prediction: Values, truth: Values, k: int, permutation: Order | None = None) -> float:
    """How far the best of the predicted top k lies below the best target, in units of the truth."""
    top = predicted_order(prediction, permutation)[: _checked(k, truth)]
    return float(truth.max() - truth[top].max())


def ndcg_at(prediction: Values, truth: Values, k: int, permutation: Order | None = None) -> float:
    """Discounted cumulative gain of the predicted top k over the best possible one; gain is the share of targets beaten."""
    gain = 1 - (true_ranks(truth) - 1) / len(truth)
    discount = 1 / np.log2(np.arange(2, _checked(k, truth) + 2))
    top = predicted_order(prediction, permutation)[:k]
    return float((gain[top] * discount).sum() / (np.sort(gain)[::-1][:k] * discount).sum())


def ranking_metrics(
    prediction: Values,
    truth: Values,
    permutation: Order | None = None,
    keys: Sequence[Hashable] | None = None,
    ks: Sequence[int | float] = KS,
) -> dict[str, float]:
    """Everything that a table row says of a ranking; a k above the number of targets is left out.

    Raises:
        ValueError: lengths that differ, or a prediction that is not finite; names the target.
    """
    prediction, truth = np.asarray(prediction, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if prediction.shape != truth.shape:
        raise ValueError(f"{prediction.shape} predictions for {truth.shape} targets")
    if not np.isfinite(prediction).all():
        bad = int(np.flatnonzero(~np.isfinite(prediction))[0])
        raise ValueError(f"the prediction for target {bad} is {prediction[bad]}")
    row = {"kendall_tau": kendall_tau(prediction, truth), "spearman": spearman(prediction, truth)}
    for k in ks:
        count = k if isinstance(k, int) else max(1, round(k * len(truth)))
        name = str(k) if isinstance(k, int) else f"{k:.0%}"
        if count <= len(truth):
            row[f"p_at_{name}"] = precision_at(prediction, truth, count, permutation)
            if keys is not None:
                row[f"distinct_p_at_{name}"] = precision_at(prediction, truth, count, permutation, keys)
            row[f"n_at_{name}"] = n_at(prediction, truth, count, permutation)
            row[f"regret_at_{name}"] = regret_at(prediction, truth, count, permutation)
            row[f"ndcg_at_{name}"] = ndcg_at(prediction, truth, count, permutation)
    return row


def distribution_metrics(mean: Values, std: Values, truth: Values) -> dict[str, float]:
    """Negative log-likelihood, CRPS and coverage of the 50 and 90 % intervals, of normal predictions.

    `truth` is a new measurement of what was conditioned on, in the units of `mean`.
    """
    z = (truth - mean) / std
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    crps = std * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))
    return {
        "nll": float(np.mean(0.5 * z**2 + np.log(std) + 0.5 * np.log(2 * np.pi))),
        "crps": float(np.mean(crps)),
        "coverage_50": float(np.mean(np.abs(z) < 0.6744897501960817)),
        "coverage_90": float(np.mean(np.abs(z) < 1.6448536269514722)),
    }


def _checked(k: int, truth: Values) -> int:
    if not 1 <= k <= len(truth):
        raise ValueError(f"k is {k}, but there are {len(truth)} targets")
    return k
