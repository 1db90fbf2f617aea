"""Three readings of the same children at the same moments: who gains from being trained last, and how tau swings.

Axes: instance; moment; child, by the index of the space; lag, mini-batches since a child was trained, 0 for the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata

from metanp.metrics import kendall_tau
from metanp.networks.normalising import READINGS
from scripts.sharing.over_instances import mean_of
from scripts.sharing.training import children, regime_of
from scripts.sharing.units import CHILDREN, Unit

Rows = Mapping[Unit, Mapping[str, Any]]
Accuracies = Float[np.ndarray, " child"]
Moments = Float[np.ndarray, "moment child"]

LAGS = ((0, 0), (1, 1), (2, 3), (4, 7), (8, 15), (16, 31), (32, 63))  # first and last of each class


def readings(rows: Rows, truth: Accuracies) -> dict[str, Any]:
    """Three ways to read the same children at the same moments of `seeds`."""
    some = sorted((unit for unit in rows if unit.kind == "seeds"), key=lambda unit: unit.instance)
    if not some:
        return {}
    found: dict[str, Any] = {}
    gains: dict[str, np.ndarray] = {}
    for reading in READINGS:
        every = [_at_common_moments(rows[u], reading) for u in some]
        taus = [[kendall_tau(moment, truth) for moment in taken] for taken in every]
        by_lag = np.array(
            [gain_by_lag(taken, lags(u, rows[u]["at"]["batch"])) for u, taken in zip(some, every, strict=True)]
        )
        gains[reading] = by_lag
        found[reading] = {
            "gt_tau": mean_of(map(np.mean, taus)),
            "swing": mean_of(map(np.std, taus)),
            "averaged": mean_of(kendall_tau(taken.mean(0), truth) for taken in every),
            "accuracy": mean_of(taken.mean() for taken in every),
            "gain": [mean_of(by_lag[:, i]) for i in range(len(LAGS))],
            "first": mean_of(_last_is_first(u, rows[u], reading) for u in some),
            "moments": taus[0],
        }
    for reading in READINGS[1:]:  # what the last one loses where its averages are not those of its neighbours
        found[reading]["less"] = mean_of(gains["running"][:, 0] - gains[reading][:, 0])
    found["steps"] = rows[some[0]]["at"]["batch"]
    return found


def _at_common_moments(row: Mapping[str, Any], reading: str) -> Moments:
    """Those at which all readings were taken."""
    wanted = row["at"]["batch"]
    return np.array(row["readings"][reading])[[row["at"][reading].index(step) for step in wanted]]


def lags(unit: Unit, steps: Sequence[int]) -> Int[np.ndarray, "moment child"]:
    """For each child, how many mini-batches before the last one done it was trained."""
    regime, number = regime_of(unit), {picks: i for i, picks in enumerate(children())}
    found = np.full((len(steps), CHILDREN), -1)
    for row, step in zip(found, steps, strict=True):
        for back in range(min(step, 2 * CHILDREN)):
            child = number[regime.at(step - 1 - back)]  # type: ignore[index]
            if row[child] < 0:
                row[child] = back
    return found


def gain_by_lag(accuracies: Moments, lag: Int[np.ndarray, "moment child"]) -> Float[np.ndarray, " class"]:
    """Places that a child stands above its own mean place, by the class of its lag."""
    rank = np.array([rankdata(row) for row in accuracies])
    gain = rank - rank.mean(0)
    return np.array([gain[(first <= lag) & (lag <= last)].mean() for first, last in LAGS])


def _last_is_first(unit: Unit, row: Mapping[str, Any], reading: str) -> float:
    """Mean place from the top, 1 to 64, of the child that was trained last."""
    taken = _at_common_moments(row, reading)
    last = lags(unit, row["at"]["batch"]) == 0
    return float(np.mean([rankdata(-moment)[which].item() for moment, which in zip(taken, last, strict=True)]))
