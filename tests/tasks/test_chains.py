"""Prior tasks over chains: what columns say, and functions that follow places."""

import numpy as np
import pytest

from metanp.cell_array import CellArray
from metanp.places import PLACE, Places
from tasks.chains import ChainTasks, _cells, _neighbours, _Space, _sum
from tasks.prior import PriorConfig
from tasks.sources import TasksConfig, build_source


@pytest.fixture(scope="module")
def tasks():
    return ChainTasks(PriorConfig(hints=0.5))


def test_tasks_are_finite_and_the_same_for_the_same_seed(tasks):
    for seed in range(20):
        one, same = (tasks.draw(40, np.random.default_rng(seed)) for _ in range(2))
        assert np.isfinite(one.score).all()
        assert len(one.graphs) == len(one.score) == len(one.side) == 40
        assert one.score.tobytes() == same.score.tobytes()
        assert one.score.std() > 0.1


def test_some_spaces_have_chains_of_several_lengths(tasks):
    lengths = [len(np.unique(tasks.draw(30, np.random.default_rng(s)).graphs.pruned.size)) for s in range(20)]
    assert min(lengths) == 1 < max(lengths)


def test_columns_are_those_that_predictors_derive():
    digits = np.array([[0, 1, -1], [1, 1, 0], [1, 0, 0]])
    words = np.array([3, 4])
    cells = _cells(np.where(digits < 0, -1, words[digits]))
    places = Places.of(CellArray(cells.operation, cells.adjacency))
    derived = np.stack([places.column(name) for name in places.varying()], axis=1)
    columns = _Space(digits, words, np.zeros((3, 3, 0))).columns()
    assert all(name.startswith(PLACE) for name in places.varying())
    assert sorted(map(tuple, derived.T)) == sorted(map(tuple, columns.T))


def test_numbers_stand_by_place_and_over_places_and_are_missing_behind_the_end():
    digits = np.array([[0, 0], [0, -1], [0, 0]])
    level = np.array([[[0.0], [1.0]], [[1.0], [0.0]], [[0.5], [0.0]]])
    columns = _Space(digits, np.array([3]), level).columns()
    expected = {"second": (1, 0, 1), "0": (1, 2, 1.5), "1": (2, np.nan, 1), "depth": (2, 1, 2), "total": (3, 2, 2.5)}
    expected |= {"mean": (1.5, 2, 1.25), "smallest": (1, 2, 1), "largest": (2, 2, 1.5)}
    found = {tuple(np.nan_to_num(column, nan=-1)) for column in columns.T}
    assert found == {tuple(np.nan_to_num(column, nan=-1)) for column in expected.values()}


def test_nothing_is_brought_behind_the_end():
    table = np.array([[1.0, 2.0], [10.0, 20.0]])
    assert _sum(table, np.array([[0, 1], [1, -1]])).tolist() == [21, 2]
    alone = _neighbours(np.array([[0, -1], [1, -1]]), 2, np.random.default_rng(0))
    assert alone.tolist() == [0, 0]


def test_they_are_a_space_of_the_configuration():
    source = build_source(TasksConfig(spaces={"chains": 1.0}), 0)
    assert source.sources == [{"cells": "chains", "count": None, "labels": None}]
