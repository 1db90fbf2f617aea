"""Children of good cells, and how a predictor chooses among them."""

import numpy as np
import pytest

from metanp.search import make
from metanp.search.strategies.guided_evolution import GuidedEvolution
from metanp.search.strategies.mutants import Brood
from metanp.search.strategies.weak_predictors import WeakForest
from tests.metanp.search.strategies.known_scores import Additive, Backwards, keys, random_history, score, small


def test_children_are_neighbours_of_the_best(pool):
    history = random_history(40, pool)
    best = sorted(history.evaluated, key=lambda one: -one.score)[:2]
    children = Brood(parents=2, each=200, enough=200).children(history, pool, 1, np.random.default_rng(0))
    near = {key for one in best for key in keys(pool.neighbours(one.cell))} - set(history.taken)
    assert set(keys(children)) == near


def test_further_parents_have_children_where_a_batch_would_be_short(pool):
    history = random_history(40, pool)
    children = Brood(parents=1, each=200, enough=200).children(history, pool, 60, np.random.default_rng(0))
    assert len(set(keys(children))) >= 60


def test_the_predictor_chooses_among_the_children(pool):
    history, brood = random_history(40, pool), Brood(parents=3, each=50, enough=200)
    chosen = {
        kind: [
            pick
            for seed in range(5)
            for pick in GuidedEvolution(kind, brood=brood).propose(history, pool, 5, np.random.default_rng(seed))
        ]
        for kind in (Additive, Backwards)
    }
    means = [np.mean([score(pick.cell) for pick in picks]) for picks in chosen.values()]
    assert means[0] > means[1] + 2


def test_thompson_sampling_wants_a_spread(pool):
    with pytest.raises(ValueError, match="standard deviation"):
        make("bananas", predictor=small(WeakForest)).propose(
            random_history(20, pool), pool, 1, np.random.default_rng(0)
        )
