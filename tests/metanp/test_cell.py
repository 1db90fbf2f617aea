"""A cell: what it refuses, what pruning drops, when two are the same, and the ways in and out that no space owns."""

import itertools
import json
import pickle

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metanp.cell import Cell

OPERATIONS = ("none", "skip", "conv1x1", "conv3x3")


@st.composite
def cells(draw) -> Cell:
    """Any cell of up to eight nodes, its nodes numbered in any order."""
    inner = draw(st.lists(st.sampled_from(OPERATIONS), max_size=6))
    size = len(inner) + 2
    pairs = list(itertools.combinations(range(size), 2))
    edges = [pair for pair in pairs if draw(st.booleans())]
    return relabelled(Cell(["input", *inner, "output"], edges), draw(st.permutations(range(size))))


def relabelled(cell: Cell, place) -> Cell:
    """The same cell, node i called place[i]."""
    operations = [""] * len(cell)
    for i, name in enumerate(cell.operations):
        operations[place[i]] = name
    return Cell(operations, [(place[u], place[v]) for u, v in cell.edges])


@pytest.mark.parametrize(
    ("operations", "edges", "message"),
    [
        (["input", "conv3x4", "output"], [], "unknown operation 'conv3x4'; nearest known: conv3x3"),
        (["input", "skip"], [], "exactly one output, this one has 0"),
        (["input", "input", "output"], [], "exactly one input, this one has 2"),
        (["input", "output"], [(0, 2)], r"edge \(0, 2\) names a node that does not exist; nodes are 0 to 1"),
        (["input", "output"], [(-1, 1)], r"edge \(-1, 1\) names a node that does not exist"),
        (["input", "output"], [(0, 1), (0, 1)], r"edge \(0, 1\) is given twice"),
        (["input", "skip", "output"], [(1, 0)], r"edge \(1, 0\) goes into the input"),
        (["input", "skip", "output"], [(2, 1)], r"edge \(2, 1\) goes out of the output"),
        (["input", "skip", "output"], [(1, 1)], r"cycle through node 1 \(skip\)"),
        (["input", "skip", "fc", "fc", "output"], [(0, 1), (2, 3), (3, 2), (3, 4)], r"cycle through node 2 \(fc\)"),
        (["input", "output"], [(0, 1.5)], r"\(0, 1.5\) is no edge"),
        (["input", "output"], [(0, 1, 1)], r"\(0, 1, 1\) is no edge"),
        (["input", "output"], [("0", "1")], r"\('0', '1'\) is no edge"),
        (["input", "output"], [1], "1 is no edge"),
    ],
)
def test_what_is_no_cell_is_refused_by_naming_the_item(operations, edges, message):
    with pytest.raises(ValueError, match=message):
        Cell(operations, edges)


def test_a_node_behind_a_cycle_is_not_blamed_for_it():
    with pytest.raises(ValueError, match="node 1"):
        Cell(["input", "skip", "skip", "skip", "output"], [(1, 2), (2, 1), (2, 3), (3, 4)])


def test_pruning_drops_none_and_nodes_on_no_path_and_keeps_skips():
    #      0 input, 1 conv3x3 -> output, 2 none -> output, 3 skip -> output, 4 leads nowhere, 5 comes from nowhere
    names = ["input", "conv3x3", "none", "skip", "conv1x1", "conv1x1", "output"]
    cell = Cell(names, [(0, 1), (1, 6), (0, 2), (2, 6), (0, 3), (3, 6), (1, 4), (5, 6)])
    assert cell.pruned == Cell(["input", "conv3x3", "skip", "output"], [(0, 1), (1, 3), (0, 2), (2, 3)])
    assert cell.is_live


@pytest.mark.parametrize(
    "cell",
    [
        Cell(["input", "conv3x3", "output"], [(0, 1)]),
        Cell(["input", "none", "output"], [(0, 1), (1, 2)]),
        Cell(["input", "output"], []),
    ],
)
def test_a_cell_without_a_live_path_is_legal_and_prunes_to_its_two_ends(cell):
    assert not cell.is_live
    assert cell.pruned == Cell(["input", "output"], [])


