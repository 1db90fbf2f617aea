"""WeakNAS: batches are drawn among the cells with the highest predictions."""

import numpy as np

from metanp.search.strategies.weak_nas import WeakNAS
from tests.metanp.search.strategies.known_scores import Additive, expected, keys, random_history


def test_a_batch_of_weak_nas_is_drawn_among_the_highest_predicted(pool):
    history = random_history(30, pool)
    highest = set(np.argsort(-expected(history, pool), kind="stable")[:100].tolist())
    strategy = WeakNAS(Additive, top=100)
    batches = [strategy.propose(history, pool, 5, np.random.default_rng(seed)) for seed in range(20)]
    for pick in [pick for batch in batches for pick in batch]:
        assert highest & set(pool.rows(pick.cell).tolist())
    assert len({key for batch in batches for key in keys(batch)}) > 30  # not always the same five


def test_where_the_highest_are_taken_the_next_ones_follow(pool):
    history = random_history(30, pool)
    order = np.argsort(-expected(history, pool), kind="stable")
    picks = WeakNAS(Additive, top=3).propose(history, pool, 8, np.random.default_rng(0))
    rest = pool.fresh((pool.cell(int(row)) for row in order), history.taken, 8)
    assert set(keys(picks)) == set(keys(rest))
