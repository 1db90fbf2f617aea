"""Which options are worth an evaluation: from the model's predictions to an ordered few.

Each function returns rows of the options, best first, none twice. `best` and the two improvements value a whole batch,
pending cells included: a gain that one of its cells brings already does not count again for the others.

Axes: draw; contender; see `metanp.search.belief`.

Sources: expected improvement, Jones et al. 1998; upper confidence bounds, Srinivas et al. 2010; Thompson sampling,
Thompson 1933, in batches Kandasamy et al. 2018; noisy expected improvement, Letham et al. 2019; batches by joint draws,
Wilson et al. 2018; probability of being the best, as in knowledge-of-optimum methods (Hennig and Schuler 2012).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from metanp.search.belief import Belief

DRAWS = 256
UCB = 0.84  # probability of the quantile: of a normal distribution, one standard deviation above its mean
Rows = Int[np.ndarray, " pick"]
Acquisition = Callable[[Belief, int, np.random.Generator], Rows]


def mean(belief: Belief, n: int, rng: np.random.Generator) -> Rows:
    """The highest expected scores; explores nothing."""
    return _highest(belief, belief.mean, n)


def upper_confidence_bound(belief: Belief, n: int, rng: np.random.Generator) -> Rows:
    """The highest upper quantile, which is as skewed as the prediction; mean plus standard deviations is not."""
    return _highest(belief, belief.predicted.quantile(UCB), n)


def thompson(belief: Belief, n: int, rng: np.random.Generator) -> Rows:
    """The best option of each joint draw."""
    rows = belief.contenders
    draws = belief.draws(rows, n, rng)
    taken = np.zeros(len(rows), dtype=bool)
    for draw in draws[: len(rows)]:
        taken[np.argmax(np.where(taken, -np.inf, draw))] = True
    return rows[np.flatnonzero(taken)]


def probability_of_best(belief: Belief, n: int, rng: np.random.Generator) -> Rows:
    """The options most often the best of all in joint draws: the batch that most probably holds the best cell."""
    rows = belief.contenders
    draws = belief.draws(np.concatenate([rows, belief.pending]), DRAWS, rng)
    best = np.bincount(draws.argmax(1), minlength=len(rows))[: len(rows)]
    # where draws agree less than there are picks, by mean
    return rows[np.lexsort((-belief.mean[rows], -best))][:n]


def expected_improvement(belief: Belief, n: int, rng: np.random.Generator) -> Rows:
    """The largest expected gain over the best measured score."""
    rows = belief.contenders
    draws = belief.draws(np.concatenate([rows, belief.pending]), DRAWS, rng)
    floor = draws[:, len(rows) :].max(1, initial=belief.best)
    return rows[greedy(draws[:, : len(rows)], floor, n)]


def noisy_expected_improvement(belief: Belief, n: int, rng: np.random.Generator) -> Rows:
    """The largest expected gain over the best known cell, whose score is drawn too, as measurements are noisy."""
    rows, known = belief.contenders, belief.options.known
    draws = belief.draws(np.concatenate([rows, known]), DRAWS, rng)
    floor = draws[:, len(rows) :].max(1, initial=-np.inf)
    return rows[greedy(draws[:, : len(rows)], floor, n)]


def greedy(draws: Float[np.ndarray, "draw contender"], floor: Float[np.ndarray, " draw"], n: int) -> Rows:
    """Columns chosen one after another, each the one that adds most to the expected best of floor and chosen."""
    chosen: list[int] = []
    floor = np.where(np.isfinite(floor), floor, draws.min())
    for _ in range(min(n, draws.shape[1])):
        gain = np.maximum(draws - floor[:, None], 0).mean(0)
        gain[chosen] = -1.0
        if gain.max() <= 0:  # no further gain is expected: choose by mean
            gain = np.where(gain < 0, -np.inf, draws.mean(0))
        chosen.append(int(np.argmax(gain)))
        floor = np.maximum(floor, draws[:, chosen[-1]])
    return np.array(chosen, dtype=np.int64)


def _highest(belief: Belief, value: Float[np.ndarray, " option"], n: int) -> Rows:
    rows = belief.contenders
    return rows[np.argsort(-value[rows], kind="stable")[:n]]


ACQUISITIONS: dict[str, Acquisition] = {
    "mean": mean,
    "ucb": upper_confidence_bound,
    "thompson": thompson,
    "best": probability_of_best,
    "improvement": expected_improvement,
    "noisy_improvement": noisy_expected_improvement,
}
