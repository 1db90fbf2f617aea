"""Cells as they are written, and what MetaNP makes of it."""

import pickle

import numpy as np
import pytest

from metanp import Cell, MetaNP
from metanp.cell_array import SMALL, CellArray
from metanp.metrics import kendall_tau
from metanp.operation import Operation
from metanp.spaces import get_space
from metanp.written import Written, written_features


def chain(*inner) -> Cell:
    return Cell(["input", *inner, "output"], [(i, i + 1) for i in range(len(inner) + 1)])


def with_a_dead_end(*inner) -> Cell:
    """A convolution, and others that lead nowhere."""
    dead = [(1, 3 + i) for i in range(len(inner))]
    return Cell(["input", "conv3x3", "output", *inner], [(0, 1), (1, 2), *dead])


def some_of_nasbench201(n: int) -> CellArray:
    return get_space("nasbench201").arrays()[np.random.default_rng(0).permutation(15625)[:n]]


@pytest.fixture(scope="module")
def model() -> MetaNP:
    return MetaNP("label-free")


def cost_by_place(cells: CellArray) -> np.ndarray:
    """A sum over nodes, whatever leads to the output."""
    each = np.random.default_rng(1).uniform(0, 1, size=(cells.operation.shape[1], 100))
    return each[np.arange(len(each)), np.maximum(cells.operation, 0)].sum(1)


def test_a_column_for_every_operation_number_and_edge_that_varies():
    cells = [chain("conv3x3", "skip"), chain("conv3x3", "none"), chain("conv3x3", "skip")]
    assert {name: column.tolist() for name, column in written_features(cells).items()} == {
        "written none": [0, 1, 0],
        "written skip": [1, 0, 1],
        "node 2: none": [0, 1, 0],
        "node 2: skip": [1, 0, 1],
    }
    shorter = written_features([*cells, chain("skip")])
    assert shorter["edge 2-3"].tolist() == [1, 1, 1, 0]
    assert shorter["node 3: output"].tolist() == [1, 1, 1, 0]
    assert shorter["written conv3x3"].tolist() == [1, 1, 1, 0]


def test_candidates_have_the_columns_of_the_evaluated_cells():
    of = [chain("conv3x3", "skip"), chain("skip", "skip")]
    candidates = [chain("conv3x3", "conv3x3", "conv3x3"), chain("skip")]
    found = written_features(candidates, of)
    assert list(found) == list(written_features(of))
    assert sorted(found) == ["node 1: conv3x3", "node 1: skip", "written conv3x3", "written skip"]
    assert found["node 1: skip"].tolist() == [0, 1]
    assert found["written conv3x3"].tolist() == [3, 0]
    assert written_features(candidates, [chain("skip")]) == {}
    longer = written_features([chain("skip")], candidates)
    assert longer["edge 3-4"].tolist() == [0.0]


def test_described_operations_have_columns_too():
    wide, narrow = (Operation("mine", kind="convolution", kernel_size=3, width=width) for width in (64, 32))
    found = written_features([chain(wide, wide), chain(wide, narrow)])
    assert sorted(column.tolist() for name, column in found.items() if name.startswith("written")) == [[0, 1], [2, 1]]


def test_of_no_cells_there_is_no_column():
    assert written_features([]) == written_features([chain("skip")], []) == {}


def test_something_else_than_cells_is_refused():
    with pytest.raises((TypeError, ValueError), match="no Cell"):
        written_features([chain("skip"), "skip"])


def test_there_are_columns_where_operations_lead_nowhere_alone():
    assert Written.of([]).varying() == []
    assert Written.of([chain("conv3x3"), chain("conv3x3", "skip")]).varying() == []
    large = [with_a_dead_end("conv3x3"), chain("skip"), chain(*["skip"] * SMALL)]
    assert Written.of(large).varying() == []
    cells = Written.of([with_a_dead_end("conv3x3"), with_a_dead_end("conv1x1", "skip"), chain("skip")])
    counts, places = cells.varying()
    assert sorted(counts) == ["written conv1x1", "written conv3x3", "written skip"]
    assert "edge 1-4" in places or "edge 1-3" in places
    assert cells.rows(np.array([2])).varying() == []
    assert pickle.loads(pickle.dumps(cells)).column("written conv3x3").tolist() == [2, 1, 0]
    some = cells.rows(np.array([1, 0]))
    assert some.column("written skip").tolist() == [1, 0]
    assert some.column("node 9: skip").tolist() == some.column("edge 7-9").tolist() == [0, 0]


