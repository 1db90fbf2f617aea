"""Five curves, stopped by hand; and what of a burn-in, failures and an untrained epoch."""

import pytest

from metanp.curves import Curves
from metanp.curves.stopping import Rule, simulate
from tests.made_up_curves import ACCURACY, LOSS

NAN = float("nan")
FIVE = Curves.of(
    [
        [10, 20, 30, 40],  # trained to its end: nothing is to be beaten yet
        [5, 10, 15, 20],  # 5 + 30 < 40: stopped after 1
        [12, 14, 20, 50],  # 42 > 40, then 14 + 20 < 40: stopped after 2, though it is the second best
        [15, 25, 35, 60],  # 45, 45, 45 > 40: trained to its end, the best
        [20, 45, 50, 55],  # 50 < 60: stopped after 1
    ],
    ACCURACY,
)


class Adds(Rule):
    """Ends are thought to be 10 an epoch above the last value; remembers what it was told."""

    def __init__(self, fewest: int = 0):
        self.fewest, self.told = fewest, []

    def learn(self, whole, end=None):
        self.told.append(len(whole))
        return self

    def bar(self, prefixes):
        return prefixes.scores()[:, -1] + 10 * (4 - prefixes.n_epochs)


def test_five_curves_by_hand():
    outcome = simulate(FIVE, Adds(), range(5), burn_in=1)
    assert outcome.epochs.tolist() == [4, 1, 2, 4, 1]
    assert outcome.whole.tolist() == [4] * 5
    assert outcome.speedup == 20 / 12
    assert outcome.survived
    assert outcome.regret == 0


def test_another_order_by_hand():
    # 3 first: 60 is beaten by none that is asked for
    outcome = simulate(FIVE, Adds(), [3, 0, 4, 2, 1], burn_in=1)
    assert outcome.epochs.tolist() == [1, 1, 1, 4, 1]
    # 4 first: 55 stops 3 after one epoch, and the best is lost
    outcome = simulate(FIVE, Adds(), [4, 3, 0, 1, 2], burn_in=1)
    assert not outcome.survived
    assert outcome.regret == 5


def test_a_burn_in_is_trained_to_the_end():
    # 2 is: its 50 stops 3, of which 45 are expected
    outcome = simulate(FIVE, Adds(), range(5), burn_in=3)
    assert outcome.epochs.tolist() == [4, 4, 4, 1, 1]


def test_a_burn_in_of_everything_saves_nothing():
    outcome = simulate(FIVE, Adds(), range(5), burn_in=5)
    assert outcome.speedup == 1
    assert outcome.survived


def test_it_may_be_asked_less_often():
    outcome = simulate(FIVE, Adds(), range(5), burn_in=1, asked=[2])
    assert outcome.epochs.tolist() == [4, 2, 2, 4, 4]


def test_the_rule_learns_once_after_a_burn_in_and_without_one_when_the_finished_have_doubled():
    rule = Adds()
    simulate(FIVE, rule, range(5), burn_in=2)
    assert rule.told == [2]
    rule = Adds(fewest=1)
    simulate(FIVE, rule, [0, 3, 1, 2, 4], burn_in=0)
    assert rule.told == [1, 2]


def test_a_failed_training_costs_what_it_ran_and_never_counts():
    curves = Curves.of([[10, 20, 30, 40], [50, 60, NAN, NAN], [30, 40, 50, 60]], ACCURACY)
    outcome = simulate(curves, Adds(), range(3), burn_in=1)
    assert outcome.epochs.tolist() == [4, 2, 4]
    assert outcome.whole.tolist() == [4, 2, 4]
    assert outcome.survived


def test_an_untrained_epoch_costs_nothing():
    curves = Curves.of([[0, 10, 20, 40], [0, 1, 2, 3]], ACCURACY, first_epoch=0)
    outcome = simulate(curves, Adds(), range(2), burn_in=1)
    assert outcome.epochs.tolist() == [3, 1]


def test_losses_are_stopped_as_accuracies_are():
    loss = Curves.of(100 - FIVE.values[:, 0], LOSS)
    a, b = (simulate(curves, Adds(), range(5), burn_in=1) for curves in (FIVE, loss))
    assert a.epochs.tolist() == b.epochs.tolist()


def test_ties_of_the_best_survive_together():
    curves = Curves.of([[10, 20, 30, 40], [1, 2, 3, 40]], ACCURACY)
    assert simulate(curves, Adds(), range(2), burn_in=1).survived


@pytest.mark.parametrize(
    ("order", "message"), [([0, 1, 1], "configuration 1 is in the order twice"), ([0, 7], "has configuration 7, but")]
)
def test_orders_that_are_none_are_refused(order, message):
    with pytest.raises(ValueError, match=message):
        simulate(FIVE, Adds(), order)


def test_only_what_is_in_the_order_is_trained():
    outcome = simulate(FIVE, Adds(), [4, 1], burn_in=2)
    assert outcome.epochs.tolist() == [0, 4, 0, 0, 4]
    assert outcome.best == outcome.found == 55
