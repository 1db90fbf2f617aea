"""ASHA: its rungs and its jobs, by hand."""

import pytest

from metanp.curves import Curves
from metanp.curves.stopping import ASHA, rung_epochs
from tests.made_up_curves import ACCURACY

NAN = float("nan")


def test_rungs_by_hand():
    assert rung_epochs(9, 1, 3) == [1, 3, 9]
    assert rung_epochs(20, 1, 3) == [1, 3, 9, 20]
    assert rung_epochs(50, 2, 4) == [2, 8, 32, 50]
    assert rung_epochs(1) == [1]
    with pytest.raises(ValueError, match="rungs from 5 to 3 epochs"):
        rung_epochs(3, 5)


def test_jobs_of_one_worker_by_hand():
    # constant curves of four epochs, eta 2: rungs 1, 2, 4
    curves = Curves.of([[v] * 4 for v in (10, 30, 20, 40)], ACCURACY)
    spent = ASHA(curves, eta=2).run(range(4))
    assert spent.jobs == [
        (0, 1),  # half of one is none: a new one
        (1, 1),
        (1, 2),  # the better of two
        (2, 1),  # half of three is one, which was promoted
        (3, 1),
        (3, 2),  # the better half of 10 30 20 40 is 40 and 30
        (3, 4),  # the better of 30 and 40
    ]
    assert spent.epochs.tolist() == [1, 2, 1, 4]
    assert spent.found == 40


def test_two_workers_do_not_wait_for_a_rung():
    curves = Curves.of([[v] * 4 for v in (10, 30, 20, 40)], ACCURACY)
    spent = ASHA(curves, eta=2, workers=2).run(range(4))
    assert spent.jobs[:2] == [(0, 1), (1, 1)]
    assert sorted(spent.jobs) == sorted([(0, 1), (1, 1), (1, 2), (2, 1), (3, 1), (3, 2), (3, 4)])


def test_a_failed_training_is_not_promoted():
    curves = Curves.of([[50, NAN], [10, 20], [NAN, NAN]], ACCURACY)
    spent = ASHA(curves, eta=2).run([2, 1, 0])
    assert (2, 2) not in spent.jobs
    assert spent.found in (-float("inf"), 20)
