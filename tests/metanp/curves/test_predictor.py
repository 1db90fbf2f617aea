"""What all predictors of curves have in common, run for every name."""

import numpy as np
import pytest

from metanp.contract import About
from metanp.curves import PREDICTORS, Curves, make_predictor
from metanp.curves.posterior import Chain
from metanp.estimator import NotFittedError
from tests.made_up_curves import ACCURACY, LOSS, rising, with_losses

NAN = float("nan")


def made(name: str):
    quick = {"chain": Chain(30, 60, 30)} if name.startswith("lce") else {}
    quick |= {"draws": 0 if name == "srm_forest" else 2, "folds": 3} if name.startswith(("srm", "lcsvr")) else {}
    return make_predictor(name, **quick)


def all_quantities(n: int = 30, seed: int = 0) -> Curves:
    return with_losses(n, seed=seed)


@pytest.mark.parametrize("name", PREDICTORS)
def test_every_predictor_answers_with_a_mean_and_a_spread_and_ranks_better_than_chance(name):
    whole, others = all_quantities(), all_quantities(12, seed=1)
    mean, std = made(name).fit(whole).predict(others.prefix(4), return_std=True)
    assert mean.shape == std.shape == (12,)
    assert (std > 0).all()
    assert np.isfinite(std).all()
    assert np.corrcoef(mean, others.ends())[0, 1] > 0.5


@pytest.mark.parametrize("name", PREDICTORS)
def test_the_order_of_prefixes_does_not_matter(name):
    predictor, prefixes = made(name).fit(all_quantities()), all_quantities(4, seed=1).prefix(4)
    backwards = predictor.predict(prefixes[::-1])
    np.testing.assert_allclose(backwards[::-1], predictor.predict(prefixes), rtol=1e-9)


@pytest.mark.parametrize("name", PREDICTORS)
def test_every_predictor_says_what_it_is(name):
    about = make_predictor(name).about
    assert isinstance(about, About)
    assert about.family == "learning-curve"
    assert about.needs[0] == "learning-curve prefixes"


def test_a_prefix_that_failed_is_given_the_worst_end():
    whole = Curves.of([[10, 20, 30], [10, 30, 50], [10, 25, 45]], ACCURACY)
    prefixes = Curves.of([[10, NAN], [10, 40]], ACCURACY)
    mean = make_predictor("early_stopping").fit(whole).predict(prefixes)
    assert mean[0] == 30
    assert mean[1] > 45


def test_whole_curves_that_failed_teach_nothing():
    whole = rising(20)
    values = np.concatenate([whole.values[:, 0], [[90.0] * 6 + [NAN] * 6]])
    spoilt = Curves.of(values, ACCURACY)
    clean = Curves.of(values[:20], ACCURACY)
    prefixes = Curves.of(values[:5], ACCURACY).prefix(4)
    a, b = (make_predictor("srm_ols").fit(curves).predict(prefixes) for curves in (spoilt, clean))
    np.testing.assert_array_equal(a, b)


def test_prefixes_of_different_lengths_are_predicted_each_at_its_own():
    predictor = make_predictor("srm_ols").fit(rising(30))
    values = rising(2, seed=1).values[:, 0]
    ragged = predictor.predict(Curves.of([values[0, :3], values[1, :6]], ACCURACY, **known(rising(2, seed=1))))
    one, other = (predictor.predict(rising(2, seed=1).prefix(n)) for n in (3, 6))
    np.testing.assert_allclose(ragged, [one[0], other[1]])


def known(curves: Curves) -> dict:
    return {"architecture": curves.architecture, "hyperparameters": curves.hyperparameters}


def test_the_chance_to_beat_is_that_of_a_normal_distribution():
    predictor = make_predictor("srm_ols").fit(rising(30, noise=1.0))
    prefixes = rising(3, seed=1, noise=1.0).prefix(5)
    mean, std = predictor.predict(prefixes, return_std=True)
    np.testing.assert_allclose(predictor.chance(prefixes, mean), 0.5)
    np.testing.assert_allclose(predictor.chance(prefixes, mean + std), 0.158655, atol=1e-6)
    np.testing.assert_allclose(predictor.quantile(prefixes, 0.975), mean + 1.959964 * std, rtol=1e-6)


def test_an_end_of_one_s_own_may_be_predicted():
    whole = rising(30)
    predictor = make_predictor("srm_ols").fit(whole, end=2 * whole.ends() + 1)
    others = rising(4, seed=1)
    np.testing.assert_allclose(predictor.predict(others.prefix(6)), 2 * others.ends() + 1, rtol=1e-6)


# --- what is refused ---


def test_before_fit_nothing_is_predicted():
    with pytest.raises(NotFittedError, match="SoTLE was not fitted"):
        make_predictor("sotl_e").predict(rising(2))


def test_a_prefix_longer_than_any_whole_curve_is_refused_by_configuration():
    predictor = make_predictor("srm_ols").fit(rising(10, epochs=6))
    with pytest.raises(ValueError, match=r"the prefix of configuration 0 has 8 epochs, the longest whole curve 6; cut"):
        predictor.predict(rising(2, epochs=8))


def test_too_few_whole_curves_are_refused():
    with pytest.raises(ValueError, match=r"2 whole curves of 2 given; LcSVR needs at least 3"):
        make_predictor("lcsvr").fit(rising(2))


def test_a_prefix_too_short_to_extrapolate_is_refused():
    with pytest.raises(ValueError, match=r"configuration 0 has 2 epochs; LCE needs at least 3"):
        make_predictor("lce").fit(rising(3)).predict(rising(1).prefix(2))


def test_another_direction_than_that_of_fit_is_refused():
    with pytest.raises(ValueError, match="two directions"):
        make_predictor("early_stopping").fit(rising(3)).predict(Curves.of([[3.0, 2.0]], LOSS))


def test_a_quantity_that_is_lacking_is_named():
    with pytest.raises(ValueError, match="no 'train_loss'; they have validation_accuracy"):
        make_predictor("sotl").fit(rising(3)).predict(rising(2))


def test_a_missing_feature_is_named():
    predictor = make_predictor("srm_ols").fit(rising(10))
    with pytest.raises(ValueError, match="the prefixes lack the feature 'width'"):
        predictor.predict(Curves.of([[50.0, 60.0]], ACCURACY))


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="nearest: lcsvr"):
        make_predictor("lc_svr")
