"""Simulated searches of one data set: what one fit of a search benchmark is.

Candidates, and what predictors made of them, are there once a process, shared by all its runs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hydra.utils import instantiate

from metanp.search.strategy import Strategy
from scripts.results.fits import Attempt, Fit
from scripts.results.rows import Row
from scripts.searches.entrants import settings_of
from scripts.searches.simulation import Problem, SearchConfig, problem, simulate


@dataclass(frozen=True)
class Searches:
    """A study (`scripts.results.fits.Study`): repeats of strategies on one data set. seed: of what runs draw."""

    config: SearchConfig
    dataset: str
    proxies: bool
    seed: int

    def open(self) -> Attempt:
        """Rows of a fit: one, of its strategy's run."""
        here = problem(self.config, self.dataset, self.proxies)
        made = lru_cache(maxsize=1)(lambda make: strategy(make, here))  # one for all its repeats: it keeps nothing

        def run(fit: Fit) -> list[Row]:
            found = simulate(made(fit.make), here, fit.number, fit.batch, fit.budget, self.seed)
            return fit.rows([{"scored": fit.shown, **found, "batch": fit.batch}])

        return run


def strategy(make: str, here: Problem) -> Strategy:
    """As its JSON says, with the cost and the reference point of the problem where it takes them."""
    settings = json.loads(make)
    takes = settings_of(settings)
    known = {"cost": here.cost_of, "reference": here.reference} if here.cost is not None else {}
    made: Any = instantiate(settings, _partial_=True)  # what hydra itself hands on becomes a configuration
    return made(**{name: value for name, value in known.items() if name in takes})
