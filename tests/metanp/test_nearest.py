"""Names that are like a mistyped one: the best first, all that are known where none is, one in any case where asked."""

import pytest

from metanp.nearest import names_like, nearest, nearest_one


def test_names_are_given_by_likeness_and_none_that_is_unlike():
    assert names_like("conv3x2", ["conv1x1", "skip", "conv3x3"]) == ["conv3x3", "conv1x1"]
    assert names_like("conv3x2", ["conv1x1", "skip", "conv3x3"], most=1) == ["conv3x3"]
    assert names_like("zzz", ["a", "b"]) == []
    assert names_like("zzz", []) == []


def test_a_message_ends_with_the_nearest_or_with_all_where_none_is_near():
    assert nearest("xgbost", {"random": 1, "xgboost": 2}) == "nearest: xgboost"
    assert nearest("zzz", ["a", "b"]) == "known: a, b"
    assert nearest("zzz", iter(["a", "b"])) == "known: a, b"


@pytest.mark.parametrize("name", ["zzz", None, 3, ["a"]])
def test_one_is_named_in_any_case_whatever_was_given(name):
    assert nearest_one(name, ["a"]) == "nearest: a"
