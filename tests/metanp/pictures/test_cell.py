"""Pictures of cells: every node is there, boxes do not cover one another, lines go downwards around them."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from metanp import Cell
from metanp.operations import KINDS as OPERATION_KINDS
from metanp.operations import VOCABULARY
from metanp.pictures.cell import LARGEST, draw_cell
from metanp.pictures.colours import KINDS, colour_of
from metanp.pictures.layout import lay_out, spaced
from metanp.pictures.summary import draw_summary
from metanp.spaces import SPACES
from tests.metanp.pictures.drawn import outside, overlaps, placed_texts, rectangles, size, texts


@st.composite
def graphs(draw, most: int = 20) -> tuple[int, list[tuple[int, int]]]:
    n = draw(st.integers(2, most))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda e: e[0] < e[1])
    return n, sorted(draw(st.sets(pairs, max_size=3 * n)))


def cell_of(n: int, edges: list[tuple[int, int]]) -> Cell:
    names = [operation.name for operation in VOCABULARY if operation.kind not in ("input", "output")]
    return Cell(["input", *(names[i % len(names)] for i in range(n - 2)), "output"], edges)


# --- places ---


def test_places_are_the_nearest_that_keep_their_steps():
    assert spaced([0, 10], [5], [1, 1]) == [0, 10]
    assert spaced([0, 0], [6], [1, 1]) == [-3, 3]
    assert spaced([0, 0], [6], [2, 1]) == [-2, 4]
    assert spaced([0, 0, 100], [6, 6], [1, 1, 1]) == [-3, 3, 100]


def test_a_chain_stands_in_one_column_and_a_skip_runs_beside_it():
    layout = lay_out(4, [(0, 1), (1, 2), (2, 3), (0, 3)], [40.0] * 4)
    assert [len(row) for row in layout.layers] == [1, 2, 2, 1]
    lanes = [item for row in layout.layers for item in row if item[0] != "node"]
    assert lanes == [("from", 0, 1), ("from", 0, 2)]
    assert layout.x[lanes[0]] == pytest.approx(layout.x[lanes[1]], abs=3)


def test_edges_of_one_start_share_their_lanes():
    n = 20
    layout = lay_out(n, [(0, i) for i in range(1, n - 1)] + [(i, n - 1) for i in range(1, n - 1)], [60.0] * n)
    lanes = [[item for item in row if item[0] != "node"] for row in layout.layers]
    assert max(map(len, lanes)) <= 2
    assert layout.width < 2 * 5 * (60 + 14)


@given(graphs())
@settings(max_examples=100)
def test_layers_hold_each_node_once_all_edges_go_down_and_nothing_overlaps(graph):
    n, edges = graph
    widths = [30.0 + 7 * (i % 5) for i in range(n)]
    layout = lay_out(n, edges, widths, widest=4, gap=10, lane=8)
    level = {item[1]: row for row, items in enumerate(layout.layers) for item in items if item[0] == "node"}
    assert sorted(level) == list(range(n))
    assert all(level[u] < level[v] for u, v in edges)
    assert all(sum(item[0] == "node" for item in row) <= 4 for row in layout.layers)
    for row in layout.layers:
        wide = [widths[item[1]] if item[0] == "node" else 8 for item in row]
        for a, b, i in zip(row, row[1:], range(n * n), strict=False):
            assert layout.x[b] - layout.x[a] >= (wide[i] + wide[i + 1]) / 2 + 10 - 1e-6
        for item, w in zip(row, wide, strict=True):
            assert w / 2 - 1e-6 <= layout.x[item] <= layout.width - w / 2 + 1e-6
    drawn = {edge for some in layout.segments.values() for edge in some}
    assert drawn == set(edges)
    assert all(b[2] == a[2] + 1 for a, b in layout.segments)


# --- the picture ---


@given(graphs(LARGEST))
@settings(max_examples=30)
def test_every_node_of_any_cell_has_a_box_with_its_name_and_no_box_covers_another(graph):
    cell = cell_of(*graph)
    picture = cell.plot()
    assert sorted(texts(picture)) == sorted(cell.operations)
    assert overlaps([("", box) for box in rectangles(picture)]) == []
    assert outside(picture) == []
    boxes = rectangles(picture)
    for _, (a, b, c, d) in placed_texts(picture):
        assert any(left <= a and c <= right and top <= b and d <= bottom for left, top, right, bottom in boxes)


@pytest.mark.parametrize("name", [name for name in SPACES if name not in ("darts", "nasnet")])  # of two cells: wider
def test_a_cell_of_each_space_is_readable_at_the_width_of_a_phone(name):
    for seed in range(10):
        width, _ = size(SPACES[name].sample(np.random.default_rng(seed)).plot())
        assert width <= 480  # 12 units of text are at least 9 pixels on 360


def test_what_carries_nothing_is_faint_and_said_so():
    cell = Cell(["input", "conv3x3", "none", "output"], [(0, 1), (1, 3), (0, 2), (2, 3)])
    svg = cell.plot().svg
    assert svg.count("stroke-dasharray") == 3  # the node and its two edges
    assert "none, carries nothing" in svg
    assert "carries nothing" not in cell.pruned.plot().svg


def test_a_notebook_shows_the_picture_of_a_cell():
    cell = Cell(["input", "output"], [(0, 1)])
    assert cell._repr_html_() == cell.plot().svg == cell.plot()._repr_svg_()
    assert "max-width:100%" in cell._repr_html_()


def test_a_large_cell_is_summed_up_with_a_bar_an_operation():
    n = 2000
    cell = Cell(["input", *["conv3x3"] * 1500, *["skip"] * 498, "output"], [(i, i + 1) for i in range(n - 1)])
    picture = draw_cell(cell)
    assert len(picture.svg) < 4000
    assert {"1,500", "498", "conv3x3", "skip"} <= set(texts(picture))
    assert overlaps(placed_texts(picture)) == []
    assert "2,000 nodes and 1,999 edges" in picture.alternative


def test_each_kind_of_operation_has_a_colour_and_words_that_are_unknown_are_grey():
    assert set(KINDS) <= set(OPERATION_KINDS)
    assert len({colour_of(name) for name in ("conv3x3", "avgpool3x3", "gcn", "tanh", "fc", "custom1")}) == 6
    assert colour_of("<b>") == colour_of("skip") == colour_of("input")


def test_names_are_escaped():
    picture = draw_summary(["input", "<b>", "<b>", "output"], 3)
    assert "<b>" not in picture.svg
    assert "<b>" in texts(picture)
