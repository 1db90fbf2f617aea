"""Last values and sums of training losses, worked by hand."""

import numpy as np
import pytest

from metanp.curves import Curves, make_predictor
from metanp.curves.simple import SoTL, SoTLE, SoTLEMA
from tests.made_up_curves import ACCURACY, with_train_loss

TWO = with_train_loss([[4, 2, 1], [3, 2.5, 2]], [[10, 20, 30], [15, 22, 28]])


def test_sums_of_training_losses_by_hand():
    assert SoTL().score(TWO).tolist() == [-7, -7.5]
    assert SoTLE().score(TWO).tolist() == [-1, -2]
    assert SoTLE(last=2).score(TWO).tolist() == [-3, -4.5]


def test_both_readings_of_the_moving_average_by_hand():
    # authors: 4, .1 * 4 + .9 * 2 = 2.2, .1 * 2.2 + .9 * 1 = 1.12
    np.testing.assert_allclose(SoTLEMA().score(TWO)[0], -1.12)
    # study: 4, .01 * 4 + .99 * 2 = 2.02, .01 * 2.02 + .99 * 1 = 1.0102, summed
    np.testing.assert_allclose(SoTLEMA("study").score(TWO)[0], -(4 + 2.02 + 1.0102))


def test_an_untrained_epoch_is_no_training_loss():
    values = np.stack([[[10.0, 20.0]], [[99.0, 2.0]]], axis=1)
    curves = Curves(TWO.quantities, values, np.arange(2), np.array([2]))
    assert SoTL().score(curves).tolist() == [-2]


def test_without_whole_curves_the_score_is_the_answer_and_its_spread_is_infinite():
    mean, std = make_predictor("early_stopping").fit(TWO[:0]).predict(TWO.prefix(2), return_std=True)
    assert mean.tolist() == [20, 22]
    assert std.tolist() == [np.inf, np.inf]


def test_whole_curves_bring_the_score_into_the_unit_of_the_end_by_least_squares():
    # ends 1 + 2 * first value, but for residuals +1, -1, -1, +1 that no line takes away
    whole = Curves.of([[1, 4], [2, 4], [3, 6], [4, 10]], ACCURACY)
    mean, std = make_predictor("early_stopping").fit(whole).predict(Curves.of([[5.0]], ACCURACY), return_std=True)
    np.testing.assert_allclose(mean, [11])
    np.testing.assert_allclose(std, [np.sqrt(4 / 2)])


def test_labels_never_turn_the_order_round():
    whole = Curves.of([[1, 9], [2, 8], [3, 7], [4, 6]], ACCURACY)
    mean = make_predictor("early_stopping").fit(whole).predict(Curves.of([[1.0], [2.0]], ACCURACY))
    assert mean[1] > mean[0]


def test_an_unknown_reading_is_refused():
    with pytest.raises(ValueError, match="give 'authors' or 'study'"):
        SoTLEMA("mine")  # type: ignore[arg-type]
