"""Prior tasks over parameter spaces: what columns say, and functions that follow the parameters they are made of."""

import numpy as np
import pytest

from tasks.configurations import ConfigurationTasks, _additive, _bottleneck, _cost, _cuts, _smooth, _Space
from tasks.prior import PriorConfig
from tasks.sources import TasksConfig, build_source, pool


@pytest.fixture(scope="module")
def tasks():
    return ConfigurationTasks(pool("transnas", 0), PriorConfig(hints=0.5))


def one_stage(*rows: list[float]) -> _Space:
    """Two parameters of one stage, by their levels."""
    level = np.array(rows)
    return _Space(level, 1 + level, np.zeros((len(level), 0), dtype=int), np.zeros(2, dtype=int))


def test_tasks_are_finite_and_the_same_for_the_same_seed(tasks):
    for seed in range(40):
        one, same = (tasks.draw(50, np.random.default_rng(seed)) for _ in range(2))
        assert np.isfinite(one.score).all()
        assert np.isfinite(one.side[:, : one.side.shape[1] - 2]).all()
        assert len(one.graphs) == len(one.score) == len(one.side) == 50
        assert one.score.tobytes() == same.score.tobytes()
        assert one.hint is None or np.isfinite(one.hint).any()


def test_some_tasks_have_cells_that_differ_and_some_have_one_for_all(tasks):
    kinds = {len(np.unique(tasks.draw(30, np.random.default_rng(s)).graphs.features, axis=0)) > 1 for s in range(20)}
    assert kinds == {True, False}


def test_columns_are_numbers_of_ordinal_parameters_and_flags_of_choices():
    level = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    space = _Space(level, 2.0**level, np.array([[0], [2], [0]]), np.array([0, 1]))
    columns = space.columns(np.random.default_rng(2))
    assert columns[:, :2].tolist() == [[1, 2], [2, 1], [1, 1]]
    assert columns[:, 2:4].tolist() == [[1, 0], [0, 1], [1, 0]]  # of the values that occur


@pytest.mark.parametrize("seed", range(5))
def test_a_cost_rises_with_every_parameter_and_is_negated_where_less_is_better(seed):
    space = one_stage([0, 0], [1, 0], [1, 1])
    up, down = (_cost(space, sign, np.random.default_rng(seed)) for sign in (1.0, -1.0))
    assert (np.diff(up) > 0).all()
    np.testing.assert_allclose(up, -down)


def test_a_bottleneck_is_decided_by_the_narrowest_parameter():
    value = _bottleneck(one_stage([0, 1], [0, 0.5], [1, 1]), 1.0, np.random.default_rng(0))
    assert value[0] == value[1] == 0 < value[2]


@pytest.mark.parametrize("make", [_additive, _cuts, _smooth])
def test_equal_configurations_have_equal_scores(make):
    value = make(one_stage([0, 0.5], [1, 0], [0, 0.5]), 1.0, np.random.default_rng(3))
    assert value[0] == pytest.approx(value[2])
    assert value[0] != pytest.approx(value[1])


def test_a_meta_training_draws_from_them_by_their_share():
    config = TasksConfig(spaces={"configurations": 1.0})
    assert build_source(config, 0).sources == [{"cells": "configurations", "count": None, "labels": None}]
