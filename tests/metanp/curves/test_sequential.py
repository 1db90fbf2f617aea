"""Sequential regression: features by hand, and curves whose ends are a linear function of their starts."""

import numpy as np
import pytest

from metanp.curves import Curves, make_predictor
from metanp.curves.sequential import LcSVR, SequentialRegression
from tests.made_up_curves import ACCURACY, rising


def test_least_squares_finds_ends_that_are_linear_in_two_values():
    whole, others = rising(20), rising(6, seed=1)
    mean, std = make_predictor("srm_ols").fit(whole).predict(others.prefix(2), return_std=True)
    np.testing.assert_allclose(mean, others.ends(), rtol=1e-9)
    assert (std < 1e-6).all()


def test_the_features_are_values_differences_and_what_is_known():
    curves = Curves.of([[1.0, 4, 9, 16]], ACCURACY, architecture={"width": np.array([7.0])}, hyperparameters={})
    model = SequentialRegression("ols")
    model._whole = curves
    assert model.features(curves).tolist() == [[1, 4, 9, 16, 3, 5, 7, 2, 2, 7]]
    model.reads = ("curve",)
    assert model.features(curves.prefix(1)).tolist() == [[1]]


def test_lcsvr_reads_six_numbers():
    curves = Curves.of([[1.0, 4, 9, 16]], ACCURACY)
    curve, change = np.array([1.0, 4, 9, 16]), np.array([3.0, 5, 7])
    expected = [curve.mean(), curve.std(), change.mean(), change.std(), 2, 0]
    np.testing.assert_allclose(LcSVR().features(curves), [expected])
    np.testing.assert_allclose(LcSVR().features(curves.prefix(1)), [[1, 0, 0, 0, 0, 0]])


def test_the_spread_is_the_error_of_leaving_one_out_at_that_length():
    whole = rising(15, noise=2.0)
    model = SequentialRegression("ols", features=("curve",)).fit(whole)
    x, y = whole.scores()[:, :3], whole.ends()
    errors = []
    for i in range(15):
        rest = np.arange(15) != i
        design = np.c_[np.ones(14), x[rest]]
        weight = np.linalg.lstsq(design, y[rest], rcond=None)[0]
        errors.append(y[i] - np.r_[1, x[i]] @ weight)
    std = model.predict(whole[:1].prefix(3), return_std=True)[1]
    np.testing.assert_allclose(std, [np.sqrt(np.mean(np.square(errors)))])


def test_a_length_is_learned_when_it_is_asked_for_and_once():
    model = SequentialRegression("ols").fit(rising(10))
    assert model._models == {}
    for n in (3, 5, 3):
        model.predict(rising(2).prefix(n))
    assert sorted(model._models) == [3, 5]


def test_what_is_unknown_of_a_configuration_counts_as_the_mean():
    whole, one = rising(20, noise=1.0), rising(1, seed=1)
    width = float(whole.architecture["width"].mean())
    told = [
        Curves.of(
            one.values[:, 0], ACCURACY, architecture={"width": np.array([w])}, hyperparameters=one.hyperparameters
        )
        for w in (np.nan, width)
    ]
    model = make_predictor("srm_ols").fit(whole)
    assert model.predict(told[0].prefix(4)) == model.predict(told[1].prefix(4))


def test_mistyped_features_and_regressors_are_refused():
    with pytest.raises(ValueError, match=r"\['depth'\] unknown"):
        SequentialRegression(features=("curve", "depth"))
    with pytest.raises(ValueError, match="regressor is 'rbf'; give one of"):
        SequentialRegression("rbf")
