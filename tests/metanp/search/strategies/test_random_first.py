"""The random cells that a search begins with."""

from dataclasses import replace

import numpy as np

from metanp.search import History
from metanp.search.strategies.weak_nas import WeakNAS
from tests.metanp.search.strategies.known_scores import Additive, random_history
from tests.metanp.search.strategies.short_strategies import RIVALS, short


def test_as_many_random_cells_are_asked_for_as_are_missing(pool):
    strategy, history = WeakNAS(Additive, first=10), random_history(8, pool)
    picks = strategy.propose(history, pool, 5, np.random.default_rng(0))
    assert ["mean" in pick.note for pick in picks] == [False, False, True, True, True]
    pending = replace(history, pending=[pick.cell for pick in picks[:2]])
    assert all("mean" in pick.note for pick in strategy.propose(pending, pool, 5, np.random.default_rng(0)))


def test_cells_are_random_while_nothing_is_told(pool):
    pending = pool.random({}, 30, np.random.default_rng(0))
    for name in RIVALS:
        picks = short(name).propose(History(pending=pending), pool, 4, np.random.default_rng(0))
        assert len(picks) == 4
        assert not any("mean" in pick.note for pick in picks)
