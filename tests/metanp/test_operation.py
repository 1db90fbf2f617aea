"""Described operations: what they are, how cells hold them, and that nothing confuses two of them."""

import json
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from metanp import Cell, MetaNP
from metanp.cell_array import CellArray
from metanp.operation import Operation
from metanp.operations import INDEX, VOCABULARY, operation_at, operation_index, word_of, words

FUSED = Operation("fused_mbconv", kind="inverted bottleneck", kernel_size=3, expansion=4, width=96)
CHAIN = [(0, 1), (1, 2), (2, 3)]


def chain(*inner):
    return Cell(["input", *inner, "output"], [(i, i + 1) for i in range(len(inner) + 1)])


def test_a_described_operation_stands_beside_words_and_goes_to_json_and_back():
    cell = chain(FUSED, "conv3x3")
    assert cell.names == ("input", "fused_mbconv", "conv3x3", "output")
    assert Cell.from_json(json.dumps(cell.to_json())) == cell
    assert eval(repr(cell)) == cell
    assert pickle.loads(pickle.dumps(cell)) == cell


def test_two_of_one_name_with_other_numbers_are_two_operations():
    wider = Operation("fused_mbconv", kind="inverted bottleneck", kernel_size=3, expansion=4, width=97)
    cells = [chain(one, "conv3x3") for one in (FUSED, wider)]
    assert cells[0].key != cells[1].key
    assert len(set(CellArray.from_cells(cells).fingerprint().tolist())) == 2
    another = chain(replace(FUSED, variant="second"), "conv3x3")
    assert another.key not in {cell.key for cell in cells}


def test_a_description_that_says_what_a_word_says_is_that_word():
    described = chain(Operation("conv3x3", kind="convolution", kernel_size=3.0), "skip")
    assert described == chain("conv3x3", "skip")
    assert described.operations[1] == "conv3x3"


def test_equal_numbers_of_any_type_are_one_operation():
    ways = [3, 3.0, np.int64(3), (3, 3), [3, 3]]
    assert len({Operation("x", kind="convolution", kernel_size=way).text for way in ways}) == 1
    assert Operation("x", kind="conv", kernel_size=(3, 1)).kernel_size == (3, 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"name": ""}, "name is ''"),
        ({"name": 3}, "name is 3"),
        ({"name": "x", "kind": "input"}, "write the word 'input'"),
        ({"name": "x", "width": -1}, "width=-1"),
        ({"name": "x", "width": float("nan")}, "width=nan"),
        ({"name": "x", "expansion": "4"}, "expansion='4'"),
        ({"name": "x", "kernel_size": (3, 3, 3)}, "one size, or two"),
    ],
)
def test_what_is_no_operation_is_refused_by_name(arguments, says):
    with pytest.raises(ValueError, match=says):
        Operation(**arguments)


def test_unknown_attributes_in_json_name_the_nearest():
    with pytest.raises(ValueError, match="has no 'kernel'; nearest: kernel_size"):
        Cell.from_json({"operations": ["input", {"name": "x", "kernel": 3}, "output"], "edges": [[0, 1], [1, 2]]})
    with pytest.raises(ValueError, match="no 'name'"):
        Cell.from_json({"operations": ["input", {"kind": "pool"}, "output"], "edges": [[0, 1], [1, 2]]})


@pytest.mark.parametrize(
    ("kind", "word"),
    [("depthwise", "sepconv3x3"), ("pool", "avgpool3x3"), ("concat", "sum"), ("identity", "skip"), ("attention", "fc")],
)
def test_models_read_it_as_the_word_most_like_it(kind, word):
    kernel = 3 if kind in ("depthwise", "pool") else 0
    assert VOCABULARY[word_of(Operation("x", kind=kind, kernel_size=kernel))].name == word


def test_kinds_that_nobody_knows_are_custom_words():
    found = {VOCABULARY[word_of(Operation(f"op{i}", kind=f"mystery{i}"))].name for i in range(40)}
    assert found == {"custom1", "custom2", "custom3", "custom4"}


def test_numbers_of_operations_are_kept_within_a_process_and_words_keep_theirs():
    number = operation_index(FUSED)
    assert number >= len(VOCABULARY)
    assert operation_at(number) == FUSED
    assert words(np.array([INDEX["conv3x3"], -1])).tolist() == [INDEX["conv3x3"], -1]


def test_arrays_of_described_cells_mean_the_same_in_another_process():
    cells = CellArray.from_cells([chain(FUSED, "conv3x3"), chain("skip", Operation("b", kind="pool", kernel_size=2))])
    code = (
        "import pickle, sys; from metanp.operation import Operation; from metanp.operations import operation_index;"
        "[operation_index(Operation(f'z{i}')) for i in range(5)];"
        "cells = pickle.load(sys.stdin.buffer);"
        "print(*[c.key for c in cells.to_cells()], *cells.fingerprint().tolist())"
    )
    out = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(cells), capture_output=True, check=True)
    expected = [*[cell.key for cell in cells.to_cells()], *map(str, cells.fingerprint().tolist())]
    assert out.stdout.decode().split() == expected


def test_isomorphic_cells_with_described_operations_have_one_key_and_one_prediction():
    other = Operation("b", kind="pool", kernel_size=2)
    cell = Cell(["input", FUSED, other, "output"], [(0, 1), (0, 2), (1, 3), (2, 3)])
    turned = Cell(["output", other, FUSED, "input"], [(3, 1), (3, 2), (1, 0), (2, 0)])
    assert cell.key == turned.key
    evaluated = [chain(FUSED, "conv3x3"), chain("skip", other), chain("conv1x1", "skip"), cell]
    mean = MetaNP("label-free").fit(evaluated, [1.0, 2.0, 3.0, 4.0]).predict([cell, turned])
    assert mean[0] == pytest.approx(mean[1])


def test_a_width_is_read_as_a_number():
    """Scores that grow with the width: one between two seen widths is predicted between them."""
    widths = [8, 16, 24, 40, 56, 64, 80, 96]
    cells = [chain(Operation("conv", kind="convolution", kernel_size=3, width=w), "skip") for w in (*widths, 32, 72)]
    mean = MetaNP("label-free").fit(cells[:8], [float(w) for w in widths]).predict(cells[8:])
    assert 16 < mean[0] < 56 < mean[1] < 96
