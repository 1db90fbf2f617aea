"""Texts and codes of cells that callers hand over, and what is none."""

import numpy as np
import pytest

from metanp import Cell
from metanp.spaces import SPACES, get_space

READERS = {
    "nasbench201": Cell.from_nasbench201,
    "transnas": Cell.from_transnas,
    "naslib": Cell.from_naslib,
    "networkx": Cell.from_networkx,
    "json": Cell.from_json,
    "matrix": lambda x: Cell.from_nasbench101(x, ["input", "conv3x3-bn-relu", "output"]),
    "operations": lambda x: Cell.from_nasbench101(np.zeros((3, 3), dtype=int), x),
    "links": lambda x: Cell.from_nasbench_graph(x, ["gcn"] * 4),
    "layers": lambda x: Cell.from_nasbench_graph([0, 0, 0, 0], x),
    **{f"space {name}": get_space(name).parse_text for name in SPACES},
}
NOTHING = [
    np.nan,
    None,
    3,
    b"text",
    "",
    "|a|",
    [1, 2],
    {"a": 1},
    [[0, 1], [0]],
    "[" * 5000,
    [None] * 6,
    [1.5] * 6,
    object(),
]


@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_text_or_code_of_a_cell_is_refused_without_a_foreign_exception(reader):
    for value in NOTHING:
        with pytest.raises((ValueError, TypeError)) as caught:
            READERS[reader](value)
        assert isinstance(caught.value, ValueError)
        assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    "edges", [[(0.0, 1.0), (1, 2.0)], np.array([[0.0, 1], [1, 2]]), np.array([[0, 1], [1, 2]], dtype=np.uint8)]
)
def test_whole_numbers_of_any_kind_are_nodes(edges):
    assert Cell(np.array(["input", "conv3x3", "output"]), edges) == Cell(
        ["input", "conv3x3", "output"], [(0, 1), (1, 2)]
    )


@pytest.mark.parametrize(
    "edges", [[0.5], [(0,)], [(0, 1.5)], [(0, 1, 2)], [(0, None)], [(0, "1")], ["01"], [np.array([0])], [(0, np.nan)]]
)
def test_what_is_no_edge_is_refused_by_name(edges):
    with pytest.raises(ValueError, match="is no edge: expected two node numbers"):
        Cell(["input", "conv3x3", "output"], edges)


@pytest.mark.parametrize("edges", [None, 3, "01", {0: 1}])
def test_what_is_no_list_of_edges_is_refused(edges):
    with pytest.raises(ValueError, match="the edges are"):
        Cell(["input", "conv3x3", "output"], edges)


@pytest.mark.parametrize(
    "operations",
    [["input", 3, "output"], ["input", np.nan, "output"], ["input", None, "output"], ["input", ["conv3x3"], "output"]],
)
def test_an_operation_that_is_no_name_is_refused(operations):
    with pytest.raises(ValueError, match=r"unknown operation .* and no name"):
        Cell(operations, [(0, 1), (1, 2)])


def test_an_unknown_operation_is_told_of_the_words_for_operations_without_one():
    with pytest.raises(ValueError, match=r"unknown operation 'involution'.*custom1, custom2, custom3, custom4"):
        Cell(["input", "involution", "output"], [(0, 1), (1, 2)])


def test_two_inputs_or_outputs_get_advice():
    with pytest.raises(ValueError, match=r"exactly one input, this one has 2.*as in DARTS, keep one 'input'"):
        Cell(["input", "input", "sepconv3x3", "output"], [(0, 2), (1, 2), (2, 3)])
    with pytest.raises(ValueError, match=r"exactly one output, this one has 2.*join them"):
        Cell(["input", "output", "output"], [(0, 1), (0, 2)])
