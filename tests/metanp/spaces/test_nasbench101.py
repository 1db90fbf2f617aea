"""NAS-Bench-101: the published hash, the published number of cells, and a file on disk that is checked."""

import json
import os

import numpy as np
import pytest

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.spaces import nasbench101
from metanp.spaces import nasbench101_enumeration as enumeration
from metanp.spaces.nasbench101 import SPACE

# The published md5, the matrix above the diagonal and the operations of some cells of the data set.
PUBLISHED = {
    "00005c142e6f48ac74fdcf73e3439874": "100110100001001010101-CMCCc",
    "0000718c96730a92ea6d5242f8ce77e2": "100000100001000111101-ccCcC",
    "0000cb5372fad9d62c470df699ac6d52": "100010100101000101101-CMcMc",
    "030820ad2b9e27436f285744844eaeb4": "100101110000001100101-MCccM",
    "0c186ca1d3b60f43429e322352928388": "101010100001000100111-CcCCc",
    "001a6fcc8b38cbc515be788a86bdc804": "110101-MM",
    "001ea832563f8d635ef7d0af25926274": "1111111101-MCC",
    "00455f0d3f10d9a5daa098a173c3d6b8": "1111011101-ccC",
}
CONV3X3, CONV1X1, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"


@pytest.mark.parametrize("md5", PUBLISHED)
def test_the_graph_hash_is_the_published_md5_however_the_cell_is_numbered(md5):
    cell = SPACE.parse_text(PUBLISHED[md5])
    rng = np.random.default_rng(0)
    for _ in range(5):
        place = rng.permutation(len(cell)).tolist()
        names = [cell.operations[place.index(i)] for i in range(len(cell))]
        assert nasbench101.graph_hash(Cell(names, [(place[u], place[v]) for u, v in cell.edges])) == md5
    assert SPACE.write_text(cell) == PUBLISHED[md5]


def test_vertices_on_no_path_stay_in_the_cell_and_leave_hash_and_text_alone():
    #     0 input -> 1 conv3x3 -> 3 output; 2 conv1x1 is read by nobody
    matrix = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    cell = Cell.from_nasbench101(matrix, ["input", CONV3X3, CONV1X1, "output"])
    assert cell.operations == ("input", "conv3x3", "conv1x1", "output")
    assert cell.to_nasbench101() == ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", CONV3X3, "output"])
    assert nasbench101.graph_hash(cell) == nasbench101.graph_hash(cell.pruned)


def test_matrix_and_operations_come_back_as_they_were():
    for text in PUBLISHED.values():
        cell = SPACE.parse_text(text)
        matrix, operations = cell.to_nasbench101()
        assert Cell.from_nasbench101(matrix, operations) == cell
        assert Cell.from_nasbench101(np.array(matrix), operations) == cell


@pytest.mark.parametrize(
    ("matrix", "operations", "message"),
    [
        ([[0, 1], [0, 0]], ["input", POOL, "output"], "3 operations need a matrix of as many rows"),
        ([[0, 1], [0]], ["input", "output"], "rows of different lengths"),
        ([[0, 2], [0, 0]], ["input", "output"], r"matrix entry \(0, 1\) is .*2"),
        ([[0, 1], [1, 0]], ["input", "output"], r"matrix entry \(1, 0\) is"),
        ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn", "output"], f"nearest: {CONV3X3}"),
        ([[0, 1], [0, 0]], ["output", "input"], "the first vertex is 'input' and the last 'output'"),
    ],
)
def test_a_wrong_matrix_or_operation_is_refused_by_naming_it(matrix, operations, message):
    with pytest.raises(ValueError, match=message):
        Cell.from_nasbench101(matrix, operations)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (Cell(["input", "conv3x3", "output"], [(0, 1)]), "without a path from input to output"),
        (Cell(["input", "skip", "output"], [(0, 1), (1, 2)]), "no operation 'skip'"),
        (Cell(["input", *["conv3x3"] * 6, "output"], [(i, i + 1) for i in range(7)]), "not 8 and 7"),
        (Cell(["input", *["conv3x3"] * 3, "output"], np.argwhere(np.triu(np.ones((5, 5)), 1))), "not 5 and 10"),
    ],
)
def test_a_cell_outside_the_space_has_no_hash_and_no_matrix(cell, message):
    assert cell not in SPACE
    for ask in (nasbench101.graph_hash, nasbench101.write, SPACE.write_text, SPACE.neighbours):
        with pytest.raises(ValueError, match=message):
            ask(cell)


