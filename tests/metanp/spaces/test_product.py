"""Spaces from a dictionary of choices, and of one graph with one's own operations."""

import numpy as np
import pytest

from metanp import Cell
from metanp.operations import Operation
from metanp.search import Listed, Open, Search
from metanp.spaces import GraphSpace, ProductSpace

CHOICES = {"depth": [1, 2, 3], "width": [16, 32, 64], "kernel": ["3x3", "5x5"]}
SPACE = ProductSpace("widths", CHOICES)
ODD = ProductSpace(
    "odd",
    {
        "width": [[16, 32], [32, 64], [64]],
        "width.first": [0.5, None],
        "block": [{"kernel": 3, "skip": True}, {"kernel": 5, "skip": False}],
        "act": ["relu", None],
    },
)


def test_every_combination_is_a_cell_of_its_parameters_in_order():
    cells = list(SPACE)
    assert len(SPACE) == len(cells) == len({cell.key for cell in cells}) == 18
    assert cells[1] == Cell.from_parameters({"depth": 1, "width": 16, "kernel": "5x5"}) == SPACE[1]
    assert SPACE.values(cells[-1]) == {"depth": 3, "width": 64, "kernel": "5x5"}
    assert SPACE.find(cells[7]) == 7


def test_lists_mappings_truth_values_and_nothing_are_choices():
    assert len(ODD) == len({cell.key for cell in ODD}) == 3 * 2 * 2 * 2
    for cell in ODD:
        assert ODD.cell(ODD.code(cell)) == cell
        assert ODD.parse_text(ODD.write_text(cell)) == cell
        assert ODD.values(Cell.from_json(cell.to_json())) == ODD.values(cell)


def test_neighbours_have_another_choice_for_one_name_and_crossover_has_the_choices_of_both():
    cell = SPACE[0]
    near = [SPACE.values(one) for one in SPACE.neighbours(cell)]
    assert len(near) == 2 + 2 + 1
    assert all(sum(one[name] != SPACE.values(cell)[name] for name in CHOICES) == 1 for one in near)
    rng = np.random.default_rng(0)
    joined = [SPACE.values(SPACE.crossover(SPACE[0], SPACE[17], rng)) for _ in range(30)]
    assert {one["depth"] for one in joined} == {1, 3}
    assert SPACE.mutate(cell, rng).key in {one.key for one in SPACE.neighbours(cell)}


def test_few_combinations_are_listed_and_many_are_drawn():
    large = ProductSpace("large", {f"width {i}": range(1, 100) for i in range(20)})
    assert large.__len__() == 99**20
    assert isinstance(Search(SPACE, "random").candidates, Listed)
    assert isinstance(Search(large, "evolution").candidates, Open)
    assert len({cell.key for cell in Search(large, "evolution").ask(3)}) == 3
    assert not ProductSpace("more", {str(i): [0, 1] for i in range(17)}).is_listed


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({}, "the choices are {}; give some by name"),
        ([1, 2], "the choices are"),
        ({"depth": []}, "there is no choice for 'depth'"),
        ({"depth": 3}, "the choices of 'depth' are 3; give a list"),
        ({"depth": "123"}, "the choices of 'depth' are '123'; give a list"),
        ({"depth": [1, True]}, "two choices of 'depth' are the same"),
        ({"depth": [object()]}, "parameter 'depth' is"),
        ({"depth": [float("nan")]}, "parameter 'depth' is nan"),
    ],
)
def test_what_are_no_choices_is_refused_by_name(choices, says):
    with pytest.raises(ValueError, match=says):
        ProductSpace("wrong", choices)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"depth": 4, "width": 16, "kernel": "3x3"}', "widths: 'depth' is 4; nearest: 3; known: 1, 2, 3"),
        ('{"depth": 1, "width": 16, "kernel": "7x7"}', "'kernel' is '7x7'; nearest:"),
        ('{"depth": 1, "widht": 16, "kernel": "3x3"}', "widths has no 'widht'; nearest: width"),
        ('{"depth": 1, "width": 16}', "does not say 'kernel'"),
        ("[1]", "expected such as"),
        ("depth=1", "JSON"),
    ],
)
def test_a_text_that_is_none_is_refused_with_the_nearest(text, says):
    with pytest.raises(ValueError, match=says):
        SPACE.parse_text(text)


def test_cells_of_other_parameters_are_not_in_the_space():
    others = [{"depth": 1, "width": 16}, {"depth": 1, "width": 16, "kernel": "3x3", "more": 1}, {"depth": 9}]
    assert not [one for one in others if Cell.from_parameters(one) in SPACE]
    assert Cell(["input", "skip", "output"], [(0, 1), (1, 2)], SPACE.values(SPACE[0])) not in SPACE


WIDE = Operation("wide", kind="inverted bottleneck", kernel_size=5, expansion=6, width=96)
BRANCHES = [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)]


