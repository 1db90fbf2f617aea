"""Searches that stop, replayed: epochs and what survived, worked by hand."""

import math

import numpy as np
import pytest

from metanp.curves import Curves, Quantity
from metanp.search.stopping import Verdict
from scripts import search_stopping as command

ACCURACY = Quantity("validation_accuracy", "percent", True)


class Second:
    """Stops after two epochs what is below the best end by then; the first training ends."""

    def verdict(self, curve, whole, best):
        return Verdict(0.0, 2, 4) if whole and len(curve.values) == 2 and curve.values[-1] < best else None


@pytest.mark.parametrize(
    ("rows", "speedup", "regret"),
    [
        ([[1, 2, 3, 4], [5, 6, 7, 8], [0, 1, 9, 9]], 12 / 10, 1.0),  # the last one would have been the best
        ([[1, 2, 3, 4], [0, 1, 2, 3], [3, 9, 9, 9]], 12 / 10, 0.0),
        ([[1, 2, 3, 4], [9, math.nan, math.nan, math.nan], [0, 1, 2, 3]], 8 / 6, 0.0),  # failed: as if not there
    ],
)
def test_epochs_and_the_best_that_survived(rows, speedup, regret):
    curves = Curves.of(np.array(rows, float), ACCURACY)
    found = command.measure(curves, Second())
    assert found == {"speedup": pytest.approx(speedup), "survived": float(regret == 0), "regret": regret}


def test_the_table_counts_orders_that_kept_the_best():
    key = {"table": "t", "predictor": "p", "delta": 0.95, "fewest": 20}
    rows = [{"key": {**key, "set": s}, "speedup": 2.0, "survived": s, "regret": 1.0 - s} for s in (0.0, 1.0)]
    (line,) = command._table(list(command.summarised(rows))).rows
    assert [cell.text for cell in line] == ["t", "p", "0.95", "20", "2.00 ± 0.00", "1 of 2", "0.5"]