def test_equality_is_of_the_cell_as_written_and_key_of_what_it_computes():
    plain = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])
    dangling = Cell(["input", "conv3x3", "conv1x1", "output"], [(0, 1), (1, 3), (1, 2)])
    assert plain == Cell(("input", "conv3x3", "output"), np.array([[1, 2], [0, 1]]))
    assert hash(plain) == hash(Cell(["input", "conv3x3", "output"], [[1, 2], [0, 1]]))
    assert plain != dangling
    assert plain.key == dangling.key


def test_the_key_is_the_same_on_every_machine_and_in_every_version():
    assert Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)]).key == "18e0a5655f98b6e563abde0e0f570cdc"


@given(cells(), st.data())
def test_renumbering_the_nodes_changes_neither_key_nor_canonical_form(cell, data):
    other = relabelled(cell, data.draw(st.permutations(range(len(cell)))))
    assert other.key == cell.key
    assert other.canonical == cell.canonical
    assert other.is_live == cell.is_live


@given(cells())
def test_pruned_and_canonical_are_idempotent_and_canonical_is_in_topological_order(cell):
    assert cell.pruned.pruned == cell.pruned
    canonical = cell.canonical
    assert canonical.canonical == canonical
    assert canonical.pruned == canonical
    assert canonical.key == cell.key
    assert (canonical.operations[0], canonical.operations[-1]) == ("input", "output")
    assert all(u < v for u, v in canonical.edges)


@given(cells(), cells())
def test_keys_are_equal_exactly_when_networkx_finds_an_isomorphism(a, b):
    same = networkx.is_isomorphic(
        a.pruned.to_networkx(), b.pruned.to_networkx(), node_match=lambda x, y: x["operation"] == y["operation"]
    )
    assert (a.key == b.key) == same


def test_as_many_keys_as_nasbench101_has_cells_of_up_to_five_vertices():
    keys = set()
    for size in range(2, 6):
        pairs = list(itertools.combinations(range(size), 2))
        for inner in itertools.product(("conv3x3", "conv1x1", "maxpool3x3"), repeat=size - 2):
            for bits in itertools.product((False, True), repeat=len(pairs)):
                if sum(bits) <= 9:
                    keys.add(Cell(("input", *inner, "output"), itertools.compress(pairs, bits)).key)
    # 1, 6, 84 and 2,441 cells of 2 to 5 vertices (Ying et al. 2019), and one key for all without a live path
    assert len(keys) == 1 + 6 + 84 + 2441 + 1


@given(cells())
def test_a_cell_comes_back_from_json_networkx_and_pickle_as_it_was(cell):
    assert Cell.from_json(json.dumps(cell.to_json())) == cell
    assert Cell.from_networkx(cell.to_networkx()) == cell
    assert pickle.loads(pickle.dumps(cell)) == cell


def test_a_cell_cannot_be_changed():
    with pytest.raises(AttributeError):
        Cell(["input", "output"], []).edges = ()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('{"operations": ["input", "output"]}', "unknown search space 'operations'"),
        ({"nasbench210": "|...|"}, "unknown search space 'nasbench210'; nearest: nasbench201"),
        ({"nasbench201": 5}, "a cell of nasbench201 is written as a string, not as 5"),
        ({"operations": None, "edges": []}, "'operations' and 'edges' must be lists"),
        ({"operations": ["input", "output"], "edges": 3}, "'operations' and 'edges' must be lists"),
        ({"operations": ["input", ["conv"], "output"], "edges": []}, "unknown operation"),
        ("[1, 2]", "not a cell"),
        ("{", "Expecting property name"),
    ],
)
def test_json_that_is_no_cell_is_refused(value, message):
    with pytest.raises(ValueError, match=message):
        Cell.from_json(value)


def test_another_kind_of_graph_or_a_node_without_operation_is_refused():
    with pytest.raises(ValueError, match=r"DiGraph, not a Graph"):
        Cell.from_networkx(networkx.Graph())
    graph = networkx.DiGraph()
    graph.add_node("a", operation="input")
    graph.add_node("b")
    with pytest.raises(ValueError, match="node 'b' has no attribute 'operation'"):
        Cell.from_networkx(graph)
