"""Rules: bars by hand, and what they stop."""

import numpy as np
import pytest

from metanp.curves import Curves, make_predictor
from metanp.curves.predictor import CurvePredictor
from metanp.curves.simple import LastValue, SoTLE
from metanp.curves.stopping import ChanceRule, ShareRule
from tests.made_up_curves import ACCURACY, with_train_loss


class Certainly(CurvePredictor):
    """Twice the last value, with a standard deviation of 1."""

    def _moments(self, prefixes: Curves):
        return 2 * prefixes.scores()[:, -1], np.ones(len(prefixes))


PREFIXES = Curves.of([[20.0], [30.0]], ACCURACY)
WHOLE = Curves.of([[10.0, 30.0], [20.0, 45.0], [30.0, 60.0], [40.0, 70.0], [50.0, 75.0]], ACCURACY)


def test_the_bar_is_the_quantile_of_the_end_and_the_tolerance_raises_it():
    bar = ChanceRule(Certainly(), delta=0.975).learn(WHOLE).bar(PREFIXES)
    np.testing.assert_allclose(bar, [40 + 1.959964, 60 + 1.959964], rtol=1e-6)
    bar = ChanceRule(Certainly(), delta=0.5, tolerance=3).learn(WHOLE).bar(PREFIXES)
    np.testing.assert_allclose(bar, [43, 63])


def test_it_stops_exactly_where_the_chance_to_beat_is_at_most_1_minus_delta():
    rule = ChanceRule(Certainly(), delta=0.9).learn(WHOLE)
    for best in (41.0, 41.2, 41.3, 42.0):
        stopped = rule.stops(PREFIXES[:1], [best])[0]
        assert stopped == (rule.predictor.chance(PREFIXES[:1], best)[0] <= 0.1)


def test_the_second_best_is_what_is_to_be_beaten_and_with_one_finished_nothing_is_stopped():
    rule = ChanceRule(Certainly(), delta=0.5, rank=2).learn(WHOLE)
    assert rule.stops(PREFIXES, [90.0, 50.0, 10.0]).tolist() == [True, False]
    assert rule.stops(PREFIXES, [90.0]).tolist() == [False, False]


def test_an_end_that_is_known_well_enough_stops_too():
    rule = ChanceRule(Certainly(), delta=0.99, certain=1.5).learn(WHOLE)
    assert rule.stops(PREFIXES, [0.0]).all()


def test_what_knows_no_spread_stops_nothing():
    rule = ChanceRule(make_predictor("early_stopping"), delta=0.9).learn(WHOLE[:0])
    assert not rule.stops(PREFIXES, [99.0]).any()


def test_the_median_rule_by_hand():
    # values after one epoch 10 20 30 40 50: the median is 30, which itself goes on
    rule = ShareRule(LastValue()).learn(WHOLE)
    assert rule.stops(Curves.of([[29.0], [30.0], [31.0]], ACCURACY), [75.0]).tolist() == [True, False, False]


def test_training_losses_are_a_share_rule_too():
    whole = with_train_loss([[5, 1], [4, 1], [3, 1], [2, 1], [1, 1]], [[10, 20]] * 5)
    prefixes = with_train_loss([[3.5], [2.5]], [[10], [10]])
    assert ShareRule(SoTLE()).learn(whole).stops(prefixes, [20.0]).tolist() == [True, False]


def test_fewer_than_five_finished_are_no_share():
    assert not ShareRule(LastValue()).learn(WHOLE[:4]).stops(PREFIXES, [75.0]).any()


def test_a_delta_that_is_no_probability_is_refused():
    with pytest.raises(ValueError, match="delta"):
        ChanceRule(Certainly(), delta=1.0)
