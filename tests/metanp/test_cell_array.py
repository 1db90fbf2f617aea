"""Cells as arrays: the same answers as `Cell` gives one at a time, whatever the padding and the numbering."""

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metanp.cell import Cell
from metanp.cell_array import CellArray, by_size, keys
from metanp.distinct import Distinct
from metanp.operations import INDEX
from tests.metanp.test_cell import cells, relabelled

CHAIN = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])
many_cells = st.lists(cells(), max_size=6)


def chain(*inner: str) -> Cell:
    return Cell(["input", *inner, "output"], [(i, i + 1) for i in range(len(inner) + 1)])


def test_a_cell_of_three_nodes_beside_one_of_two_written_out():
    array = CellArray.from_cells([CHAIN, Cell(["input", "output"], [(0, 1)])])
    i, o, c = (INDEX[name] for name in ("input", "output", "conv3x3"))
    assert array.operation.tolist() == [[i, c, o], [i, o, -1]]
    assert [np.argwhere(a).tolist() for a in array.adjacency] == [[[0, 1], [1, 2]], [[0, 1]]]
    assert array.size.tolist() == [3, 2]


@settings(max_examples=60)
@given(many_cells)
def test_keys_are_those_of_each_cell_in_either_form(some):
    wanted = [cell.key for cell in some]
    assert keys(some).tolist() == keys(CellArray.from_cells([*some, *some])).tolist()[: len(some)] == wanted


def test_keys_tell_parameters_apart_and_cells_of_any_size():
    beside = [Cell.from_parameters({"depth": depth}) for depth in (1, 2, 1)]
    some = [*beside, chain(*["conv3x3"] * 40), CHAIN, chain("none"), *beside]
    assert keys(some).tolist() == [cell.key for cell in some]
    assert len(set(keys(some).tolist())) == 5


@settings(max_examples=60)
@given(many_cells)
def test_any_numbering_becomes_topological_and_computes_the_same(some):
    array = CellArray.from_cells(some)
    assert not np.tril(array.adjacency.astype(int)).any()
    assert [cell.key for cell in array.to_cells()] == [cell.key for cell in some]
    assert [len(cell) for cell in array.to_cells()] == [len(cell) for cell in some]
    assert (array.operation[:, 0] == INDEX["input"]).all()
    assert (array.operation[np.arange(len(some)), array.size - 1] == INDEX["output"]).all()


@settings(max_examples=60)
@given(many_cells)
def test_cells_in_topological_order_come_back_as_they_were(some):
    ordered = [cell.canonical for cell in some]
    assert CellArray.from_cells(ordered).to_cells() == ordered


@settings(max_examples=60)
@given(many_cells)
def test_pruning_many_at_once_agrees_with_pruning_each(some):
    ordered = CellArray.from_cells(some)
    assert ordered.pruned().to_cells() == [cell.pruned for cell in ordered.to_cells()]


@settings(max_examples=60)
@given(cells())
def test_the_paths_of_a_cell_whose_skips_are_edges_are_its_own_without_skips(cell):
    def paths(some: Cell) -> set[tuple[str, ...]]:
        graph, ends = some.to_networkx(), (some.operations.index("input"), some.operations.index("output"))
        found = networkx.all_simple_paths(graph, *ends)
        return {tuple(name for i in path if (name := some.operations[i]) != "skip") for path in found}

    skipless = CellArray.from_cells([cell]).pruned().skipless().to_cells()[0]
    assert "skip" not in skipless.operations
    assert paths(skipless) == paths(cell.pruned)


def test_two_skips_side_by_side_and_one_beside_an_edge_are_one_edge():
    twice = Cell(["input", "skip", "skip", "output"], [(0, 1), (0, 2), (1, 3), (2, 3)])
    beside = Cell(["input", "skip", "conv3x3", "output"], [(0, 1), (1, 2), (0, 2), (2, 3)])
    found = CellArray.from_cells([twice, beside, chain("skip", "skip", "conv3x3", "skip")]).skipless().to_cells()
    assert found == [Cell(["input", "output"], [(0, 1)]), CHAIN, CHAIN]


def test_pruning_in_pieces_gives_what_pruning_at_once_gives(monkeypatch):
    some = [chain(*["skip"] * (i % 5), *["none"] * (i % 2)) for i in range(11)]
    whole = CellArray.from_cells(some)
    pruned, fingerprint = whole.pruned(), whole.fingerprint()
    monkeypatch.setattr("metanp.cell_array.CHUNK", 3)
    assert whole.pruned().to_cells() == pruned.to_cells()
    assert (whole.fingerprint() == fingerprint).all()


@given(cells(), st.data())
def test_fingerprints_of_renumbered_cells_are_equal(cell, data):
    place = data.draw(st.permutations(range(len(cell))))
    one, other = CellArray.from_cells([cell, relabelled(cell, place)]).fingerprint()
    assert one == other