def test_costs_of_dead_operations_are_learned(model):
    cells = some_of_nasbench201(400)
    cost = cost_by_place(cells)
    model.fit(cells[:100], cost[:100], maximize=False)
    assert kendall_tau(-model.predict(cells[100:]), -cost[100:]) > 0.9
    by_list = model.predict(cells[100:].to_cells())
    np.testing.assert_allclose(by_list, model.predict(cells[100:]), rtol=1e-5)


def test_a_number_of_operations_is_a_cost_from_ten_labels_on(model):
    cells = some_of_nasbench201(400)
    cost = cells.operation.astype(float).sum(1)
    model.fit(cells[:10], cost[:10], maximize=False)
    assert kendall_tau(-model.predict(cells[10:]), -cost[10:]) > 0.7


def test_scores_of_what_is_computed_do_not_depend_on_how_it_is_written(model):
    cells = some_of_nasbench201(400)
    score = cost_by_place(cells.pruned())
    model.fit(cells[:60], score[:60])
    pruned, written = model.predict(cells[60:].pruned()), model.predict(cells[60:])
    np.testing.assert_array_equal(pruned, written)


def test_what_costs_less_than_an_evaluated_cell_that_computes_the_same_is_a_candidate(model):
    cells = some_of_nasbench201(120)
    cost = cost_by_place(cells)
    model.fit(cells[:100], cost[:100], maximize=False)
    again = CellArray.concatenate([cells[100:], cells[:1], cells[:100].pruned()])
    assert 20 < model.left(again) <= 120
    ranked = model.rank(again)
    assert 20 not in ranked.index
    assert len(ranked.cells) == model.left(again) == len(model.shortlist(again, k=None).cells)
    score = cost_by_place(cells.pruned())
    model.fit(cells[:100], score[:100])
    assert model.left(again) <= 20


def test_an_encoded_pool_serves_before_and_after_cells_were_read_as_written(model):
    cells = some_of_nasbench201(160)
    pool = model.encode(cells[100:])
    for score in (cost_by_place(cells), cost_by_place(cells.pruned())):
        model.fit(cells[:100], score[:100])
        np.testing.assert_allclose(model.predict(pool), model.predict(cells[100:]), rtol=1e-6)


def test_where_little_is_known_a_score_may_be_read_in_several_ways_at_once(model):
    cells = some_of_nasbench201(300)
    cost = cost_by_place(cells)
    model.fit(cells[:6], cost[:6], maximize=False)
    views = model._fitted.knowledge.views
    assert len(views) > 1
    assert sum(np.exp(view.log_weight) for view in views) == pytest.approx(1)
    assert model.left(cells[:6].pruned()) == 0  # whether it matters how they are written is not yet known
    mean, std = model.predict(cells, return_std=True, noise=False)
    values = model.sample(cells, 2000, rng=0)
    np.testing.assert_allclose(values.mean(0), mean, atol=0.2 * std.max())
    low, high = model.predict_interval(cells, noise=False)
    assert ((values < low).mean(0).mean(), (values > high).mean(0).mean()) == pytest.approx((0.05, 0.05), abs=0.02)


def test_curves_and_written_cells_go_together(model):
    cells = some_of_nasbench201(120)
    cost = cost_by_place(cells)
    curves = [[value + 1 / (1 + i) for i in range(6)] for value in cost]
    model.fit(cells[:60], cost[:60], maximize=False, curves=curves[:60])
    running = [curve[:3] for curve in curves[60:80]] + [[]] * 40
    mean = model.predict(cells[60:], curves=running)
    assert kendall_tau(mean, cost[60:]) > 0.8


def test_side_features_failures_and_written_cells_go_together(model):
    cells = some_of_nasbench201(160)
    cost = cost_by_place(cells)
    size = {"written conv3x3": np.arange(100.0)}  # a name that a column of written cells has too
    model.fit(cells[:90], cost[:90], features=size, failed=cells[90:100], maximize=False)
    mean, std = model.predict(cells[100:], return_std=True, features={"written conv3x3": np.arange(60.0)})
    assert np.isfinite(mean).all()
    assert (std > 0).all()
    assert kendall_tau(mean, cost[100:]) > 0.6
