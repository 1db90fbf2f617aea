"""Which options are worth an evaluation: from the model's predictions to an ordered few.

Each function returns rows of the options, best first, none twice. `best` and the two improvements value a whole batch,
pending cells included: a gain that one of its cells brings already does not count again for the others. What is chosen
from joint draws is chosen by the rules of shortlists (`metanp.shortlist`).

Axes: draw; contender; see `metanp.search.belief`.

Sources: expected improvement, Jones et al. 1998; upper confidence bounds, Srinivas et al. 2010; Thompson sampling,
Thompson 1933; noisy expected improvement, Letham et al. 2019; batches by joint draws, Wilson et al. 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from metanp.search.belief import Belief
from metanp.shortlist import Drawn, highest_expected_best, most_often_best, winners

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
    return belief.contenders[winners(_drawn(belief, rng, draws=n), n)]


def best(belief: Belief, n: int, rng: np.random.Generator) -> Rows:
    """The options most often the best of all in joint draws: the batch that most probably holds the best cell."""
    return belief.contenders[most_often_best(_drawn(belief, rng), n)]


def expected_improvement(belief: Belief, n: int, rng: np.random.Generator) -> Rows:
    """The largest expected gain over the best measured score."""
    drawn = _drawn(belief, rng)
    floor = replace(drawn, others=np.maximum(drawn.others, belief.best))
    return belief.contenders[highest_expected_best(floor, n)]


def noisy_expected_improvement(belief: Belief, n: int, rng: np.random.Generator) -> Rows:
    """The largest expected gain over the best known cell, whose score is drawn too, as measurements are noisy."""
    return belief.contenders[highest_expected_best(_drawn(belief, rng, belief.options.known), n)]


def _drawn(belief: Belief, rng: np.random.Generator, known: Rows | None = None, draws: int = DRAWS) -> Drawn:
    """Joint draws of contenders, beside those of known cells: of pending ones, if none are named."""
    rows, known = belief.contenders, belief.pending if known is None else known
    values = belief.draws(np.concatenate([rows, known]), draws, rng)
    return Drawn(values[:, : len(rows)], belief.mean[rows], values[:, len(rows) :].max(1, initial=-np.inf))


def _highest(belief: Belief, value: Float[np.ndarray, " option"], n: int) -> Rows:
    rows = belief.contenders
    return rows[np.argsort(-value[rows], kind="stable")[:n]]


ACQUISITIONS: dict[str, Acquisition] = {
    "mean": mean,
    "ucb": upper_confidence_bound,
    "thompson": thompson,
    "best": best,
    "improvement": expected_improvement,
    "noisy_improvement": noisy_expected_improvement,
}
