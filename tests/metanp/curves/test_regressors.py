"""Regressors against numpy's least squares and known functions."""

import numpy as np
import pytest

from metanp.curves.regressors import REGRESSORS, MinimumNorm, Standardised, choose, held_out


@pytest.mark.parametrize("features", [3, 40])
def test_least_squares_is_numpy_s_with_fewer_and_with_more_features_than_rows(features):
    rng = np.random.default_rng(0)
    x, y, new = rng.normal(size=(20, features)), rng.normal(size=20), rng.normal(size=(5, features))
    centred = x - x.mean(0)
    weight = np.linalg.pinv(centred) @ (y - y.mean())
    found = MinimumNorm().fit(x, y)
    np.testing.assert_allclose(found.predict(new), y.mean() + (new - x.mean(0)) @ weight, atol=1e-9)
    if features > 20:
        np.testing.assert_allclose(found.predict(x), y, atol=1e-9)


@pytest.mark.parametrize("name", REGRESSORS)
def test_units_of_features_and_target_do_not_matter(name):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    a, b = (
        Standardised(REGRESSORS[name].make(REGRESSORS[name].usual, 0))
        .fit(scale * x + 5, scale * y)
        .predict(scale * x + 5)
        for scale in (1.0, 1024.0)
    )
    np.testing.assert_allclose(1024 * a, b, rtol=1e-6, atol=1e-3)


def test_a_feature_that_never_changes_is_no_division_by_zero():
    x = np.ones((10, 2))
    x[:, 1] = np.arange(10)
    assert np.isfinite(Standardised(MinimumNorm()).fit(x, np.arange(10.0)).predict(x)).all()


def test_a_row_that_is_left_out_does_not_teach_its_own_prediction():
    x, y = np.arange(6.0)[:, None], np.array([0.0, 1, 2, 3, 4, 50])
    found = held_out(REGRESSORS["ols"], {}, x, y, np.arange(6))
    np.testing.assert_allclose(found[5], 5)  # the line through the five others


def test_settings_that_fit_are_chosen():
    rng = np.random.default_rng(2)
    x = rng.uniform(-3, 3, size=(120, 1))
    chosen = choose(REGRESSORS["svr_rbf"], x, np.sin(5 * x[:, 0]), 30, np.random.default_rng(0))
    default = dict(REGRESSORS["svr_rbf"].usual)
    new = np.linspace(-2.5, 2.5, 50)[:, None]
    errors = [
        np.abs(
            Standardised(REGRESSORS["svr_rbf"].make(s, 0)).fit(x, np.sin(5 * x[:, 0])).predict(new)
            - np.sin(5 * new[:, 0])
        ).mean()
        for s in (chosen, default)
    ]
    assert errors[0] < errors[1]
