"""When a training is stopped: never before enough is known, and rarely what would have been the best."""

import numpy as np
import pytest

from metanp.search.curve_log import Curve
from metanp.search.stopping import FEWEST, Stopping, Whole
from tests.metanp.search.learning_curves import EPOCHS, curve


def whole(n: int, seed: int = 0) -> list[Whole]:
    ends = 80 + 5 * np.random.default_rng(seed).normal(size=n)
    return [Whole(curve(end, seed=i), end) for i, end in enumerate(ends)]


def start(end: float, epochs: int) -> Curve:
    return Curve(1, curve(end, seed=99).values[:epochs])


def test_nothing_is_stopped_before_enough_trainings_have_ended():
    hopeless = start(20.0, 10)
    known = whole(FEWEST)
    best = max(one.end for one in known)
    assert Stopping().verdict(hopeless, known[1:], best) is None
    assert Stopping().verdict(hopeless, known, best) is not None
    assert Stopping(fewest=FEWEST + 1).verdict(hopeless, known, best) is None


def test_the_hopeless_is_stopped_with_the_end_it_would_have_had_and_the_promising_goes_on():
    known = whole(25)
    best = max(one.end for one in known)
    end, epochs, of = Stopping().verdict(start(best - 10, 8), known, best)
    assert (epochs, of) == (8, EPOCHS)
    assert abs(end - (best - 10)) < 2
    assert Stopping().verdict(start(best + 3, 8), known, best) is None


def test_a_training_at_or_behind_the_longest_that_ended_is_left_alone():
    known = whole(25)
    assert Stopping().verdict(start(20.0, EPOCHS - 1), known, 90.0) is not None
    assert Stopping().verdict(start(20.0, EPOCHS), known, 90.0) is None
    assert Stopping().verdict(Curve(1, [20.0] * (EPOCHS + 5)), known, 90.0) is None


def test_curves_with_an_untrained_network_are_held_against_such_alone():
    known = whole(25)
    with_zero = [Whole(Curve(0, [10.0, *one.curve.values]), one.end) for one in known]
    began = Curve(0, [10.0, *start(20.0, 8).values])
    assert Stopping().verdict(began, known, 90.0) is None
    assert Stopping().verdict(began, with_zero, 90.0)[1:] == (8, EPOCHS)


def test_a_larger_probability_stops_less():
    known = whole(FEWEST)
    best = max(one.end for one in known)
    ends = np.linspace(best - 6, best + 2, 33)
    stopped = [
        sum(Stopping(delta).verdict(start(end, 3), known, best) is not None for end in ends)
        for delta in (0.5, 0.9, 0.99, 0.9999)
    ]
    assert stopped == sorted(stopped, reverse=True)
    assert stopped[0] > stopped[-1] > 0


def test_at_most_the_share_that_was_asked_for_would_have_been_better():
    """Trainings whose end is as far above the best as a random one may be: an oracle, as all ends are known."""
    rng, stopped, wrong = np.random.default_rng(1), 0, 0
    for seed in range(60):
        known = whole(FEWEST, seed)
        end = 80 + 5 * rng.normal()
        best = float(np.median([one.end for one in known]))
        if Stopping(0.9).verdict(Curve(1, curve(end, seed=1000 + seed).values[:2]), known, best):
            stopped, wrong = stopped + 1, wrong + (end > best)
    assert stopped > 15
    assert wrong <= 0.2 * stopped  # a tenth, and what sixty draws may add


def test_metanps_reading_stops_the_hopeless_from_ten_whole_curves_on():
    known = whole(10)
    best = max(one.end for one in known)
    stopping = Stopping(0.95, "metanp", 10)
    assert stopping.verdict(start(best - 20, 8), known, best) is not None
    assert stopping.verdict(start(best + 3, 8), known, best) is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"delta": 1.0}, "delta is 1.0"),
        ({"delta": 95}, "95 is no probability between 0 and 1"),
        ({"predictor": "srm_osl"}, "unknown predictor of curves 'srm_osl'"),
        ({"fewest": 2}, "srm_ols needs at least 3 whole curves"),
        ({"fewest": 1, "predictor": "metanp"}, "metanp needs at least 2 whole curves"),
    ],
)
def test_settings_that_are_none_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Stopping(**settings)
