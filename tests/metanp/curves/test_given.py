"""Curves as users give them."""

import numpy as np
import pandas as pd
import pytest

from metanp.curves import Curves
from metanp.curves.given import read_curves
from metanp.given import InputError
from tests.made_up_curves import ACCURACY

NAN = float("nan")


def test_nothing_is_nothing():
    assert read_curves(None, 3, True, "candidates") is None


@pytest.mark.parametrize(
    "given",
    [
        [[1, 2, 3], [4, 5], []],
        [(1.0, 2.0, 3.0), np.array([4, 5]), None],
        np.array([[1, 2, 3], [4, 5, NAN], [NAN, NAN, NAN]]),
        pd.DataFrame([[1, 2, 3], [4, 5, None], [None, None, None]]),
        (row for row in [[1, 2, 3], [4, 5], []]),
    ],
    ids=["lists", "mixed", "matrix", "table", "generator"],
)
def test_one_list_a_cell_in_any_form(given):
    curves = read_curves(given, 3, True, "candidates")
    assert curves is not None
    assert curves.lengths.tolist() == [3, 2, 0]
    assert curves.scores()[0].tolist() == [1, 2, 3]


def test_plain_numbers_have_the_direction_of_the_scores():
    curves = read_curves([[3, 2, 1]], 1, False, "candidates")
    assert curves is not None
    assert curves.ends().tolist() == [-1]


def test_curves_keep_their_own_direction():
    curves = Curves.of([[1, 2]], ACCURACY)
    assert read_curves(curves, 1, False, "candidates") is curves


@pytest.mark.parametrize("given", [[[1, 2]], Curves.of([[1, 2]], ACCURACY)], ids=["lists", "curves"])
def test_another_number_of_curves_than_cells_is_refused(given):
    with pytest.raises(ValueError, match="1 curve for 2 candidates; give one each"):
        read_curves(given, 2, True, "candidates")


@pytest.mark.parametrize("given", [7, "abc", {"a": [1]}])
def test_what_is_no_collection_of_curves_is_refused(given):
    with pytest.raises(InputError, match="give Curves, or one list of numbers a cell"):
        read_curves(given, 1, True, "candidates")


def test_a_row_that_is_no_list_of_numbers_is_named():
    with pytest.raises(InputError, match=r"curve 1: .*give a list of numbers"):
        read_curves([[1, 2], ["a"]], 2, True, "candidates")


def test_a_gap_is_named():
    with pytest.raises(ValueError, match="score of configuration 0 is NaN at epoch 2 and a number after it"):
        read_curves([[1, NAN, 3]], 1, True, "candidates")
