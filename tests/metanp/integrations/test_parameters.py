"""Spaces of plain parameters: what a cell of one holds, and which configurations are near."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from metanp import Cell
from metanp.integrations.optuna import ParameterSpace

KINDS = {
    "rate": FloatDistribution(1e-5, 1e-1, log=True),
    "decay": FloatDistribution(0.0, 0.5),
    "dropout": FloatDistribution(0.1, 0.4, step=0.1),
    "layers": IntDistribution(1, 5),
    "width": IntDistribution(16, 512, log=True),
    "batch": IntDistribution(32, 256, step=32),
    "act": CategoricalDistribution(["relu", "gelu", None]),
    "kernel": CategoricalDistribution([3, 5, 7]),
}
SPACE = ParameterSpace(KINDS)
VALUES = {"rate": 1e-3, "decay": 0.2, "dropout": 0.1, "layers": 3, "width": 100, "batch": 64, "act": None, "kernel": 5}


def test_numbers_on_a_logarithmic_scale_are_read_by_their_logarithm_and_categories_of_numbers_as_numbers():
    read = {**VALUES, "rate": -3.0, "width": 2.0, "act": "None"}
    assert SPACE.cell(VALUES) == Cell.from_parameters(read)
    assert SPACE.cell({**VALUES, "unknown": 1}) == SPACE.cell(VALUES)
    assert SPACE.values(SPACE.cell(VALUES)) == VALUES


def contains(kind: BaseDistribution, value) -> bool:
    return kind._contains(kind.to_internal_repr(value))


@given(st.integers(0, 2**32))
def test_what_is_drawn_or_near_is_in_the_space_as_optuna_sees_it(seed):
    cell = SPACE.sample(np.random.default_rng(seed))
    near = SPACE.neighbours(cell)
    for one in (cell, *near):
        assert all(contains(KINDS[name], value) for name, value in SPACE.values(one).items())
    changes = [[name for name, value in SPACE.values(one).items() if value != SPACE.values(cell)[name]] for one in near]
    assert all(len(changed) == 1 for changed in changes)
    assert {name for (name,) in changes} == set(KINDS)
    assert len({one.key for one in near}) == len(near)
    assert near == SPACE.neighbours(cell)


def test_every_value_of_a_parameter_that_is_counted_is_drawn_about_as_often():
    rng = np.random.default_rng(0)
    drawn = [SPACE.values(SPACE.sample(rng)) for _ in range(2000)]
    for name in ("layers", "dropout", "batch", "act", "kernel"):
        values, counts = np.unique(
            [str(round(v[name], 6)) if name == "dropout" else str(v[name]) for v in drawn], return_counts=True
        )
        expected = 2000 / len(values)
        assert len(values) == {"layers": 5, "dropout": 4, "batch": 8, "act": 3, "kernel": 3}[name]
        assert (abs(counts - expected) < 5 * math.sqrt(expected)).all()
    logs = [math.log10(one["rate"]) for one in drawn]
    assert abs(np.mean(logs) + 3) < 0.15  # -5 to -1, evenly


def test_its_size_is_counted_where_it_can_be():
    counted = {name: kind for name, kind in KINDS.items() if name not in ("rate", "decay")}
    assert len(ParameterSpace(counted)) == 4 * 5 * 497 * 8 * 3 * 3
    assert len(SPACE) == 2**62


def test_what_is_no_space_or_no_configuration_is_refused():
    with pytest.raises(ValueError, match="a space of no parameter"):
        ParameterSpace({})
    with pytest.raises(ValueError, match="parameter 'a' is a tuple"):
        ParameterSpace({"a": (0, 1)})
    with pytest.raises(ValueError, match="lacks the parameter 'decay'"):
        SPACE.cell({"rate": 0.1})
    with pytest.raises(ValueError, match="no configuration of these parameters"):
        SPACE.values(Cell.from_parameters({"rate": 2}))
    with pytest.raises(ValueError, match="is not listed"):
        SPACE.arrays()
