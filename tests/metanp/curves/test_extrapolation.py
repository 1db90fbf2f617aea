"""Extrapolation recovers curves of its own family, and reads losses as shares."""

import numpy as np
import pytest

from metanp.curves import Curves, Quantity
from metanp.curves.extrapolation import LCE, LCEM, share
from metanp.curves.posterior import Chain
from tests.made_up_curves import ACCURACY, LOSS

CHAIN = Chain(40, 500, 250)
X = np.arange(1.0, 41)


@pytest.mark.parametrize("kind", [LCE, LCEM])
def test_a_curve_of_its_own_family_is_continued_to_its_end(kind):
    clean = 100 * (0.8 - 0.6 / (1 + (0.25 * X) ** 1.2))
    noisy = clean + 0.3 * np.random.default_rng(0).normal(size=40)
    curves = Curves.of([noisy], ACCURACY)
    model = kind(formulas=("mmf",), chain=CHAIN).fit(curves[:0])
    mean, std = model.predict(curves.prefix(20), return_std=True)
    assert abs(mean[0] - clean[-1]) < 1.5
    assert abs(mean[0] - clean[-1]) < 3 * std[0]
    assert clean[-1] - clean[19] > 4  # the last value would have been further off


def test_a_loss_is_the_share_that_it_has_fallen():
    to_share, back = share(np.array([5.0, 4.0, 2.5]), LOSS)
    np.testing.assert_allclose(to_share, [0, 0.2, 0.5])
    np.testing.assert_allclose(back(to_share), [-5, -4, -2.5])


def test_the_end_of_a_loss_is_a_score_in_its_unit():
    loss = 2 + 3 / X
    curves = Curves.of([loss], LOSS)
    mean = LCE(formulas=("pow3",), chain=CHAIN).fit(curves[:0]).predict(curves.prefix(15))
    assert abs(mean[0] + loss[-1]) < 0.15


def test_the_chance_is_the_share_of_draws_above_and_agrees_with_the_quantile():
    curves = Curves.of([70 - 40 / X], ACCURACY)
    model, prefix = LCE(chain=CHAIN).fit(curves[:0]), curves.prefix(10)
    median = model.quantile(prefix, 0.5)
    np.testing.assert_allclose(model.chance(prefix, median), [0.5], atol=0.01)
    assert model.chance(prefix, 200.0) == [0]


def test_an_untrained_epoch_0_is_left_out():
    trained = 70 - 40 / X
    with_zero = Curves.of([[1.0, *trained]], ACCURACY, first_epoch=0)
    without = Curves.of([trained], ACCURACY)
    quick = Chain(30, 40, 20)
    a = LCE(formulas=("pow3",), chain=quick).fit(with_zero[:0]).predict(with_zero.prefix(11))
    b = LCE(formulas=("pow3",), chain=quick).fit(without[:0]).predict(without.prefix(10))
    assert abs(a[0] - b[0]) < 5


def test_units_that_are_no_shares_and_losses_from_zero_are_refused():
    with pytest.raises(ValueError, match="return is in points; give it in percent or fraction"):
        share(np.array([1.0]), Quantity("return", "points", True))
    with pytest.raises(ValueError, match=r"validation_loss begins with 0.0; a loss must begin above 0"):
        share(np.array([0.0, 1.0]), LOSS)
    with pytest.raises(ValueError, match=r"\['pow5'\] unknown"):
        LCE(formulas=("pow5",))
