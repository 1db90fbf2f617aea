"""BRP-NAS: half of a batch is the best predicted, half is drawn from a shrinking upper part."""

import numpy as np

from metanp.baselines.graph_networks import BRPNAS as PairwiseNetwork
from metanp.search import Listed
from metanp.search.strategies.brp_nas import BRPNAS
from tests.metanp.search.strategies.known_scores import SPACE, Additive, brief, expected, keys, random_history, tell


def test_every_other_cell_of_brp_nas_is_the_highest_predicted(pool):
    history = random_history(40, pool)
    order = np.argsort(-expected(history, pool), kind="stable")
    highest = keys(pool.fresh((pool.cell(int(row)) for row in order), history.taken, 20))
    picks = keys(BRPNAS(Additive).propose(history, pool, 20, np.random.default_rng(0)))
    assert picks[:10] == highest[:10]
    upper = order[: len(pool.cells) // 4]  # of the second iteration
    assert set(picks[10:]) <= {pool.cell(int(row)).key for row in upper}
    assert not set(picks[10:]) <= set(highest)


def test_asked_for_one_at_a_time_half_of_brp_nas_is_random_too(pool):
    history, strategy, first = random_history(20, pool), BRPNAS(Additive), []
    for count in range(20):
        order = np.argsort(-expected(history, pool), kind="stable")
        best = pool.fresh((pool.cell(int(row)) for row in order), history.taken, 1)
        picks = strategy.propose(history, pool, 1, np.random.default_rng(count))
        first.append(keys(best) == keys(picks))
        history = tell(history, picks)
    assert first[::2] == [True] * 10
    assert sum(first[1::2]) <= 1


def test_after_its_last_iteration_brp_nas_goes_down_the_list(pool):
    history = random_history(100, pool)
    order = np.argsort(-expected(history, pool), kind="stable")
    highest = keys(pool.fresh((pool.cell(int(row)) for row in order), history.taken, 6))
    assert keys(BRPNAS(Additive).propose(history, pool, 6, np.random.default_rng(0))) == highest


def test_the_pairwise_network_is_inside():
    few = Listed(SPACE.arrays()[:60], SPACE)
    picks = BRPNAS(brief(PairwiseNetwork, 2)).propose(random_history(30, few), few, 4, np.random.default_rng(0))
    assert len({pick.note["mean"] for pick in picks}) == 4
