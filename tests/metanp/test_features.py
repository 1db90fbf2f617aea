"""Graph features: a cell worked by hand, any cell by listing its paths; Weisfeiler-Lehman counts by plain patterns."""

import math
from collections import Counter

import networkx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.features import CLASSES, FEATURE_GROUPS, FEATURE_NAMES, WL_STEPS, graph_features, wl_patterns
from metanp.neural_process.whitened import FEATURE_BLOCKS
from metanp.operations import INDEX
from tests.metanp.cell_families import FAMILIES
from tests.metanp.cell_families import cell as cell_of
from tests.metanp.test_cell import cells, relabelled

# Paths: input-output, input-conv3x3-conv1x1-output, input-skip-conv1x1-output, input-conv3x3-maxpool-output.
DIAMOND = Cell(
    ["input", "conv3x3", "skip", "conv1x1", "maxpool3x3", "output"],
    [(0, 1), (0, 2), (0, 5), (1, 3), (2, 3), (1, 4), (3, 5), (4, 5)],
)
CROSSED = Cell(DIAMOND.operations, [edge for edge in DIAMOND.edges if edge != (0, 5)])
DEAD = Cell(["input", "conv3x3", "output"], [(0, 1)])


def features_of(cell: Cell) -> dict[str, float]:
    values = graph_features(CellArray.from_cells([cell]).pruned())[0]
    return dict(zip(FEATURE_NAMES, values.tolist(), strict=True))


def counts_of(*some: Cell) -> list[list[Counter]]:
    """Of each cell, how often each pattern occurs, step by step."""
    names = wl_patterns(CellArray.from_cells(some).pruned())
    return [[Counter(step[step != 0].tolist()) for step in cell] for cell in names]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("live", 1),
        ("nodes", 4),  # between input and output
        ("edges", 8),
        ("log_paths", 2),  # four of them
        ("depth", 2),
        ("shortest", 0),
        ("mean_length", 1.5),  # (0 + 2 + 2 + 2) / 4
        ("width", 2),
        ("input_degree", 3),
        ("output_degree", 3),
        ("max_in", 3),
        ("max_out", 3),
        ("input_to_output", 1),
        ("receptive_max", 2),  # conv3x3, then maxpool3x3: a pixel to each side, twice
        ("receptive_mean", 0.75),  # (0 + 1 + 0 + 2) / 4
        ("first_identity", 1),
        ("first_spatial", 1),
        ("first_pool", 0),
        ("last_pointwise", 1),
        ("last_pool", 1),
        ("last_identity", 0),
        ("all_parametric", 2),
        ("most_parametric", 2),
        ("fewest_parametric", 0),
        ("mean_parametric", 1),  # (0 + 2 + 1 + 1) / 4
        ("mean_spatial", 0.5),
        ("mean_identity", 0.25),
        ("all_conv3x3", 1),
        ("most_maxpool3x3", 1),
        ("fewest_conv1x1", 0),
        ("all_gat", 0),
        ("first_conv3x3", 1),
        ("last_maxpool3x3", 1),
        ("mean_conv1x1", 0.5),
        ("into_conv1x1", 2),
        ("out_of_conv3x3", 2),
        ("out_of_maxpool3x3", 1),
        ("skipless_nodes", 3),
        ("skipless_edges", 7),
        ("skipless_shortest", 0),
        ("skipless_mean_length", 1.25),  # (0 + 2 + 1 + 2) / 4
        ("skipless_first_pointwise", 1),  # the skip leads there
        ("skipless_first_spatial", 1),
        ("skipless_last_pool", 1),
        ("skipless_mean_parametric", 1),
    ],
)
def test_a_cell_of_four_paths_worked_by_hand(name, value):
    assert features_of(DIAMOND)[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shortest", 2),
        ("fewest_parametric", 1),
        ("fewest_skip", 0),
        ("mean_length", 2),
        ("input_to_output", 0),
        ("log_paths", math.log2(3)),
        ("skipless_shortest", 1),
        ("skipless_input_to_output", 0),
    ],
)
def test_the_same_cell_without_its_direct_edge(name, value):
    assert features_of(CROSSED)[name] == pytest.approx(value)


