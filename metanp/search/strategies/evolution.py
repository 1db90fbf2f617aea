"""Regularised evolution: of a few random members of the population, the best has a child; the oldest member is removed.

The population are the cells with the latest results. A child is any neighbour of its parent that was not asked for yet;
the authors evaluate a cell again when they meet it again.

Setting: White et al. (naszilla): 10 random cells, a population of up to 30, tournaments of 10 drawn with replacement.
The authors of NAS-Bench-101 took a population of 100, for budgets of thousands of cells.

Needs a space, for neighbours.

Source: Real et al. 2019, "Regularized Evolution for Image Classifier Architecture Search" (arXiv:1802.01548);
github.com/naszilla/naszilla, file nas_algorithms.py.
"""

from __future__ import annotations

import numpy as np

from metanp.search.candidates import Candidates
from metanp.search.history import History
from metanp.search.strategies.random_first import RandomFirst
from metanp.search.strategy import Pick

TRIES = 10  # tournaments a child, where parents have no fresh neighbour left


class RegularisedEvolution(RandomFirst):
    """Args: population: members, the youngest. tournament: members of which the best is a parent."""

    needs_neighbours = True
    title = "regularised evolution"
    source = "Real et al. 2019, arXiv:1802.01548"

    def __init__(self, population: int = 30, tournament: int = 10, first: int = 10, batch: int = 1):
        super().__init__(first, batch)
        self.population, self.tournament = population, tournament

    def choose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        members = history.evaluated[-self.population :]
        taken, picks = dict(history.taken), list[Pick]()
        for _ in range(TRIES * n):
            if len(picks) == n:
                break
            drawn = [members[i] for i in rng.integers(len(members), size=self.tournament)]
            parent = max(drawn, key=lambda one: one.score).cell
            near = candidates.neighbours(parent)
            for child in candidates.fresh((near[i] for i in rng.permutation(len(near))), taken, 1):
                taken[child.key] = child
                picks.append(Pick(child, {"parent": parent.key}))
        return picks