@given(cells(), st.data())
def test_a_cell_and_one_with_an_edge_more_have_equal_fingerprints_only_if_their_keys_are_equal(cell, data):
    ordered = CellArray.from_cells([cell]).to_cells()[0]
    pairs = [(u, v) for v in range(len(cell)) for u in range(v) if (u, v) not in ordered.edges]
    other = Cell(ordered.operations, [*ordered.edges, *([data.draw(st.sampled_from(pairs))] if pairs else [])])
    one, two = CellArray.from_cells([cell, other]).pruned().fingerprint()
    assert (one == two) == (cell.key == other.key)


def test_the_fingerprint_sees_which_way_an_edge_goes_and_which_operation_a_node_has():
    forth = Cell(["input", "skip", "conv3x3", "output"], [(0, 1), (1, 2), (2, 3)])
    back = Cell(["input", "skip", "conv3x3", "output"], [(0, 2), (2, 1), (1, 3)])
    other = Cell(["input", "skip", "conv1x1", "output"], [(0, 1), (1, 2), (2, 3)])
    assert len(set(CellArray.from_cells([forth, back, other]).fingerprint().tolist())) == 3


def test_long_chains_that_differ_only_far_from_their_ends_have_different_fingerprints():
    plain = ["conv1x1"] * 20
    one, other = chain(*plain, "conv3x3", *plain, "skip", *plain), chain(*plain, "skip", *plain, "conv3x3", *plain)
    assert len(set(CellArray.from_cells([one, other]).fingerprint().tolist())) == 2


@settings(max_examples=40)
@given(many_cells, cells())
def test_neither_padding_nor_the_cells_beside_it_change_a_cell(some, wide):
    array = CellArray.from_cells(some)
    beside = CellArray.concatenate([array, CellArray.from_cells([wide, chain(*["skip"] * 12)])])
    kept = beside[: len(some)]
    assert kept.operation.shape[1] == 14
    assert (kept.fingerprint() == array.fingerprint()).all()
    assert kept.to_cells() == array.to_cells()
    assert (kept.pruned().fingerprint() == array.pruned().fingerprint()).all()


def test_concatenating_and_choosing_rows():
    a, b = CellArray.from_cells([CHAIN, chain("skip", "fc")]), CellArray.from_cells([chain()])
    both = CellArray.concatenate([a, b])
    assert len(both) == 3
    assert both.to_cells() == [CHAIN, chain("skip", "fc"), chain()]
    assert both[[2, 0]].to_cells() == [chain(), CHAIN]
    assert both[1:].to_cells() == [chain("skip", "fc"), chain()]
    assert len(CellArray.concatenate([])) == 0


def test_relabelling_swaps_operations_and_leaves_padding():
    array = CellArray.from_cells([CHAIN, chain()])
    swap = np.arange(len(INDEX), dtype=np.int16)
    swap[[INDEX["conv3x3"], INDEX["gat"]]] = INDEX["gat"], INDEX["conv3x3"]
    assert array.relabelled(swap).to_cells() == [chain("gat"), chain()]


@pytest.mark.parametrize("method", ["pruned", "to_cells", "fingerprint"])
def test_no_cell_at_all_is_legal(method):
    assert len(getattr(CellArray.from_cells([]), method)()) == 0


def test_cells_of_like_size_are_put_together_in_their_order():
    some = [chain(*["skip"] * n) for n in (3, 100, 0, 90, 200)]
    groups = [(rows.tolist(), array.to_cells()) for rows, array in by_size(some)]
    assert groups == [([0, 2], [some[0], some[2]]), ([1, 3], [some[1], some[3]]), ([4], [some[4]])]
    assert [rows.tolist() for rows, _ in by_size(CellArray.from_cells(some))] == [[0, 2], [1, 3], [4]]


def test_distinct_cells_of_mixed_sizes_are_those_of_one_array():
    dead = ["none"] * 100  # a large cell as it is written that computes what a small one does
    some = [chain("fc"), chain(*["fc"] * 100), Cell(["input", "fc", *dead, "output"], [(0, 1), (1, 102)]), chain("gcn")]
    distinct, pruned = Distinct.of(some), CellArray.from_cells(some).pruned()
    assert (distinct.fingerprint[distinct.graph] == pruned.fingerprint()).all()
    assert len(distinct) == 3
    assert [distinct.array().to_cells()[i] for i in distinct.graph] == [cell.pruned for cell in some]
    assert distinct.each(lambda cells: cells.size)[distinct.graph].tolist() == [3, 102, 3, 3]


@pytest.mark.parametrize("size", [70, 300])
def test_fingerprints_of_large_cells_do_not_depend_on_numbering_or_on_what_is_beside_them(size):
    plain, other = chain(*["fc"] * size), chain(*["fc"] * (size - 1), "gcn")
    place = np.random.default_rng(0).permutation(size + 2).tolist()
    one, two, three = CellArray.from_cells([plain, relabelled(plain, place), other]).fingerprint()
    assert one == two == CellArray.from_cells([plain]).fingerprint()[0]
    assert one != three