@settings(max_examples=60)
@given(cells())
def test_along_paths_agrees_with_listing_them(cell):
    assume(cell.is_live)
    pruned, features = cell.pruned, features_of(cell)
    graph = pruned.to_networkx()
    ends = pruned.operations.index("input"), pruned.operations.index("output")
    paths = [[pruned.operations[i] for i in path[1:-1]] for path in networkx.all_simple_paths(graph, *ends)]
    assert features["log_paths"] == pytest.approx(math.log2(len(paths)))
    lengths = [len(path) for path in paths]
    assert (features["depth"], features["shortest"]) == (max(lengths), min(lengths))
    for name, members in CLASSES.items():
        on_path = [sum(INDEX[operation] in members for operation in path) for path in paths]
        assert features[f"most_{name}"] == max(on_path)
        assert features[f"fewest_{name}"] == min(on_path)
        assert features[f"mean_{name}"] == pytest.approx(np.mean(on_path))
        neighbours = [[b for a, b in pruned.edges if a == ends[0]], [a for a, b in pruned.edges if b == ends[1]]]
        at_ends = [sum(INDEX[pruned.operations[i]] in members for i in some) for some in neighbours]
        assert [features[f"first_{name}"], features[f"last_{name}"]] == at_ends
    for name in ("conv1x1", "conv3x3", "skip"):
        on_path = [path.count(name) for path in paths]
        assert (features[f"most_{name}"], features[f"fewest_{name}"]) == (max(on_path), min(on_path))
        assert features[f"all_{name}"] == pruned.operations.count(name)
        assert features[f"mean_{name}"] == pytest.approx(np.mean(on_path))
        named = {i for i, operation in enumerate(pruned.operations) if operation == name}
        assert features[f"into_{name}"] == sum(v in named for _, v in pruned.edges)
        assert features[f"out_of_{name}"] == sum(u in named for u, _ in pruned.edges)


@settings(max_examples=60)
@given(cells())
def test_skipless_features_are_those_of_the_cell_whose_skips_are_edges(cell):
    assume(cell.is_live)
    features = features_of(cell)
    array = CellArray.from_cells([cell]).pruned().skipless()
    without = dict(zip(FEATURE_NAMES, graph_features(array)[0].tolist(), strict=True))
    for name in FEATURE_GROUPS["skipless"]:
        assert features[name] == without[name.removeprefix("skipless_")]
        assert features[name] == without[name]
    unchanged = [f"{part}_{operation}" for part in ("all", "most", "fewest") for operation in ("conv3x3", "maxpool3x3")]
    assert [features[name] for name in unchanged] == [without[name] for name in unchanged]


@settings(max_examples=60)
@given(cells(), st.data())
def test_isomorphic_cells_have_the_same_features_and_counts(cell, data):
    other = relabelled(cell, data.draw(st.permutations(range(len(cell)))))
    both = CellArray.from_cells([cell, other]).pruned()
    np.testing.assert_allclose(*graph_features(both), rtol=1e-6)
    assert counts_of(cell, other)[0] == counts_of(cell, other)[1]


def test_a_cell_without_a_live_path_has_no_feature_whatever_else_is_in_it():
    assert set(features_of(DEAD).values()) == {0.0}


def test_neither_padding_nor_the_cells_beside_it_change_a_cells_features():
    wide = Cell(["input", *["gat"] * 9, "output"], [(i, i + 1) for i in range(10)])
    beside = CellArray.from_cells([DIAMOND, wide, DEAD]).pruned()
    alone = CellArray.from_cells([DIAMOND]).pruned()
    assert np.array_equal(graph_features(beside)[:1], graph_features(alone))
    assert counts_of(DIAMOND, wide, DEAD)[:1] == counts_of(DIAMOND)


