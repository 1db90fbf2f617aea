"""Which few candidates to train next: a set of which only the best member will matter.

Sorted by predicted mean, an unsure candidate counts less than a sure one, although ten are trained together and their
best is kept. A shortlist takes in turns the candidate that adds most to the expected best of all chosen before, the one
that is most often the best of all in joint draws, and the one whose score may be highest. On NAS-Bench-Macro, -NLP and
-MR this halves the regret of the predicted ten; each of the three alone is worse (docs/what-was-tried.md).

Everything here takes scores without measurement noise, higher is better. Rows are returned, best first, none twice.

Axes: draw; contender, a candidate that may be among the best of all, the only ones of which joint draws are taken.

Sources: probability of being the best, Hennig & Schuler 2012; upper quantiles, Srinivas et al. 2010; the expected best
of a set, one pick after another, Azimi et al. 2010; Thompson sampling in batches, Kandasamy et al. 2018. To take three
of them in turns is this project's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float, Int

from metanp.brief import brief

if TYPE_CHECKING:
    from metanp.fitted import Fitted
    from metanp.pool import Pool

REACH = 0.977  # the probability of the quantile that says how high a score may be
CONTENDERS = 512  # at least
QUICK = 8  # candidates that are predicted, for each contender, where a quick pass chooses them
DRAWS = 512
MOST_TOGETHER = 60  # picks of which each is valued beside those before
Rows = Int[np.ndarray, " pick"]


@dataclass(frozen=True)
class Drawn:
    """What is known of contenders, which are in order: those whose score may be highest first.

    values: joint draws. mean: expected scores. others: in each draw, the best of what will be known anyhow, such as
    trainings that run; minus infinity without any.
    """

    values: Float[np.ndarray, "draw contender"]
    mean: Float[np.ndarray, " contender"]
    others: Float[np.ndarray, " draw"]

    __repr__ = brief


def contenders(upper: Float[np.ndarray, " candidate"], mean: Float[np.ndarray, " candidate"], k: int) -> Rows:
    """Those that may be among the best `k`: of the highest upper ends, in order, then of the highest means."""
    most = max(CONTENDERS, 4 * k)
    high, likely = (np.argsort(-value, kind="stable") for value in (upper, mean))
    return np.array([*dict.fromkeys([*high[:most].tolist(), *likely[: most // 2].tolist()])], dtype=np.int64)


def in_turns(drawn: Drawn, k: int) -> Rows:
    """In turns the one that adds most to the expected best of all chosen before, the one most often the best of all in
    joint draws, and the one whose score may be highest."""
    often, high = iter(most_often_best(drawn, len(drawn.mean)).tolist()), iter(range(len(drawn.mean)))
    chosen: list[int] = []
    for _ in range(min(k, len(drawn.mean))):
        turn = len(chosen) % 3
        if turn == 0 and len(chosen) < MOST_TOGETHER:
            row = _adds_most(drawn, chosen)
        else:
            row = next(row for row in (high if turn == 2 else often) if row not in chosen)
        chosen.append(row)
    return np.array(chosen, dtype=np.int64)


def most_often_best(drawn: Drawn, k: int) -> Rows:
    """The set that most probably holds the best of all; where draws agree less than there are picks, by mean."""
    winner = drawn.values.argmax(1)
    wins = drawn.values[np.arange(len(winner)), winner] > drawn.others
    count = np.bincount(winner[wins], minlength=len(drawn.mean))
    return np.lexsort((-drawn.mean, -count))[:k]


def most_often_top(drawn: Drawn, k: int) -> Rows:
    """The set with the largest expected number of candidates that are truly among the best `k`."""
    return np.lexsort((-drawn.mean, -chance_of_top(drawn.values, k)))[:k]


def winners(drawn: Drawn, k: int) -> Rows:
    """The best of each of `k` draws, the next best where an earlier draw took it (Thompson sampling)."""
    taken = np.zeros(len(drawn.mean), dtype=bool)
    chosen: list[int] = []
    for draw in drawn.values[: min(k, len(taken))]:
        chosen.append(int(np.argmax(np.where(taken, -np.inf, draw))))
        taken[chosen[-1]] = True
    return np.array(chosen, dtype=np.int64)


def highest_expected_best(drawn: Drawn, k: int) -> Rows:
    """Chosen one after another, each the one that adds most to the expected best of others and chosen."""
    chosen: list[int] = []
    for _ in range(min(k, len(drawn.mean))):
        chosen.append(_adds_most(drawn, chosen))
    return np.array(chosen, dtype=np.int64)


def _adds_most(drawn: Drawn, chosen: list[int]) -> int:
    """The one that adds most to the expected best of others and chosen; where none does, that of the highest mean."""
    floor = np.maximum(drawn.others, drawn.values[:, chosen].max(1, initial=-np.inf))
    gain = np.maximum(drawn.values - np.where(np.isfinite(floor), floor, drawn.values.min())[:, None], 0).mean(0)
    value = gain if np.delete(gain, chosen).max() > 0 else drawn.mean.copy()
    value[chosen] = -np.inf
    return int(np.argmax(value))


def chance_of_top(values: Float[np.ndarray, "draw contender"], k: int) -> Float[np.ndarray, " contender"]:
    """Share of the draws in which each is among the best `k`."""
    if k >= values.shape[1]:
        return np.ones(values.shape[1])
    threshold = -np.partition(-values, k - 1, axis=1)[:, k - 1 : k]
    return (values >= threshold).mean(0)


RULES: dict[str, Callable[[Drawn, int], Rows]] = {
    "best": in_turns,
    "expected_best": highest_expected_best,
    "top": most_often_top,
    "thompson": winners,
}


def chosen(
    fitted: Fitted, pool: Pool, left: Int[np.ndarray, " left"], k: int, by: str
) -> tuple[Rows, Float[np.ndarray, " pick"]]:
    """Rows of a pool, of those `left`, by one of `RULES`, and the probability of each to be truly among the best `k`.

    Of many, those alone are predicted that may be highest by a quick pass. Of candidates that compute the same, the one
    that may be highest stands for all, unless there are too few others.
    """
    left = fitted.promising(pool, left, QUICK * max(CONTENDERS, 4 * k))
    predicted, sign = fitted.distribution(pool.only(left), noise=False), fitted.sign
    mean, upper = sign * predicted.mean, sign * predicted.quantile(REACH if sign > 0 else 1 - REACH)
    order, graph = np.argsort(-upper, kind="stable"), pool.graph[left]
    own = np.sort(order[np.unique(graph[order], return_index=True)[1]])
    rows = own[contenders(upper[own], mean[own], k)]
    values = fitted.draws(pool, max(DRAWS, k), torch.Generator().manual_seed(0), left[rows])
    picks = rows[RULES[by](Drawn(values, mean[rows], np.full(len(values), -np.inf)), k)]
    again = np.setdiff1d(np.arange(len(left)), picks, assume_unique=True)
    picks = np.concatenate([picks, again[np.argsort(-mean[again], kind="stable")][: k - len(picks)]])
    chance = dict(zip(graph[rows].tolist(), chance_of_top(values, k).tolist(), strict=True))
    return left[picks], np.array([chance[one] for one in graph[picks].tolist()])
