"""Logs become curves, and those that do not go together are refused by name."""

import pytest

from metanp.curves import from_logs
from tests.made_up_curves import ACCURACY, LOSS

GOOD = [(1, 40.0), (2, 50.0), (3, 55.0)]


def test_logs_are_rows_in_their_order():
    curves, ids = from_logs({"b": GOOD, "a": GOOD[:2]}, ACCURACY)
    assert ids == ["b", "a"]
    assert curves.ends().tolist() == [55, 50]


@pytest.mark.parametrize(
    ("log", "message"),
    [
        ([(1, 40.0), (3, 50.0), (2, 45.0)], "log 'bad': epoch 2 comes after 3"),
        ([(1, 40.0), (4, 50.0)], "log 'bad': no value between the epochs 1 and 4"),
        ([(0, 10.0), (1, 50.0)], "log 'bad' begins with epoch 0, log 'good' with 1"),
        ([], "log 'bad': no epochs at all"),
    ],
)
def test_a_bad_log_is_named(log, message):
    with pytest.raises(ValueError, match=message):
        from_logs({"good": GOOD, "bad": log}, ACCURACY)


def test_two_directions_in_one_table_are_refused_by_log():
    with pytest.raises(ValueError, match="two directions in one table: more is better in log 'up', less in log 'down'"):
        from_logs({"down": GOOD, "up": GOOD}, {"down": LOSS, "up": ACCURACY})
