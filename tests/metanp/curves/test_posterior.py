"""The posterior against one that is known in closed form, and what has no mass."""

import numpy as np
import pytest

from metanp.curves import posterior
from metanp.curves.formulas import Formula
from metanp.curves.posterior import Chain, Posterior

CHAIN = Chain(40, 600, 200, 5)


@pytest.fixture
def constant(monkeypatch):
    """A formula that is its one parameter everywhere."""
    level = Formula(lambda x, a: a + 0 * x, (0.5,), (0.0,), (1.0,))
    monkeypatch.setitem(posterior.FORMULAS, "level", level)


def test_emcee_finds_the_posterior_of_a_level_with_known_noise(constant):
    sigma, n = 0.05, 8
    y = 0.6 + sigma * np.random.default_rng(0).normal(size=n)
    known = (np.log(sigma) - 1e-9, np.log(sigma) + 1e-9)
    one = Posterior(("level",), np.arange(1.0, n + 1), y, 20.0, noise_bounds=known)
    level = one.draw(np.random.default_rng(0), CHAIN)[:, 0]
    # a uniform prior that is wide: normal around the mean of y
    np.testing.assert_allclose(level.mean(), y.mean(), atol=0.25 * sigma / np.sqrt(n))
    np.testing.assert_allclose(level.std(), sigma / np.sqrt(n), rtol=0.15)


def test_the_same_generator_gives_the_same_draws_and_numpy_s_global_state_is_left_alone(constant):
    one = Posterior(("level",), np.arange(1.0, 5), np.full(4, 0.5), 20.0)
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    draws = [one.draw(np.random.default_rng(3), Chain(12, 20, 10)) for _ in range(2)]
    np.testing.assert_array_equal(*draws)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_the_density_is_that_of_the_residuals_by_hand(constant):
    one = Posterior(("level",), np.array([1.0, 2.0]), np.array([0.5, 0.7]), 10.0)
    draws = np.array([[0.6, 0.5, np.log(0.1)], [1.2, 0.5, np.log(0.1)]])  # the second outside its bounds
    expected = -0.5 * (0.1**2 + 0.1**2) / 0.1**2 - 2 * np.log(0.1)
    np.testing.assert_allclose(one.log_density(draws), [expected, -np.inf])


def test_curves_that_end_below_their_beginning_have_no_mass():
    falling = np.array([[0.5, -0.3, 0.5, np.log(0.1)], [0.5, 0.3, 0.5, np.log(0.1)]])
    one = Posterior(("ilog2",), np.array([1.0, 2.0]), np.array([0.5, 0.5]), 10.0)
    assert np.isfinite(one.log_density(falling)).tolist() == [False, True]


def test_a_curve_that_dips_has_mass_unless_it_must_rise_everywhere():
    # exp(a + b / x + c ln x) with b and c above 0 falls first and rises later
    dips = np.array([[-2.0, 0.8, 0.4, 0.5, np.log(0.1)]])
    x, y = np.array([1.0, 2.0]), np.array([0.3, 0.3])
    soft, hard = (Posterior(("vapour_pressure",), x, y, 40.0, grid) for grid in (0, 50))
    assert np.isfinite(soft.log_density(dips)).all()
    assert not np.isfinite(hard.log_density(dips)).any()


def test_weights_mix_the_formulas():
    one = Posterior(("ilog2", "pow3"), np.array([1.0]), np.array([0.5]), 10.0)
    x = np.array([3.0])
    draws = np.array([[0.8, 0.4, 0.9, 0.5, 0.5, 0.25, 0.75, 0.0]])
    expected = 0.25 * (0.8 - 0.4 / np.log(4)) + 0.75 * (0.9 - 0.5 / np.sqrt(3))
    np.testing.assert_allclose(one.curve(x, draws), [[expected]])