def test_cells_of_up_to_five_vertices_are_as_many_as_published():
    listed = enumeration.enumerate_cells(5, progress=False)
    assert np.bincount(listed.cells().size).tolist() == [0, 0, 1, 6, 84, 2441]
    cells = listed.cells().to_cells()
    assert len({cell.key for cell in cells}) == len(set(listed.hashes())) == 2_532
    assert [nasbench101.graph_hash(cell) for cell in cells] == listed.hashes() == sorted(listed.hashes())
    assert all(cell.pruned == cell and cell in SPACE for cell in cells)


def test_cells_of_six_vertices_are_as_many_as_published_and_so_are_graphs_of_seven():
    assert len(enumeration._unique_cells(6)[0]) == 62_010
    assert len(enumeration._unique_graphs(7)) == 1_574
    assert 1 + 6 + 84 + 2_441 + 62_010 + 359_082 == enumeration.UNIQUE_CELLS == 423_624


def test_neighbours_are_canonical_with_distinct_keys_and_do_not_depend_on_the_numbering():
    cell = SPACE.parse_text("1111011101-ccC")
    near = SPACE.neighbours(cell)
    assert len({other.key for other in near} | {cell.key}) == len(near) + 1
    assert all(other == other.canonical for other in near)
    assert near == SPACE.neighbours(Cell(cell.operations[::-1], [(4 - u, 4 - v) for u, v in cell.edges]))


def test_the_neighbours_of_the_smallest_cell_by_hand():
    #   input -> output: no edge to add or lose; one vertex, of three operations, in parallel to the edge
    smallest = Cell(["input", "output"], [(0, 1)])
    assert [other.operations for other in SPACE.neighbours(smallest)] == [
        ("input", name, "output") for name in ("conv3x3", "conv1x1", "maxpool3x3")
    ]


def test_a_cell_is_a_neighbour_of_each_neighbour_that_lost_no_vertex():
    # in the third, the vertex at the end of edge (2, 3) comes before its start once that edge is gone
    for text in ("100110100001001010101-CMCCc", "1111011101-ccC", "1010100111-CcM", "110101-MM", "1-"):
        cell = SPACE.parse_text(text).canonical
        for other in SPACE.neighbours(cell):
            assert len(other) < len(cell) or cell in SPACE.neighbours(other)


def test_a_walk_of_mutations_grows_from_the_smallest_cell_to_the_largest_and_back():
    rng = np.random.default_rng(0)
    cell, sizes = Cell(["input", "output"], [(0, 1)]), set()
    for _ in range(300):
        cell = SPACE.mutate(cell, rng)
        sizes.add(len(cell))
    assert sizes >= {3, 4, 5, 6, 7}


@pytest.fixture
def small_space(monkeypatch, tmp_path):
    """The space cut to 5 vertices, so that a test can list it, and kept in a folder of its own."""
    whole = enumeration.enumerate_cells
    monkeypatch.setattr(enumeration, "UNIQUE_CELLS", 2_532)
    monkeypatch.setattr(enumeration, "enumerate_cells", lambda: whole(5, progress=False))
    monkeypatch.setenv("METANP_CACHE", str(tmp_path / "cache"))
    return enumeration.load()


def same(a: enumeration.Enumeration, b: enumeration.Enumeration) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("edges", "operation", "md5"))


def test_a_listed_space_is_read_back_and_leaves_one_file(small_space, monkeypatch):
    monkeypatch.setattr(enumeration, "enumerate_cells", lambda: pytest.fail("listed again"))
    assert same(enumeration.load(), small_space)
    assert [file.name for file in enumeration.cache_file().parent.iterdir()] == ["nasbench101_cells_v1.npz"]


