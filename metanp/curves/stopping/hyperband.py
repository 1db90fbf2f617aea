"""Hyperband, and f-Hyperband: brackets of rungs, replayed on whole curves.

A bracket trains n configurations to r epochs, keeps the best n / eta, trains these to r * eta, and so on up to R
epochs. A run is all brackets, from many configurations and few epochs to few and R. A configuration that is kept goes
on from where it was; none is trained twice.

f-Hyperband: once `known` configurations have been trained to the epochs of a rung, a rule learns to predict the score
at that rung, and stops configurations within every later rung of that length. What they have to beat is the score of
rank kappa * n in the rung as far as it is trained, and n / eta always reach the end of the rung.

Pseudo-code of f-Hyperband was not at hand; the reading of kappa as a rank is this project's.

Sources: Li et al. 2018, "Hyperband" (JMLR, arXiv:1603.06560); Baker et al. 2018 (arXiv:1705.10823).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from metanp.brief import brief
from metanp.curves.curves import Curves
from metanp.curves.stopping.rule import Rule


@dataclass(frozen=True)
class Rung:
    """`count` configurations are trained to `epochs`."""

    count: int
    epochs: int


def brackets(most: int, eta: int = 3) -> list[list[Rung]]:
    """The rungs of each bracket, up to `most` epochs.

    Raises:
        ValueError: fewer than one epoch, or an eta below 2.
    """
    if most < 1 or eta < 2:
        raise ValueError(f"{most} epochs and eta {eta}; give at least 1 and 2")
    deepest = int(math.log(most, eta) + 1e-9)
    found = []
    for s in range(deepest, -1, -1):
        n = math.ceil((deepest + 1) / (s + 1) * eta**s)
        found.append([Rung(int(n * eta**-i), max(1, round(most * eta ** (i - s)))) for i in range(s + 1)])
    return found


@dataclass(eq=False)
class Spent:
    """What a scheduler has trained.

    epochs: of each configuration, the longest that it was trained. found: the best end, or value at the last rung.
    jobs: (configuration, epochs) in the order in which they were finished.
    """

    epochs: np.ndarray
    found: float = -math.inf
    jobs: list[tuple[int, int]] = field(default_factory=list)

    __repr__ = brief

    @property
    def total(self) -> int:
        """Epochs of all."""
        return int(self.epochs.sum())


@dataclass(frozen=True)
class Stopper:
    """f-Hyperband's.

    make: a fresh rule. known: configurations that must be known at a rung. kappa: see the module. every: ask after
    every so many epochs.
    """

    make: Callable[[], Rule]
    known: int = 100
    kappa: float = 1 / 3
    every: int = 1


class Hyperband:
    """One or more runs on the same curves; each bracket draws configurations that no bracket of its run has had.

    most: epochs of the longest training; all columns unless given.

    Raises:
        ValueError: a `kappa` that is not above 0 and at most 1.
    """

    def __init__(self, curves: Curves, eta: int = 3, most: int | None = None, stopper: Stopper | None = None):
        self.curves, self.eta, self.stopper = curves, eta, stopper
        self.first = int(curves.epochs[0] == 0)
        self.most = most or curves.n_epochs - self.first
        if stopper and not 0 < stopper.kappa <= 1:
            raise ValueError(f"kappa is {stopper.kappa}; give a share above 0 and at most 1")
        self.scores = np.nan_to_num(curves.scores(), nan=-np.inf)
        self._rules: dict[int, Rule | None] = {}
        self._known: dict[int, set[int]] = {}

    def run(self, rng: np.random.Generator) -> Spent:
        """All brackets once. What a rule has learned in earlier runs remains."""
        spent = Spent(np.zeros(len(self.curves), np.int64))
        order = iter(rng.permutation(len(self.curves)))
        for rungs in brackets(self.most, self.eta):
            self._bracket(rungs, order, spent)
        return spent

    def _bracket(self, rungs: list[Rung], order: Iterator[int], spent: Spent) -> None:
        alive = [int(config) for config in islice(order, rungs[0].count)]  # fewer where the table is used up
        for rung in rungs:
            alive = alive[: rung.count]
            reached = self._rung(alive, rung, spent)
            at = self.scores[:, rung.epochs + self.first - 1]
            alive = sorted(reached, key=lambda config: -at[config])
            if rung.epochs == self.most and alive:
                spent.found = max(spent.found, float(at[alive[0]]))

    def _rung(self, alive: list[int], rung: Rung, spent: Spent) -> list[int]:
        """Trains each to the epochs of the rung, unless a rule stops it; those that arrived."""
        rule = self._rule(rung.epochs)
        reached: list[int] = []
        column = rung.epochs + self.first
        known = self._known.setdefault(rung.epochs, set())
        bars = self._bars(rule, alive, column) if rule else {}
        spare = len(alive) - max(1, len(alive) // self.eta)  # as many may be stopped
        for config in alive:
            start, stop = int(spent.epochs[config]), rung.epochs
            if rule and spare and (early := self._stop(bars, config, reached, column, len(alive), start)):
                stop, spare = early, spare - 1
            else:
                reached.append(config)
                known.add(config)
            spent.epochs[config] = stop
            spent.jobs.append((config, stop))
        return reached

    def _rule(self, epochs: int) -> Rule | None:
        """The rule of a rung, learned once enough is known; None until then."""
        if self.stopper is None or epochs < 2:
            return None
        known = self._known.get(epochs, set())
        if self._rules.get(epochs) is None and len(known) >= self.stopper.known:
            rows = np.array(sorted(known))
            whole = self.curves[rows].prefix(epochs + self.first)
            self._rules[epochs] = self.stopper.make().learn(whole[~whole.failed])
        return self._rules.get(epochs)

    def _bars(self, rule: Rule, alive: list[int], column: int) -> dict[int, dict[int, float]]:
        """length -> configuration -> bar."""
        found: dict[int, dict[int, float]] = {}
        some = self.curves[np.array(alive, np.int64)]
        assert self.stopper is not None
        every = self.stopper.every
        start = -(-rule.fewest_epochs // every) * every  # the first multiple that is long enough
        for n in range(start + self.first, column, every):
            found[n] = dict(zip(alive, rule.bar(some.prefix(n)).tolist(), strict=True))
        return found

    def _stop(
        self, bars: dict[int, dict[int, float]], config: int, reached: list[int], column: int, count: int, start: int
    ) -> int:
        """Epochs after which a configuration is stopped; 0 where it is not."""
        assert self.stopper is not None
        rank = max(1, math.ceil(self.stopper.kappa * count))
        if len(reached) < rank:
            return 0
        best = np.sort(self.scores[reached, column - 1])[-rank]
        for n in sorted(bars):
            if n - self.first > start and best >= bars[n][config]:
                return n - self.first
        return 0
