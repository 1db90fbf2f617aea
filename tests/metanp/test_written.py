"""Cells as they are written, as side features."""

import numpy as np
import pytest

from metanp import Cell, MetaNP
from metanp.metrics import kendall_tau
from metanp.spaces import get_space
from metanp.written import written_features


def chain(*inner: str) -> Cell:
    return Cell(["input", *inner, "output"], [(i, i + 1) for i in range(len(inner) + 1)])


def test_a_column_for_every_operation_and_edge_that_varies():
    cells = [chain("conv3x3", "skip"), chain("conv3x3", "none"), chain("conv3x3", "skip")]
    assert {name: column.tolist() for name, column in written_features(cells).items()} == {
        "node 2: none": [0, 1, 0],
        "node 2: skip": [1, 0, 1],
    }
    shorter = written_features([*cells, chain("skip")])
    assert shorter["edge 2-3"].tolist() == [1, 1, 1, 0]
    assert shorter["node 3: output"].tolist() == [1, 1, 1, 0]


def test_candidates_have_the_columns_of_the_evaluated_cells():
    of = [chain("conv3x3", "skip"), chain("skip", "skip")]
    candidates = [chain("conv3x3", "conv3x3", "conv3x3"), chain("skip")]
    found = written_features(candidates, of)
    assert list(found) == list(written_features(of))
    assert sorted(found) == ["node 1: conv3x3", "node 1: skip"]
    assert found["node 1: skip"].tolist() == [0, 1]
    assert written_features(candidates, [chain("skip")]) == {}
    longer = written_features([chain("skip")], candidates)
    assert longer["edge 3-4"].tolist() == [0.0]


def test_of_no_cells_there_is_no_column():
    assert written_features([]) == written_features([chain("skip")], []) == {}


def test_something_else_than_cells_is_refused():
    with pytest.raises((TypeError, ValueError), match="no Cell"):
        written_features([chain("skip"), "skip"])


def test_a_cost_of_dead_operations_is_learned():
    """A sum over the six edges of NAS-Bench-201's cells, whatever leads to the output."""
    cells = get_space("nasbench201").arrays()[np.random.default_rng(0).permutation(15625)[:400]]
    each = np.random.default_rng(1).uniform(0, 1, size=cells.operation.shape[1] * 100)
    cost = each[np.arange(cells.operation.shape[1]) * 100 + np.maximum(cells.operation, 0)].sum(1)
    model, shown, others = MetaNP("label-free"), cells[:100], cells[100:]
    alone = model.fit(shown, -cost[:100]).predict(others)
    told = model.fit(shown, -cost[:100], features=written_features(shown))
    beside = told.predict(others, features=written_features(others, of=shown))
    assert kendall_tau(beside, -cost[100:]) > max(0.85, kendall_tau(alone, -cost[100:]) + 0.05)