def test_features_in_pieces_equal_features_at_once(monkeypatch):
    some = CellArray.from_cells([DIAMOND, DEAD, CROSSED, DIAMOND, CROSSED]).pruned()
    features, patterns = graph_features(some), wl_patterns(some)
    monkeypatch.setattr("metanp.cell_array.CHUNK", 2)
    assert np.array_equal(graph_features(some), features)
    assert np.array_equal(wl_patterns(some), patterns)


def test_every_feature_has_a_name_of_its_own_and_no_cell_is_legal():
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)
    assert graph_features(CellArray.from_cells([])).shape == (0, len(FEATURE_NAMES))
    assert wl_patterns(CellArray.from_cells([])).shape[:2] == (0, WL_STEPS)


def test_groups_of_features_share_a_length_scale_and_come_in_the_order_of_their_names():
    assert sum(FEATURE_BLOCKS) == len(FEATURE_NAMES)
    starts = np.cumsum([0, *FEATURE_BLOCKS[:-1]])
    for start, size, (group, names) in zip(starts, FEATURE_BLOCKS, FEATURE_GROUPS.items(), strict=True):
        assert FEATURE_NAMES[start : start + size] == names, group


def slow_wl(cell: Cell, steps: int) -> list[Counter]:
    """How often each subtree pattern occurs, a pattern being its own nested tuple."""
    cell = cell.pruned
    colour: list = list(cell.operations)
    counts = []
    for _ in range(steps):
        into = [sorted(str(colour[u]) for u, v in cell.edges if v == i) for i in range(len(cell))]
        out = [sorted(str(colour[v]) for u, v in cell.edges if u == i) for i in range(len(cell))]
        colour = [(colour[i], tuple(into[i]), tuple(out[i])) for i in range(len(cell))]
        counts.append(Counter(colour))
    return counts


@settings(max_examples=60)
@given(cells(), cells())
def test_inner_products_of_counts_are_those_of_the_unhashed_patterns(a, b):
    x, y = counts_of(a, b)
    for mine, yours, p, q in zip(x, y, slow_wl(a, WL_STEPS), slow_wl(b, WL_STEPS), strict=True):
        assert sum(mine[k] * yours[k] for k in mine) == sum(p[k] * q[k] for k in p)


def test_every_node_is_counted_once_at_each_step():
    assert [step.total() for step in counts_of(DIAMOND)[0]] == [6] * WL_STEPS


@pytest.mark.parametrize("kinds", [("conv3x3",), ("conv3x3", "skip")])
@pytest.mark.parametrize("family", FAMILIES)
def test_no_feature_of_a_large_cell_is_anything_but_a_number(family, kinds):
    for size in (5, 150, 600):
        features = graph_features(CellArray.from_cells([cell_of(FAMILIES[family](size), *kinds)]).pruned())
        assert np.isfinite(features).all()


@pytest.mark.parametrize("family", ["residual", "dense"])
def test_no_feature_of_two_thousand_nodes_is_anything_but_a_number(family):
    assert np.isfinite(graph_features(CellArray.from_cells([cell_of(FAMILIES[family](1998))]).pruned())).all()


def test_two_stacks_of_more_paths_than_a_float_holds_side_by_side_have_twice_as_many():
    one = [(3 * i + a, 3 * i + b) for i in range(400) for a, b in ((0, 1), (0, 2), (1, 3), (2, 3))]
    two = [*one, *((u + 1201, v + 1201) for u, v in one)]
    features = graph_features(CellArray.from_cells([cell_of((1201, one)), cell_of((2402, two))]).pruned())
    named = [dict(zip(FEATURE_NAMES, row.tolist(), strict=True)) for row in features]
    assert [row["log_paths"] for row in named] == [400, 401]
    assert [row["mean_conv3x3"] for row in named] == [801, 801]
