"""Counts, flags, probabilities and sources of randomness that callers hand over."""

import fractions

import numpy as np
import pytest
import torch

from metanp.given import (
    read_count,
    read_flag,
    read_generator,
    read_probability,
    read_seed,
    read_torch_generator,
)
from metanp.search import Search
from metanp.spaces import SPACES
from tests.evaluated_cells import CELLS, CONTEXT, POOL, SCORE


@pytest.mark.parametrize(
    "three", [3, 3.0, np.int64(3), np.float32(3), torch.tensor(3), np.array(3), fractions.Fraction(3)]
)
def test_a_whole_number_of_any_kind_counts(fitted, three):
    assert read_count(three, "k") == 3
    assert len(fitted.rank(POOL, k=three)) == 3
    assert len(fitted.sample(POOL, three, rng=0)) == 3
    assert len(Search(CELLS, "random").ask(three)) == 3


@pytest.mark.parametrize("wrong", [2.5, "3", True, None, np.nan, [3], np.inf])
def test_what_is_no_whole_number_is_refused(fitted, wrong):
    with pytest.raises((ValueError, TypeError), match="give a whole number"):
        read_count(wrong, "k")
    with pytest.raises((ValueError, TypeError), match=r"n is .*give a whole number"):
        fitted.sample(POOL, wrong)
    with pytest.raises((ValueError, TypeError), match=r"n is .*give a whole number"):
        Search(CELLS, "random").ask(wrong)


@pytest.mark.parametrize("wrong", ["min", 1, None, "False", 0.0])
def test_a_direction_is_true_or_false(fitted, wrong):
    with pytest.raises((ValueError, TypeError), match=r"maximize is .*give True or False"):
        fitted.fit(CONTEXT, SCORE, maximize=wrong)
    with pytest.raises((ValueError, TypeError), match=r"maximize is .*give True or False"):
        Search(CELLS, "random", maximize=wrong)
    assert read_flag(np.bool_(True), "maximize")


@pytest.mark.parametrize("wrong", [0, 1, -0.1, "half", None, np.nan, [0.5]])
def test_a_probability_lies_between_0_and_1(fitted, wrong):
    with pytest.raises((ValueError, TypeError)):
        read_probability(wrong, "level")
    with pytest.raises((ValueError, TypeError)):
        fitted.predict_interval(POOL, level=wrong)
    with pytest.raises((ValueError, TypeError)):
        fitted.predict_quantiles(POOL, [0.5, wrong])


GENERATORS = {
    "seed": lambda: 7,
    "float seed": lambda: 7.0,
    "numpy": lambda: np.random.default_rng(7),
    "legacy": lambda: np.random.RandomState(7),
    "torch": lambda: torch.Generator().manual_seed(7),
}


@pytest.mark.parametrize("kind", GENERATORS)
def test_any_generator_or_seed_repeats_itself(fitted, kind):
    make = GENERATORS[kind]
    assert read_seed(make()) == read_seed(make()) >= 0
    assert read_generator(make()).random() == read_generator(make()).random()
    assert torch.equal(
        torch.rand(2, generator=read_torch_generator(make())), torch.rand(2, generator=read_torch_generator(make()))
    )
    assert np.array_equal(fitted.sample(POOL, 2, rng=make()), fitted.sample(POOL, 2, rng=make()))
    asked = [Search(CELLS, "random", rng=make()).ask(3) for _ in range(2)]
    assert asked[0] == asked[1]
    for space in SPACES.values():
        if space.name != "nasbench101":
            assert space.sample(make()) == space.sample(make())


def test_none_draws_anew_each_time(fitted):
    assert not np.array_equal(fitted.sample(POOL, 2, rng=None), fitted.sample(POOL, 2))
    assert read_seed(None) != read_seed(None)
    assert len({Search(CELLS, "random", rng=None).ask(1)[0] for _ in range(20)}) > 1


@pytest.mark.parametrize("wrong", ["seed", -1, 1.5, [0], True, object()])
def test_what_is_no_source_of_randomness_is_refused(fitted, wrong):
    for refused in (lambda: fitted.sample(POOL, rng=wrong), lambda: Search(CELLS, rng=wrong), lambda: read_seed(wrong)):
        with pytest.raises((ValueError, TypeError), match="rng is"):
            refused()
