"""Prefixes in numbers: no unit, no direction of time lost, no look behind the prefix."""

import numpy as np
import pytest

from metanp.curves.traits import FURTHEST, LEVELS, N_KINDS, N_TRAITS, NUMBERS, kinds, traits
from tests.made_up_curves import rising


def prefixes(n: int = 40, length: int = 6, seed: int = 0) -> np.ndarray:
    return rising(n, epochs=20, seed=seed, noise=0.5).scores()[:, :length]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 19])
def test_every_length_has_as_many_traits_all_finite_and_bounded(length):
    x = prefixes(length=length)
    whole, asked = traits(x[:10], x[10:], 20)
    assert whole.shape == (10, N_TRAITS)
    assert asked.shape == (30, N_TRAITS)
    assert np.abs(np.concatenate([whole, asked])).max() <= FURTHEST


def test_units_do_not_matter():
    x = prefixes()
    for a, b in zip(traits(x[:10], x[10:], 20), traits(7e6 * x[:10] - 3e5, 7e6 * x[10:] - 3e5, 20), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_the_last_value_keeps_its_order():
    x = prefixes()
    last = traits(x[:0], x, 20)[1][:, NUMBERS.index("last")]
    np.testing.assert_array_equal(np.argsort(last), np.argsort(x[:, -1]))


def test_the_line_ahead_lies_above_the_last_value_of_a_curve_that_rises():
    """Of two curves with one last value, the one that rises still has more ahead."""
    flat, steep = np.full(8, 5.0), np.linspace(1, 5, 8)
    other = prefixes(20, 8)
    found = traits(other[:0], np.concatenate([[flat, steep], other]), 40)[1][:2]
    assert found[0, NUMBERS.index("last")] == found[1, NUMBERS.index("last")]
    assert found[0, NUMBERS.index("ahead")] < found[1, NUMBERS.index("ahead")]


def test_a_single_prefix_without_whole_curves_says_nothing():
    np.testing.assert_array_equal(traits(np.zeros((0, 3)), prefixes(1, 3), 20)[1], 0)


def test_scales_are_those_of_all_or_of_whole_curves_alone():
    x = prefixes()
    alone = [traits(x[:10], x[10:n], 20, peers=False)[1][0] for n in (11, 40)]
    np.testing.assert_array_equal(*alone)
    both = [traits(x[:10], x[10:n], 20)[1][0] for n in (11, 40)]
    assert not np.array_equal(*both)


def test_alike_numbers_are_no_traits():
    same = np.full((5, 3), 2.0)
    np.testing.assert_array_equal(np.concatenate(traits(same[:2], same[2:], 9)), 0)


def test_kinds_say_how_much_is_seen():
    assert len(kinds(5, 20, 3, True)) == N_KINDS
    assert kinds(5, 20, 3, True)[0] == 0.25
    assert len(LEVELS) < len(NUMBERS)
