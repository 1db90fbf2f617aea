"""ASHA: rungs of successive halving without waiting, replayed on whole curves.

Whenever a worker is free, one of the best third (1 / eta) of a rung that was not yet promoted goes on to the next, the
highest rung first; if there is none, a new configuration begins in the lowest rung. Workers are simulated: an epoch
takes one unit of time for every configuration, and jobs that end together end in the order in which they began.

Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning" (MLSys, arXiv:1810.05934), algorithm 2.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from metanp.curves.curves import Curves
from metanp.curves.stopping.hyperband import Spent


def rung_epochs(most: int, least: int = 1, eta: int = 3) -> list[int]:
    """Epochs of the rungs, `least` * eta ^ k below `most`, and `most`.

    Raises:
        ValueError: `least` outside 1 to `most`, or an eta below 2.
    """
    if not 1 <= least <= most or eta < 2:
        raise ValueError(f"rungs from {least} to {most} epochs with eta {eta}; give 1 <= least <= most, eta >= 2")
    found = []
    while least < most:
        found.append(least)
        least *= eta
    return [*found, most]


class ASHA:
    """workers: trainings at a time. least: epochs of the lowest rung."""

    def __init__(self, curves: Curves, eta: int = 3, least: int = 1, workers: int = 1):
        self.curves, self.eta, self.workers = curves, eta, workers
        self.first = int(curves.epochs[0] == 0)
        self.rungs = rung_epochs(curves.n_epochs - self.first, least, eta)
        self.scores = np.nan_to_num(curves.scores(), nan=-np.inf)

    def run(self, order: Sequence[int] | np.ndarray, configurations: int | None = None) -> Spent:
        """Until `configurations` of the order (config,) have begun, all unless given, and none is left to promote."""
        waiting = [int(config) for config in order][:configurations][::-1]
        spent = Spent(np.zeros(len(self.curves), np.int64))
        results: list[list[int]] = [[] for _ in self.rungs]  # who arrived in each rung
        promoted: list[set[int]] = [set() for _ in self.rungs]
        running: list[tuple[int, int, int, int]] = []  # ends at, number of the job, configuration, rung
        now = number = 0
        while True:
            while len(running) < self.workers and (job := self._next(results, promoted, waiting)):
                config, rung = job
                ends = now + self.rungs[rung] - int(spent.epochs[config])
                heapq.heappush(running, (ends, number, config, rung))
                number += 1
            if not running:
                return spent
            now, _, config, rung = heapq.heappop(running)
            self._finish(spent, results, config, rung)

    def _next(self, results: list[list[int]], promoted: list[set[int]], waiting: list[int]) -> tuple[int, int] | None:
        for rung in reversed(range(len(self.rungs) - 1)):
            at = self.scores[:, self.rungs[rung] + self.first - 1]
            best = sorted(results[rung], key=lambda config: -at[config])[: len(results[rung]) // self.eta]
            if fresh := [config for config in best if config not in promoted[rung] and np.isfinite(at[config])]:
                promoted[rung].add(fresh[0])
                return fresh[0], rung + 1
        return (waiting.pop(), 0) if waiting else None

    def _finish(self, spent: Spent, results: list[list[int]], config: int, rung: int) -> None:
        results[rung].append(config)
        spent.epochs[config] = self.rungs[rung]
        spent.jobs.append((config, self.rungs[rung]))
        if rung == len(self.rungs) - 1:
            spent.found = max(spent.found, float(self.scores[config, -1]))
