"""Adjacency and paths worked by hand, in cells of any size, and how many paths the known spaces have."""

import numpy as np
import pytest

from metanp.baselines.encodings import adjacency, categorical, paths, short_paths
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.operations import INDEX
from metanp.spaces import get_space

SPACE = get_space("nasbench201")
SKIP, CONV = INDEX["skip"], INDEX["conv3x3"]


def test_one_hot_cells_worked_by_hand():
    cells = [Cell(["input", "skip", "output"], [(0, 1), (1, 2)]), Cell(["input", "skip", "output"], [(0, 2)])]
    _, operations, edges = adjacency(cells).blocks(adjacency(cells))
    assert operations[:, :-1].tolist() == [[1, 1, 1], [1, 1, 1]]
    # edges (0, 1), (0, 2), (1, 2)
    assert edges[:, :-1].tolist() == [[1, 0, 1], [0, 1, 0]]


def test_one_hot_cells_are_read_alike_whatever_the_largest_cell_beside_them_is():
    small, large = SPACE.arrays()[5:6], SPACE.arrays()[:1]
    wide = CellArray.concatenate([small, CellArray.from_cells([Cell(["input", *["skip"] * 9, "output"], [(0, 10)])])])
    for alone, beside in zip(
        adjacency(small).blocks(adjacency(large)), adjacency(wide).blocks(adjacency(large)), strict=True
    ):
        assert alone[0].tolist() == beside[0].tolist()


def test_categorical_cells_worked_by_hand():
    cells = [
        Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)]),
        Cell(["input", "skip", "output"], [(0, 1), (0, 2), (1, 2)]),
    ]
    _, operations, edges = categorical(cells).blocks(categorical(cells))
    assert operations[:, 1].tolist() == [CONV, SKIP]
    # edges (0, 1), (0, 2), (1, 2) are the first, the second and the third
    assert edges[:, :-1].tolist() == [[1, 3, 0], [1, 2, 3]]


@pytest.mark.parametrize("read", [adjacency, categorical])
def test_cells_are_read_alike_whatever_the_largest_cell_beside_them_is(read):
    small, large = SPACE.arrays()[5:6], SPACE.arrays()[:1]
    wide = CellArray.concatenate([small, CellArray.from_cells([Cell(["input", *["skip"] * 9, "output"], [(0, 10)])])])
    for alone, beside in zip(read(small).blocks(read(large)), read(wide).blocks(read(large)), strict=True):
        assert alone[0].tolist() == beside[0].tolist()


def of_each_cell(inputs) -> np.ndarray:
    return inputs.counts[0].count.toarray()[inputs.graph]


def names(inputs) -> set[int]:
    return set(inputs.counts[0].name.tolist())


def test_paths_worked_by_hand():
    """Two paths of the same operations are one; another order of them is another."""
    twice = Cell(["input", "skip", "conv3x3", "conv3x3", "output"], [(0, 1), (1, 2), (1, 3), (2, 4), (3, 4), (0, 4)])
    once = Cell(["input", "skip", "conv3x3", "output"], [(0, 1), (1, 2), (2, 3), (0, 3)])
    turned = Cell(["input", "conv3x3", "skip", "output"], [(0, 1), (1, 2), (2, 3)])
    block = of_each_cell(paths([twice, once, turned]))
    assert block.shape == (3, 3)
    assert block[0].tolist() == block[1].tolist()
    assert sorted(block.sum(1)) == [1, 2, 2]
    assert (block[0] * block[2]).sum() == 0


def test_paths_of_more_than_three_operations_are_cut_off():
    chain = [Cell(["input", *["skip"] * n, "output"], [(i, i + 1) for i in range(n + 1)]) for n in range(6)]
    assert of_each_cell(short_paths(chain)).sum(1).tolist() == [1, 1, 1, 1, 0, 0]
    assert len(names(paths(chain))) == 6


@pytest.mark.parametrize(
    ("space", "read", "count"), [("nasbench201", paths, 4 + 16 + 64), ("transnas", paths, 3 + 9 + 27)]
)
def test_the_paths_of_a_space_are_as_many_as_there_are_sequences_of_operations(space, read, count):
    assert len(names(read(get_space(space).arrays()))) == count


def test_nasbench101_has_the_forty_short_paths_of_the_paper():
    cells = get_space("nasbench101").arrays()
    assert len(names(short_paths(cells[np.random.default_rng(0).permutation(len(cells))[:5000]]))) == 1 + 3 + 9 + 27


def test_a_cell_without_a_path_has_none_and_no_cells_have_none():
    dead = Cell(["input", "skip", "output"], [(0, 1)])
    assert paths([dead]).counts[0].count.shape == (1, 0)
    assert paths([]).n_rows == 0
