"""Columns of chains: which cells have them, and that they are those of what a cell computes."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from metanp import Cell, MetaNP
from metanp.cell_array import CellArray
from metanp.descriptions import Descriptions
from metanp.operations import Operation
from metanp.places import Places
from metanp.side import Side

WIDE = Operation("block", "convolution", kernel_size=3, width=64)
NARROW = Operation("block", "convolution", kernel_size=3, width=32)


def chain(*operations):
    return Cell(("input", *operations, "output"), [(i, i + 1) for i in range(len(operations) + 1)])


BRANCHED = Cell(("input", "conv3x3", "skip", "output"), [(0, 1), (0, 2), (1, 3), (2, 3)])


@pytest.mark.parametrize("form", [list, CellArray.from_cells])
def test_a_place_is_a_column_where_chains_differ_in_it(form):
    cells = form([chain("skip", "conv3x3", "conv1x1"), chain("skip", "conv1x1", "conv1x1"), chain("skip", "conv3x3")])
    places = Places.of(cells)
    assert set(places.varying()) == {"place 1=conv1x1", "place 1=conv3x3", "place 2=conv1x1"}
    assert places.column("place 1=conv3x3").tolist() == [1, 0, 1]
    assert places.column("place 2=conv1x1").tolist() == [1, 1, 0]
    assert places.column("place 9=skip").tolist() == [0, 0, 0]
    assert places.rows(np.array([2, 1])).column("place 1=conv3x3").tolist() == [1, 0]


def test_described_operations_of_one_name_are_different_choices():
    places = Places.of([chain(WIDE, NARROW), chain(NARROW, NARROW)])
    assert sorted(places.column(name).tolist() for name in places.varying()) == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    "others",
    [
        [BRANCHED],
        [Cell.from_parameters({"depth": 1})],
        [chain("conv3x3")],
    ],
    ids=["branched", "parameters alone", "one operation"],
)
def test_there_are_no_columns_unless_all_evaluated_cells_are_chains(others):
    assert Places.of([chain("skip", "conv3x3"), chain("conv1x1", "conv3x3"), *others]).varying() == []


def test_blocks_have_their_places_as_parameters_already():
    blocks = [Cell.from_blocks(["conv3x3", word]) for word in ("conv1x1", "skip")]
    assert not Places.of(blocks)
    assert Descriptions.of(blocks).varying() == ["1.name=conv1x1", "1.name=skip"]


def test_a_cell_that_is_a_chain_when_pruned_is_read_as_that_chain():
    dead = Cell(("input", "conv3x3", "none", "conv1x1", "output"), [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)])
    assert dead.key == chain("conv3x3", "conv1x1").key
    both = Places.of([dead, chain("conv3x3", "conv1x1"), BRANCHED])
    assert both.column("place 1=conv1x1").tolist() == [1, 1, 0]


@pytest.mark.parametrize("name", ["place", "place 0", "place in net"])
def test_a_parameter_of_a_like_name_is_read_as_any_other(name):
    cells = [Cell.from_parameters({name: value, "x": x}) for x, value in enumerate("abcabcabc")]
    model = MetaNP("label-free").fit(cells, range(9))
    mean = model.predict([*cells, Cell.from_parameters({"x": 2}), chain("conv3x3", "conv1x1")])
    assert np.isfinite(mean).all()
    chains = Side.of(None, 1).of_cells([chain("conv3x3", "conv1x1")])
    known = Side.of(None, 9).of_cells(cells).with_derived()
    assert not np.nan_to_num(chains.like(known)).any()


def test_columns_survive_another_process():
    own = [chain(WIDE, NARROW, "conv3x3"), chain(NARROW, "skip", WIDE), chain("skip", "skip", NARROW)]
    side = Side.of(None, 3).of_cells(own)
    known = side.with_derived()
    code = "import pickle, sys; a, b = pickle.load(sys.stdin.buffer); print(a.like(b).tolist())"
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps((side, known)), capture_output=True)
    assert done.stdout.decode().strip() == str(side.like(known).tolist()), done.stderr


def test_the_model_ranks_by_place_what_graphs_do_not_tell_apart():
    rng = np.random.default_rng(0)
    words = np.array(["conv3x3", "conv1x1", "maxpool3x3"])
    digits = rng.integers(0, 3, size=(260, 8))
    digits = digits[np.unique(digits, axis=0, return_index=True)[1]]
    digits = digits[rng.permutation(len(digits))]
    cells = [chain(*words[row]) for row in digits]
    score = digits @ np.array([4.0, -3.0, 2.0, -1.0, 1.0, -2.0, 3.0, -4.0])
    model = MetaNP("label-free").fit(cells[:100], score[:100])
    predicted = model.predict(cells[100:])
    assert np.corrcoef(predicted, score[100:])[0, 1] > 0.8