def test_a_graph_may_carry_described_operations():
    said = Operation("conv3x3", "convolution", kernel_size=3)  # says just what the word says
    space = GraphSpace("two_branches", {"skip": "skip", "conv": said, "wide": WIDE}, BRANCHES)
    cells = list(space)
    assert len(space) == len(cells) == 27
    assert [space.digits(cell) for cell in cells] == [tuple(row) for row in space.digit_rows().tolist()]
    assert cells[5].operations == ("input", "skip", "conv3x3", WIDE, "output")
    assert space.write_text(cells[5]) == "skip,conv,wide"
    assert space.parse_text("skip, conv, wide") == cells[5]
    swapped = Cell(["input", "conv3x3", "skip", WIDE, "output"], BRANCHES)
    assert space.digits(swapped) == (1, 0, 2)
    renumbered = Cell(["output", WIDE, "skip", "conv3x3", "input"], [(4, 2), (4, 3), (2, 1), (3, 1), (1, 0)])
    assert space.write_text(Cell.from_json(renumbered.to_json())) == "skip,conv,wide"
    assert len(Search(space, "random").ask(3)) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [("skip,conv", "3 names joined by commas"), ("skip,conv,wid", "no operation 'wid'; nearest: wide")],
)
def test_a_text_of_other_operations_is_refused(text, says):
    space = GraphSpace("two_branches", {"skip": "skip", "conv": "conv3x3", "wide": WIDE}, BRANCHES)
    with pytest.raises(ValueError, match=says):
        space.parse_text(text)


@pytest.mark.parametrize(
    ("operations", "edges", "says"),
    [
        ({}, BRANCHES, "needs an operation"),
        ({"a": "skip"}, [(0, 1)], "needs an operation, and a node"),
        ({"a": "convv3x3"}, BRANCHES, "nearest known: conv3x3"),
        ({"a": "skip"}, [(0, 1), (1, 0), (1, 2)], "edge"),
        ({"a": "skip"}, [(0, 2), (2, 1), (1, 3)], r"the edge \(2, 1\) does not go up; number the nodes"),
        ({"a": "skip", "b": "skip"}, BRANCHES, "'a' and 'b' are the same operation; leave one of them out"),
        ({"a,b": "skip"}, BRANCHES, "the name 'a,b' is not read back .* without commas"),
        ({" a": "skip"}, BRANCHES, "the name ' a' is not read back"),
    ],
)
def test_a_graph_that_is_no_space_is_refused(operations, edges, says):
    with pytest.raises(ValueError, match=says):
        GraphSpace("wrong", operations, edges)


def test_a_graph_of_one_operation_has_no_mutation():
    space = GraphSpace("one", {"skip": "skip"}, BRANCHES)
    with pytest.raises(ValueError, match="one has no cell one edit away from"):
        space.mutate(space.cell([0, 0, 0]), np.random.default_rng(0))


def test_a_graph_too_large_to_list_finds_cells_under_other_numbers_unless_they_were_pruned():
    doors, ways = range(1, 6), [(i, i + 5) for i in range(1, 11)]
    edges = [*((0, i) for i in doors), *ways, (1, 7), (2, 6), *((i, 16) for i in range(11, 16))]
    space = GraphSpace("large", {"a": "conv3x3", "b": "conv1x1", "c": "skip", "none": "none"}, edges)
    assert not space.is_listed
    for seed in range(10):
        cell = space.cell(np.random.default_rng(seed).integers(3, size=15).tolist())
        assert cell.pruned in space
        assert space.cell(space.digits(cell.canonical)).key == cell.key
    with pytest.raises(ValueError, match="write it on the edges of the space"):
        space.digits(space.cell([3] + [0] * 14).canonical)
    assert Cell(["input", "skip", "output"], [(0, 1), (1, 2)]) not in space


def test_numbers_and_arrays_of_numpy_are_written_as_pythons():
    values = {
        "depth": np.arange(1, 3),
        "skip": [np.bool_(True), None],
        "widths": [[np.int64(16), np.ones(2)], {"a": np.float32(1)}],
    }
    space = ProductSpace("numpy", values)
    assert [space.parse_text(space.write_text(cell)) for cell in space] == list(space)
    assert space.choices["widths"] == [[16, [1.0, 1.0]], {"a": 1.0}]
    assert type(space.choices["skip"][0]) is bool


def test_the_values_of_a_cell_and_the_choices_that_were_given_are_copied():
    given = {"widths": [[16, 32], [{"a": 1}]]}
    space = ProductSpace("copied", given)
    given["widths"][0].append(64)
    space.values(space[0])["widths"].append(64)
    space.values(space[1])["widths"][0]["a"] = 2
    assert space.choices == {"widths": [[16, 32], [{"a": 1}]]}
