"""Strategies that go wrong, each in its own way."""

import os
import time

import numpy as np

from metanp.search.candidates import Candidates
from metanp.search.history import History
from metanp.search.strategies.random_search import RandomSearch
from metanp.search.strategy import Pick


class Raises(RandomSearch):
    def propose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        raise ArithmeticError("it cannot")


class Again(RandomSearch):
    def propose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        return [Pick(history.cells[0])] if history.evaluated else super().propose(history, candidates, n, rng)


class Slow(RandomSearch):
    def propose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        time.sleep(60)
        return []


class Crashes(RandomSearch):
    def propose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        os._exit(7)


class GivesUp(RandomSearch):
    def propose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        return super().propose(history, candidates, n, rng) if len(history.evaluated) < 3 else []


class Hides(RandomSearch):
    def __init__(self, predictor: str):
        self.predictor = predictor
