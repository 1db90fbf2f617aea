"""Measured tasks: the right direction, only real numbers, and nothing of the cells that are held out."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import load_benchmark
from data.fetch import sha256_of
from data.table import Metric, Source, Table
from metanp.spaces import get_space
from tasks.measured import MeasuredConfig, MeasuredTasks, bend

PLAIN = MeasuredConfig(mixed=0.0, bent=0.0, one_seed=0.0)
CELLS = 60


@pytest.fixture
def table() -> Table:
    """Sixty cells; the accuracy of cell i is 50 + i and, of its one failed run in three, NaN; latency falls with i."""
    i = np.arange(CELLS, dtype=float)
    accuracy = np.stack([50 + i - 3, 50 + i, 50 + i + 3], axis=1)
    accuracy[:20, 1] = np.nan
    accuracy[50:] = np.nan  # the last ten failed altogether
    latency = (1000 - i)[:, None]
    latency[:10] = np.nan
    columns = [
        (Metric.accuracy("cifar10", "test", 200, Source("a.csv", "1" * 64, "acc")), accuracy),
        (Metric("phone_latency", "phone", "latency", "none", None, "ms", False, "b.csv", "2" * 64, "ms"), latency),
    ]
    cells = get_space("transnas").arrays()[-CELLS:]
    return Table.from_columns("toy", cells, [str(n) for n in range(CELLS)], columns)


def test_a_score_is_the_mean_of_the_runs_that_gave_a_number(table):
    task = MeasuredTasks(table, ["cifar10_test_accuracy_200"], PLAIN).draw(99, np.random.default_rng(0))
    assert sorted(task.score) == (50 + np.arange(50.0)).tolist()


def test_one_run_is_shown_as_it_is(table):
    config = replace(PLAIN, one_seed=1.0)
    task = MeasuredTasks(table, ["cifar10_test_accuracy_200"], config).draw(99, np.random.default_rng(0))
    assert sorted(task.score) == (47 + np.arange(50.0)).tolist()


def test_what_is_to_be_small_is_turned_round(table):
    task = MeasuredTasks(table, ["phone_latency"], PLAIN).draw(99, np.random.default_rng(0))
    assert task.score.max() == -(1000 - 59)
    assert task.score.min() == -(1000 - 10)


def test_each_score_stands_beside_its_own_cell(table):
    pruned = table.cells.pruned().fingerprint()
    task = MeasuredTasks(table, ["cifar10_test_accuracy_200"], PLAIN).draw(20, np.random.default_rng(1))
    assert task.graphs.pruned.fingerprint().tolist() == [pruned[int(score) - 50] for score in task.score]


def test_a_mixture_prefers_what_both_columns_prefer(table):
    """Accuracy rises and latency falls with the number of the cell: any mixture of the two ranks cells by it."""
    tasks = MeasuredTasks(table, list(table.metrics), MeasuredConfig(mixed=1.0, bent=0.0, one_seed=0.0))
    pruned = table.cells.pruned().fingerprint().tolist()
    for seed in range(20):
        task = tasks.draw(30, np.random.default_rng(seed))
        ranked = [pruned.index(f) for f in task.graphs.pruned[np.argsort(task.score)].fingerprint().tolist()]
        assert ranked == sorted(ranked)


@pytest.mark.parametrize("config", [PLAIN, MeasuredConfig(mixed=1.0, bent=1.0), MeasuredConfig()])
def test_a_cell_without_a_number_is_never_drawn(table, config):
    tasks = MeasuredTasks(table, list(table.metrics), config)
    for seed in range(40):
        task = tasks.draw(CELLS, np.random.default_rng(seed))
        assert np.isfinite(task.score).all()
        assert len(task.score) >= 40  # both columns have numbers for cells 10 to 49
        assert len(task.graphs) == len(task.score) == len(task.side)


def test_no_cell_is_drawn_twice(table):
    task = MeasuredTasks(table, ["phone_latency"], PLAIN).draw(40, np.random.default_rng(0))
    assert len(set(task.score.tolist())) == 40


def test_only_the_rows_given_are_drawn(table):
    tasks = MeasuredTasks(table, ["cifar10_test_accuracy_200"], PLAIN, rows=np.arange(30, 45))
    assert sorted(tasks.draw(99, np.random.default_rng(0)).score) == (50 + np.arange(30.0, 45)).tolist()


def test_labels_of_other_rows_change_nothing(table):
    rows = np.arange(10, 40)
    changed = {name: runs.copy() for name, runs in table.scores.items()}
    outside = np.setdiff1d(np.arange(CELLS), rows)
    for runs in changed.values():
        runs[outside] = np.random.default_rng(0).normal(70, 30, size=(len(outside), runs.shape[1]))
    config = MeasuredConfig(mixed=1.0, bent=0.5)
    two = [MeasuredTasks(t, list(table.metrics), config, rows) for t in (table, replace(table, scores=changed))]
    for seed in range(20):
        a, b = (tasks.draw(25, np.random.default_rng(seed)) for tasks in two)
        assert a.score.tobytes() == b.score.tobytes()
        assert a.graphs.pruned.operation.tobytes() == b.graphs.pruned.operation.tobytes()


@given(st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=2, max_size=40), st.integers(0, 2**32 - 1))
def test_bending_keeps_order_and_ties(score, seed):
    score = np.array(score)
    bent = bend(score, np.random.default_rng(seed))
    assert np.isfinite(bent).all()
    order = np.argsort(score, kind="stable")
    tied = np.diff(score[order]) == 0
    steps = np.diff(bent[order])
    assert (steps >= -1e-12).all()
    assert (steps[tied] == 0).all()


def test_bending_bends():
    score = np.linspace(0, 1, 50)
    curvature = [np.ptp(np.diff(bend(score, np.random.default_rng(seed)))) for seed in range(10)]
    assert np.median(curvature) > 1e-3


def test_sources_name_table_column_and_sha256(table):
    sources = MeasuredTasks(table, list(table.metrics), PLAIN, rows=np.arange(10, 40)).sources
    expected = {"table": "toy", "metric": "phone_latency", "cells": 30}
    assert sources[1] == {**expected, "source": "b.csv", "sha256": "2" * 64, "column": "ms"}
    assert [source["metric"] for source in sources] == list(table.metrics)


def test_the_sha256_of_a_source_is_that_of_the_file_it_was_read_from():
    from importlib.metadata import distribution

    tasks = MeasuredTasks(load_benchmark("analog"), ["ptq_accuracy"], PLAIN)
    file = distribution("analog-nasbench").locate_file("analognasbench/data.anb")
    assert tasks.sources[0]["sha256"] == sha256_of(str(file))


def test_no_metric_is_refused(table):
    with pytest.raises(ValueError, match="no metric of toy"):
        MeasuredTasks(table, [], PLAIN)


def test_an_unknown_metric_is_named(table):
    with pytest.raises(ValueError, match="phone_latenzy"):
        MeasuredTasks(table, ["phone_latenzy"], PLAIN)


def test_a_metric_with_too_few_numbers_is_named(table):
    with pytest.raises(ValueError, match="'phone_latency' has only 9 numbers"):
        MeasuredTasks(table, list(table.metrics), PLAIN, rows=np.arange(19))


@pytest.mark.parametrize(
    ("costs", "expected"), [(0.0, {"accuracy"}), (1.0, {"latency"}), (0.5, {"accuracy", "latency"})]
)
def test_how_often_a_cost_is_drawn_can_be_told(table, costs, expected):
    tasks = MeasuredTasks(table, list(table.metrics), replace(PLAIN, costs=costs))
    drawn = [tasks.draw(5, np.random.default_rng(i)).score.max() for i in range(12)]
    assert {"latency" if score < 0 else "accuracy" for score in drawn} == expected


def test_a_table_of_costs_alone_gives_costs(table):
    task = MeasuredTasks(table, ["phone_latency"], replace(PLAIN, costs=0.0)).draw(5, np.random.default_rng(0))
    assert task.score.max() < 0