def test_a_damaged_file_is_noticed_and_made_anew(small_space):
    path = enumeration.cache_file()
    good = path.read_bytes()
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    for bad in (b"", good[:100], good[: len(good) // 2], good[:-1], bytes(flipped), b"not a file of numpy"):
        path.write_bytes(bad)
        with pytest.warns(UserWarning, match="is damaged .* listing NAS-Bench-101 again"):
            again = enumeration.load()
        assert same(again, small_space)
        assert path.read_bytes() == good


def test_a_whole_file_with_other_cells_is_noticed(small_space):
    shifted = enumeration.Enumeration(small_space.edges, small_space.operation, np.roll(small_space.md5, 1, axis=0))
    enumeration.write(shifted, enumeration.cache_file())
    with pytest.warns(UserWarning, match="do not have the md5 it says"):
        assert same(enumeration.load(), small_space)


def test_a_write_that_fails_leaves_no_file_behind_and_the_space_all_the_same(small_space, monkeypatch):
    path = enumeration.cache_file()
    path.unlink()

    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.warns(UserWarning, match="cannot write .* set METANP_CACHE"):
        assert same(enumeration.load(), small_space)
    assert list(path.parent.iterdir()) == []


def test_the_index_of_an_md5_is_its_place_in_sorted_order_and_a_wrong_one_is_named(small_space):
    hashes = small_space.hashes()
    assert small_space.index([hashes[7], hashes[0], hashes[-1], hashes[7]]).tolist() == [7, 0, 2_531, 7]
    assert small_space.index([]).tolist() == []
    for wrong in ("0" * 32, "f" * 32, hashes[3][:-1] + "0"):
        with pytest.raises(ValueError, match=f"has the md5 {wrong}"):
            small_space.index([hashes[0], wrong])
    with pytest.raises(ValueError, match="'abc' is no md5"):
        small_space.index(["abc"])


@pytest.fixture
def listed():
    """The whole space, where an earlier run has listed it."""
    if not enumeration.cache_file().is_file():
        pytest.skip("NAS-Bench-101 is not listed yet (35 s): run the slow test of this file, -m slow")
    return SPACE


def known_hashes(mirror) -> list[str]:
    folder = next((mirror / "raw.githubusercontent.com/tiga1231/nasbench-vis").glob("*/static/data"))
    return [md5 for name in ("20k", "10k") for md5 in json.loads((folder / f"data-{name}.json").read_text())["key"]]


def test_all_30001_known_md5_are_in_the_space_and_side_by_side(listed, mirror):
    known = known_hashes(mirror)
    index = listed.index(known)
    assert len(known) == 30_001
    # the two files are two stretches of the sorted md5
    assert (np.diff(index) == 1).sum() == 29_999
    names = listed.hashes()
    assert [names[i] for i in index] == known
    some = index[::3000]
    assert [nasbench101.graph_hash(cell) for cell in listed.arrays()[some].to_cells()] == known[::3000]


def test_the_whole_space_in_numbers(listed):
    arrays = listed.arrays()
    assert len(arrays) == len(listed) == 423_624
    assert np.bincount(arrays.size).tolist() == [0, 0, 1, 6, 84, 2_441, 62_010, 359_082]
    assert arrays.adjacency.sum((1, 2)).max() == 9
    assert len(np.unique(arrays.fingerprint())) == 423_624
    rng = np.random.default_rng(0)
    for _ in range(20):
        index = int(rng.integers(len(listed)))
        assert listed.find(listed[index]) == index
        assert listed.find(listed.mutate(listed[index], rng)) != index
    assert listed.parse_text("00005c142e6f48ac74fdcf73e3439874").key == (
        listed.parse_text(PUBLISHED["00005c142e6f48ac74fdcf73e3439874"]).key
    )


@pytest.mark.slow
def test_listing_the_whole_space_gives_423624_cells_and_the_30001_known_md5(mirror, monkeypatch, tmp_path):
    monkeypatch.setenv("METANP_CACHE", str(tmp_path))
    listed = enumeration.load()
    assert len(set(listed.hashes())) == 423_624
    assert len(listed.index(known_hashes(mirror))) == 30_001
    cells = listed.cells()
    assert isinstance(cells, CellArray)
    assert same(enumeration.load(), listed)
