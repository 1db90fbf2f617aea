"""A search that trains one configuration after the other and stops some early, replayed on whole curves.

Baker et al.'s protocol: in a random order, the first configurations (the burn-in) are trained to their ends and a rule
learns from them; each later one is trained epoch by epoch until it ends, fails or is stopped. What counts: the epochs
that were saved, and whether the best configuration of all was trained to its end.

Without a burn-in the rule learns as soon as it has enough finished trainings, and anew whenever their number has
doubled; `again` does so after a burn-in as well.

An epoch 0, of the untrained network, costs nothing. A failed training costs the epochs until it broke off, with or
without a rule.

Source: Baker et al. 2018 (arXiv:1705.10823), section on early stopping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from metanp.brief import brief
from metanp.curves.curves import Curves
from metanp.curves.stopping.rule import Rule


@dataclass(frozen=True, eq=False)
class Outcome:
    """Of one order.

    order: configurations as they were trained. epochs: trained of each configuration, in the order of the curves.
    whole: epochs without a rule. best: of all ends. found: of the ends that were trained to.
    """

    order: Int[np.ndarray, " config"]
    epochs: Int[np.ndarray, " config"]
    whole: Int[np.ndarray, " config"]
    best: float
    found: float

    __repr__ = brief

    @property
    def speedup(self) -> float:
        """Epochs of all configurations over those that were trained."""
        return float(self.whole.sum() / self.epochs.sum())

    @property
    def survived(self) -> bool:
        """Whether the best configuration, or one as good, was trained to its end."""
        return self.found >= self.best

    @property
    def regret(self) -> float:
        """How far the best that was trained to its end is below the best of all."""
        return self.best - self.found


def simulate(
    curves: Curves,
    rule: Rule,
    order: Sequence[int] | np.ndarray,
    burn_in: int = 100,
    again: bool = False,
    asked: Sequence[int] | None = None,
) -> Outcome:
    """Replay one order.

    Args:
        order: positions of the configurations to train, each once, (config,).
        burn_in: how many are trained to their ends first.
        again: whether the rule learns anew whenever the finished trainings have doubled; always so without a burn-in,
            and with one smaller than the rule needs.
        asked: lengths of prefixes, in columns, at which the rule is asked; after every epoch unless given.

    Raises:
        ValueError: a configuration that is in the order twice, or not among the curves; names it.
    """
    order = np.asarray(order, np.int64)
    _check_order(order, len(curves))
    epochs, whole = np.zeros(len(curves), np.int64), np.zeros(len(curves), np.int64)
    curves = curves[order]
    run = _Run(curves, rule, asked)
    for place in range(len(curves)):
        stopping = place >= burn_in and run.ready(again or burn_in < max(rule.fewest, 1))
        run.train(place, stopping)
    ends = curves.ends()
    epochs[order], whole[order] = run.trained, run.cost(curves.observed)
    found = ends[run.finished]
    return Outcome(order, epochs, whole, float(np.nanmax(ends)), float(found.max(initial=-np.inf)))


class _Run:
    """Configurations in the order of training; `bars` are asked for once for all that a rule has learned."""

    def __init__(self, curves: Curves, rule: Rule, asked: Sequence[int] | None):
        self.curves, self.rule = curves, rule
        self.first = int(curves.epochs[0] == 0)
        lengths = range(1, curves.n_epochs) if asked is None else asked
        self.asked = [n for n in lengths if rule.fewest_epochs + self.first <= n < curves.n_epochs]
        self.trained, self.finished = np.zeros(len(curves), np.int64), np.zeros(len(curves), bool)
        self.ends = curves.ends()
        self.learned = -1  # finished trainings when the rule last learned
        self.bars: dict[int, np.ndarray] = {}

    def cost(self, columns: np.ndarray) -> np.ndarray:
        """Epochs of so many columns."""
        return np.maximum(columns - self.first, 0)

    def ready(self, again: bool) -> bool:
        """Whether the rule has learned; it learns now where it is time to."""
        count = int(self.finished.sum())
        if count < self.rule.fewest:
            return False
        if self.learned < 0 or (again and count >= 2 * max(self.learned, 1)):
            self.rule.learn(self.curves[self.finished])
            self.learned, self.bars = count, {}
        return True

    def train(self, place: int, stopping: bool) -> None:
        """One configuration, to its end unless it is stopped."""
        observed = int(self.curves.observed[place])
        found = self.ends[self.finished]
        best = np.sort(found)[-self.rule.rank] if len(found) >= self.rule.rank else -np.inf
        for n in self.asked if stopping else ():
            if n >= min(observed, int(self.curves.lengths[place])):
                break
            if best >= self._bar(n)[place] and best > -np.inf:
                self.trained[place] = self.cost(np.array(n))
                return
        self.trained[place] = self.cost(np.array(observed))
        self.finished[place] = not self.curves.failed[place]

    def _bar(self, n: int) -> np.ndarray:
        """Bars after `n` columns, of all that were not yet trained and have as many."""
        if n not in self.bars:
            prefixes = self.curves.prefix(n)
            waiting = (self.trained == 0) & (prefixes.lengths == n) & ~prefixes.failed
            self.bars[n] = np.full(len(self.curves), np.inf)
            self.bars[n][waiting] = self.rule.bar(prefixes[waiting])
        return self.bars[n]


def _check_order(order: np.ndarray, n: int) -> None:
    seen = np.bincount(order[(order >= 0) & (order < n)], minlength=n)
    if (twice := np.flatnonzero(seen > 1)).size:
        raise ValueError(f"configuration {twice[0]} is in the order twice; train each once")
    if (out := order[(order < 0) | (order >= n)]).size:
        raise ValueError(f"the order has configuration {out[0]}, but there are {n}; count them from 0")
