"""Features of sets worked by hand and against networkx, in any company, and on real rows of NAS-Bench-201."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pytest

from data import load_benchmark
from metanp.baselines.graf import FAMILIES, GRAFForest, GRAFTrees, GRAFXGBoost, graf, reachable, set_features, sets_of
from metanp.baselines.study_trees import StudyXGBoost
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.metrics import kendall_tau
from metanp.operations import INDEX, VOCABULARY
from metanp.spaces import get_space

SPACE = get_space("nasbench201")


class Stumps(GRAFTrees):
    """A forest that is grown in no time."""

    regressor = "sklearn.ensemble", "RandomForestRegressor"
    settings: Mapping[str, Any] = {"n_estimators": 10}


def of(cell: Cell, *operations: str) -> dict[str, float]:
    """What one cell says of one set of operations."""
    member = np.isin([o.name for o in VOCABULARY], operations)[None]
    values = set_features(reachable(CellArray.from_cells([cell])), member)
    return dict(zip(FAMILIES, values[0, :, 0].tolist(), strict=True))


def some_cells(name: str, n: int = 25) -> CellArray:
    """Random cells of a space."""
    cells = get_space(name).arrays()
    return cells[np.random.default_rng(0).permutation(len(cells))[:n]]


def renumbered(cell: Cell, rng: np.random.Generator) -> Cell:
    """The same cell, its inner nodes in another order."""
    place = [0, *(1 + rng.permutation(len(cell) - 2)).tolist(), len(cell) - 1]
    operations = [""] * len(cell)
    for old, new in enumerate(place):
        operations[new] = cell.operations[old]
    return Cell(operations, [(place[u], place[v]) for u, v in cell.edges])


# --- by hand ------------------------------------------------------------------------------------------------------


def test_a_cell_of_nasbench201_worked_by_hand():
    """conv3x3 from 0 to 1, skip from 1 to 3, conv3x3 from 0 to 2, pooling from 2 to 3, conv1x1 from 1 to 2."""
    cell = Cell.from_nasbench201(
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|none~0|skip_connect~1|avg_pool_3x3~2|"
    )
    three = of(cell, "conv3x3")
    # the one edge from 0 to 3 is none, a path like any other
    assert [three[name] for name in ("count", "shortest", "most", "into_output", "from_input")] == [2, 1, 1, 0, 2]
    # each conv3x3 feeds two of the eight nodes (0-1: 1-2 and 1-3; 0-2: 2-3 alone), and the input feeds both
    assert three["mean_in"] == pytest.approx((2 + 1) / 8)
    assert three["mean_out"] == pytest.approx((1 + 1) / 8)
    without = of(cell, "conv3x3", "none")
    assert without["shortest"] == 7  # no way: one more than six nodes between the ends
    assert of(cell, "none", "skip")["shortest"] == 2
    assert of(cell, "none", "skip", "conv1x1")["most"] == 1
    assert of(cell, "conv3x3", "conv1x1", "avgpool3x3")["most"] == 3
    assert of(cell, "none", "skip", "avgpool3x3")["into_output"] == 3
    assert of(cell)["shortest"] == 1


def test_a_cell_of_nasbench101_worked_by_hand():
    """The input feeds two convolutions and the output; both feed a pooling, which feeds the output."""
    matrix = np.zeros((5, 5), dtype=int)
    matrix[[0, 0, 0, 1, 2, 3], [1, 2, 4, 3, 3, 4]] = 1
    names = ["input", "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3", "output"]
    cell = Cell.from_nasbench101(matrix, names)
    assert of(cell, "maxpool3x3") == pytest.approx(
        dict(zip(FAMILIES, [1, 0, 1, 1, 0, 1 / 5, 2 / 5], strict=True)), abs=1e-6
    )
    assert of(cell, "conv3x3", "conv1x1") == pytest.approx(
        dict(zip(FAMILIES, [2, 0, 1, 0, 2, 2 / 5, 2 / 5], strict=True)), abs=1e-6
    )
    assert of(cell, "conv3x3", "maxpool3x3")["most"] == 2
    matrix[0, 4] = 0  # no way around the pooling: one more than three nodes between the ends
    assert of(Cell.from_nasbench101(matrix, names), "maxpool3x3")["shortest"] == 4
    assert of(Cell.from_nasbench101(matrix, names), "conv3x3")["shortest"] == 2


def test_what_is_unreachable_is_none_where_paths_lead_and_left_out_elsewhere():
    blocked = Cell(["input", "none", "conv3x3", "skip", "output"], [(0, 1), (1, 2), (2, 4), (0, 3), (3, 4)])
    assert of(blocked, "conv3x3")["count"] == 0
    assert of(blocked, "none")["count"] == 2
    aside = Cell(["input", "conv3x3", "skip", "output"], [(0, 1), (0, 2), (2, 3)])
    without = Cell(["input", "skip", "output"], [(0, 1), (1, 2)])
    assert of(aside, "conv3x3", "skip") == of(without, "conv3x3", "skip")


def test_a_cell_without_any_path_is_asked_too():
    dead = Cell(["input", "skip", "output"], [(0, 1)])
    assert of(dead, "skip") == dict(zip(FAMILIES, [0, 1, 0, 0, 0, 0, 0], strict=True))
    assert graf([]).n_rows == 0


# --- an oracle ----------------------------------------------------------------------------------------------------


def slowly(cell: Cell, operations: set[str]) -> list[float]:
    """The seven numbers from every path of the graph, one after the other."""
    graph = nx.DiGraph(cell.edges)
    graph.add_nodes_from(range(len(cell)))
    name = dict(enumerate(cell.operations))
    source, sink = cell.operations.index("input"), cell.operations.index("output")
    paths = [[name[i] for i in path[1:-1]] for path in nx.all_simple_paths(graph, source, sink)]
    routes = list(nx.all_simple_paths(graph, source, sink))
    there = {i for route in routes for i in route} | {source, sink}
    live = {i for route, path in zip(routes, paths, strict=True) if "none" not in path for i in route}
    name = {i: name[i] if i in live | {source, sink} else "none" for i in there}
    graph = graph.subgraph(there)
    paths = [[name[i] for i in route[1:-1]] for route in routes]
    chosen = {i for i in there if name[i] in operations}
    return [
        len(chosen),
        min([len(path) for path in paths if not operations & set(path)], default=len(there) - 1),
        max([sum(o in operations for o in path) for path in paths], default=0),
        len(chosen & set(graph.predecessors(sink))),
        len(chosen & set(graph.successors(source))),
        np.mean([len(chosen & set(graph.predecessors(i))) for i in there]),
        np.mean([len(chosen & set(graph.successors(i))) for i in there]),
    ]


@pytest.mark.parametrize("name", ["nasbench101", "nasbench201", "transnas", "nasbench_graph", "nasbench_macro"])
def test_all_sets_of_random_cells_agree_with_networkx(name):
    cells = some_cells(name)
    kept = reachable(cells)
    sets = sets_of(kept)
    names = [{VOCABULARY[i].name for i in np.flatnonzero(member)} for member in sets]
    expected = [[slowly(cell, operations) for operations in names] for cell in cells.to_cells()]
    np.testing.assert_allclose(set_features(kept, sets), np.swapaxes(expected, 1, 2), rtol=1e-6)


# --- which sets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sets", "columns"),
    [
        ("nasbench201", 2**5, 224),
        ("nasbench101", 2**3, 56),
        ("transnas", 2**4, 112),
        ("nasbench_macro", 2**3, 56),
        ("nasbench_graph", 1 + 9 + 36, 322),
    ],
)
def test_all_sets_of_few_operations_and_pairs_of_many(name, sets, columns):
    inputs = graf(some_cells(name, 300))
    member = sets_of(inputs.cells)
    assert len(member) == len(np.unique(member, axis=0)) == sets
    assert inputs.blocks(inputs)[0].shape == (inputs.n_rows, columns)


def test_sets_are_those_of_the_evaluated_cells():
    operations = [INDEX[name] for name in ("skip", "conv3x3")]
    chain = Cell(["input", "skip", "conv3x3", "output"], [(0, 1), (1, 2), (2, 3)])
    other = Cell(["input", "skip", "avgpool3x3", "output"], [(0, 1), (1, 2), (2, 3)])
    member = sets_of(graf([chain]).cells)
    assert [np.flatnonzero(m).tolist() for m in member] == [
        list(s) for size in range(3) for s in combinations(operations, size)
    ]
    block = graf([other]).blocks(graf([chain]))[0].reshape(len(FAMILIES), len(member))
    # no pooling in any set: in the set of skip and of both alike, the other cell has one operation
    assert block[0].tolist() == [0, 1, 0, 1]


def test_what_is_asked_beside_a_cell_changes_nothing_of_its_prediction():
    cells, score = SPACE.arrays()[:40], np.arange(40.0)
    fitted = Stumps().fit(cells, score)
    wide = CellArray.concatenate([cells, some_cells("nasbench_graph"), some_cells("nasbench101")])
    together = fitted.predict(wide)
    assert together[:40].tolist() == fitted.predict(cells).tolist()
    for i in (3, 40, 70):
        assert fitted.predict(wide[i : i + 1]).tolist() == together[i : i + 1].tolist()
    encoded = fitted.encode(wide)
    assert fitted.predict(encoded).tolist() == together.tolist()


def test_side_features_stand_beside_each_cell_of_a_row():
    twice = CellArray.concatenate([SPACE.arrays()[:20], SPACE.arrays()[:20]])
    proxy = {"proxy": np.arange(40.0)}
    fitted = Stumps().fit(twice, np.arange(40.0), proxy)
    plain, beside = graf(twice), fitted.encode(twice, proxy)
    assert plain.n_rows < beside.n_rows == 40
    np.testing.assert_array_equal(beside.blocks(beside)[0], plain.blocks(plain)[0][plain.graph])
    predicted = fitted.predict(beside)
    assert (predicted[20:] > predicted[:20]).all()


def test_cells_that_differ_in_what_is_unreachable_or_in_numbering_are_one_row():
    rng = np.random.default_rng(1)
    cells = some_cells("nasbench101", 40).to_cells() + some_cells("nasbench201", 40).to_cells()
    turned = [renumbered(cell, rng) for cell in cells]
    inputs = graf(cells + turned)
    assert inputs.graph[:80].tolist() == inputs.graph[80:].tolist()
    # no path through the first edge goes on: what it carries does not matter
    ends = ("none", "nor_conv_3x3", "avg_pool_3x3")
    dead = [f"|{o}~0|+|skip_connect~0|none~1|+|none~0|none~1|nor_conv_1x1~2|" for o in ends]
    assert graf([Cell.from_nasbench201(text) for text in dead]).n_rows == 1


def test_nasbench201_has_the_9445_rows_of_the_paper():
    assert graf(SPACE.arrays()).n_rows == 9445


# --- what it is for -----------------------------------------------------------------------------------------------


def test_fifty_trainings_of_nasbench201_rank_the_rest_better_than_one_hot_cells_do():
    table = load_benchmark("nasbench201")
    chosen = np.random.default_rng(0).permutation(len(table))[:2000]
    cells, accuracy = table.cells[chosen], table.mean("cifar10_validation_accuracy_200")[chosen]
    taus = {}
    for predictor in (GRAFForest(), GRAFXGBoost(), StudyXGBoost()):
        fits = [predictor.fit(cells[s], accuracy[s]).predict(cells[100:]) for s in (slice(0, 50), slice(50, 100))]
        taus[type(predictor).__name__] = np.mean([kendall_tau(fit, accuracy[100:]) for fit in fits])
    assert taus["GRAFForest"] > taus["StudyXGBoost"] + 0.2
    assert taus["GRAFXGBoost"] > taus["StudyXGBoost"] + 0.2


def test_the_unit_of_scores_changes_no_forest():
    cells = SPACE.arrays()[:60]
    score = np.random.default_rng(2).normal(70, 20, 60)
    first = GRAFForest().fit(cells, score).predict(cells)
    other = GRAFForest().fit(cells, 100 * score - 7).predict(cells)
    assert other == pytest.approx(100 * first - 7)
