"""NAS-BOWL: the largest expected improvement of a Gaussian process."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from metanp.search.strategies.nas_bowl import NASBOWL, expected_improvement
from metanp.search.strategies.weak_predictors import WeakForest
from tests.metanp.search.strategies.known_scores import Additive, expected, keys, random_history, small


@pytest.mark.parametrize(("mean", "std"), [(1.0, 0.5), (3.0, 0.5), (2.0, 1e-3), (-4.0, 2.0)])
def test_the_expected_improvement_is_its_integral(mean, std):
    wanted, _ = quad(lambda score: (score - 2) * norm.pdf(score, mean, std), 2, mean + 12 * std + 2, points=[mean])
    (found,) = expected_improvement(np.array([mean]), np.array([std]), 2.0)
    assert found == pytest.approx(wanted, abs=1e-7)
    assert expected_improvement(np.array([3.0, 1.0]), np.zeros(2), 2.0).tolist() == [1.0, 0.0]


def test_with_equal_spreads_the_highest_means_are_asked_for(pool):
    history = random_history(30, pool)
    order = np.argsort(-expected(history, pool), kind="stable")
    picks = NASBOWL(Additive).propose(history, pool, 5, np.random.default_rng(0))
    assert set(keys(picks)) == set(keys(pool.fresh((pool.cell(int(row)) for row in order), history.taken, 5)))


def test_a_predictor_without_a_spread_is_refused(pool):
    with pytest.raises(ValueError, match="needs a standard deviation"):
        NASBOWL(small(WeakForest)).propose(random_history(30, pool), pool, 5, np.random.default_rng(0))
