"""One shot: a ranking from the first cells alone."""

import numpy as np

from metanp.search.strategies.one_shot import OneShot
from tests.metanp.search.strategies.known_scores import Additive, keys, random_history, tell


def test_one_shot_learns_from_the_first_cells_alone(pool):
    strategy, history = OneShot(Additive, first=20), random_history(20, pool)
    ranking = keys(strategy.propose(history, pool, 6, np.random.default_rng(0)))
    misleading = tell(history, strategy.propose(history, pool, 2, np.random.default_rng(0)), lambda cell: -1000.0)
    assert keys(strategy.propose(misleading, pool, 4, np.random.default_rng(0))) == ranking[2:]
