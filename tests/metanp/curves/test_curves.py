"""Curves: what they are, what is cut from them, and what is refused."""

import numpy as np
import pytest

from metanp.curves import Curves, Quantity, concatenate
from tests.made_up_curves import ACCURACY, LOSS, rising

NAN = float("nan")


def test_curves_of_any_length_are_padded_and_a_failure_is_no_end():
    curves = Curves.of([[10, 20, 30], [15, 25], [5, NAN, NAN]], ACCURACY)
    assert curves.lengths.tolist() == [3, 2, 3]
    assert curves.observed.tolist() == [3, 2, 1]
    assert curves.failed.tolist() == [False, False, True]
    np.testing.assert_array_equal(curves.ends(), [30, 25, NAN])


def test_a_loss_is_a_negative_score():
    curves = Curves.of([[3.0, 2.0], [2.5, 2.25]], LOSS)
    assert curves.scores().tolist() == [[-3, -2], [-2.5, -2.25]]
    assert curves.ends().tolist() == [-2, -2.25]


def test_a_prefix_of_a_failed_run_has_failed_only_if_the_failure_is_in_it():
    curves = Curves.of([[10, 20, NAN, NAN], [10, 20, 30, 40]], ACCURACY)
    assert curves.prefix(2).failed.tolist() == [False, False]
    assert curves.prefix(3).failed.tolist() == [True, False]
    assert curves.prefix(3).lengths.tolist() == [3, 3]


def test_rows_keep_their_features():
    curves = rising(5)
    some = curves[[3, 1]]
    assert some.architecture["width"].tolist() == curves.architecture["width"][[3, 1]].tolist()
    assert some.ends().tolist() == curves.ends()[[3, 1]].tolist()
    assert len(curves[curves.ends() > 0]) == 5
    assert len(curves[:0]) == 0


def test_tables_are_put_together_with_what_they_share():
    short, long = rising(2, epochs=3), rising(3, epochs=5, seed=1)
    long = Curves.of(
        long.values[:, 0], ACCURACY, architecture={"width": long.architecture["width"], "depth": np.ones(3)}
    )
    both = concatenate([short, long])
    assert both.lengths.tolist() == [3, 3, 5, 5, 5]
    assert list(both.architecture) == ["width"]
    assert list(both.hyperparameters) == []
    np.testing.assert_array_equal(both.ends(), np.concatenate([short.ends(), long.ends()]))


def test_two_directions_are_not_put_together():
    with pytest.raises(ValueError, match=r"two directions: of 'validation_accuracy' more .* of 'validation_loss' less"):
        concatenate([rising(2), Curves.of([[3.0, 2.0]], LOSS)])


def test_another_unit_or_first_epoch_is_not_put_beside():
    share = Curves.of([[0.3, 0.4]], Quantity("validation_accuracy", "fraction", True))
    with pytest.raises(ValueError, match="in fraction beside 'validation_accuracy' in percent; convert"):
        concatenate([rising(2), share])
    with pytest.raises(ValueError, match="first epoch is 0 beside 1"):
        concatenate([rising(2), Curves.of([[1.0, 2.0]], ACCURACY, first_epoch=0)])


def test_nan_in_the_middle_is_refused_by_configuration_and_epoch():
    with pytest.raises(ValueError, match="validation_accuracy of configuration 1 is NaN at epoch 2 and a number after"):
        Curves.of([[1, 2, 3], [1, NAN, 3]], ACCURACY)


def test_infinity_is_refused_by_configuration_and_epoch():
    with pytest.raises(ValueError, match="configuration 0 is infinite at epoch 3; a failed run is NaN"):
        Curves.of([[1, 2, float("inf")]], ACCURACY)


@pytest.mark.parametrize(
    ("epochs", "message"),
    [
        ([1, 3, 2], "epoch 2 comes after 3; sort"),
        ([1, 1, 2], "epoch 1 comes after 1"),
        ([1, 2, 4], "no value between the epochs 2 and 4"),
        ([5, 6, 7], "the first epoch is 5"),
    ],
)
def test_epochs_go_up_by_one_from_0_or_1(epochs, message):
    with pytest.raises(ValueError, match=message):
        Curves((ACCURACY,), np.ones((2, 1, 3)), np.array(epochs), np.array([3, 3]))


def test_values_behind_the_length_are_refused():
    with pytest.raises(ValueError, match="configuration 1 has values behind its length 2"):
        Curves((ACCURACY,), np.ones((2, 1, 3)), np.arange(1, 4), np.array([3, 2]))


def test_a_quantity_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match="no 'train_loss'; they have validation_accuracy"):
        rising(2).scores("train_loss")


def test_a_prefix_is_not_longer_than_the_curves():
    with pytest.raises(ValueError, match="a prefix of 13 epochs, but the longest curve has 12"):
        rising(2).prefix(13)
