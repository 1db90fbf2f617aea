"""What holds in every search space: cells come back from text, and edits stay inside."""

import json

import numpy as np
import pytest

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.spaces import SPACES, Space, get_space, nasbench101_enumeration, read_text
from tests.metanp.test_canonical import rings

FAST = [name for name in SPACES if SPACES[name].is_listed and name != "nasbench101"]  # which is listed once a machine
OPEN = [name for name in SPACES if not SPACES[name].is_listed]


def draw(space: Space, rng: np.random.Generator) -> Cell:
    """A cell of the space, of NAS-Bench-101 a random matrix, so that no listed space is needed; of NASNet one whose
    reduction cell reads the normal one."""
    if space.name == "nasnet":
        return next(cell for cell in iter(lambda: space.sample(rng), None) if len(cell.pruned) > len(cell) - 3)
    if space.name != "nasbench101":
        return space.sample(rng)
    while True:
        bits = "".join(rng.choice(["0", "1"], 21, p=[0.6, 0.4]))
        cell = space.parse_text(bits + "-" + "".join(rng.choice(list("CcM"), 5)))
        if cell in space:
            return cell


@pytest.fixture(params=SPACES)
def space(request) -> Space:
    return SPACES[request.param]


@pytest.mark.parametrize("name", FAST)
def test_length_enumeration_index_and_arrays_agree(name):
    space = SPACES[name]
    listed = list(space.enumerate())
    assert len(space) == len(listed) == len(space.arrays()) == len(set(listed))
    for index in (0, 42, len(space) - 1):
        assert space[index] == listed[index]
        assert listed[index] in space
    with pytest.raises(IndexError, match=f"there is none at index {len(space)}"):
        space[len(space)]


def test_a_cell_comes_back_from_its_text_and_the_text_from_its_cell(space):
    rng = np.random.default_rng(1)
    for _ in range(100 if space.is_listed else 20):
        cell = draw(space, rng)
        text = space.write_text(cell)
        assert space.parse_text(text).key == cell.key
        assert space.write_text(space.parse_text(text)) == text
        assert read_text(space.name, text) == space.parse_text(text)


def test_a_cell_written_otherwise_gets_a_text_that_computes_the_same(space):
    rng = np.random.default_rng(2)
    for _ in range(20 if space.is_listed else 10):
        cell = draw(space, rng)
        middle = 1 + rng.permutation(len(cell) - 2)
        place = [0, *middle.tolist(), len(cell) - 1]
        names = [cell.operations[place.index(i)] for i in range(len(cell))]
        other = Cell(names, [(place[u], place[v]) for u, v in cell.edges], dict(cell.parameters))
        for same in (other, cell.pruned, cell.canonical):
            assert space.parse_text(space.write_text(same)).key == cell.key
            assert same in space


def test_neighbours_are_distinct_cells_of_the_space_and_not_the_cell_itself(space):
    rng = np.random.default_rng(3)
    for _ in range(10 if space.is_listed else 1):
        cell = draw(space, rng)
        near = space.neighbours(cell)
        assert near
        assert len(set(near)) == len(near)
        assert cell not in near
        assert all(other in space for other in near)


def test_a_mutation_is_a_neighbour(space):
    rng = np.random.default_rng(4)
    cell = draw(space, rng)
    near = {one.key for one in space.neighbours(cell)}
    for _ in range(20 if space.is_listed else 5):
        assert space.mutate(cell, rng).key in near


def test_many_mutations_and_crossovers_stay_in_the_space(space):
    rng = np.random.default_rng(5)
    a, b = draw(space, rng), draw(space, rng)
    for _ in range(100 if space.is_listed else 20):
        a, b = space.mutate(a, rng), space.crossover(a, b, rng)
        assert a in space
        assert b in space


def test_the_crossover_of_a_cell_with_itself_is_that_cell(space):
    rng = np.random.default_rng(6)
    cell = draw(space, rng)
    assert space.crossover(cell, cell, rng).key == cell.key


def test_equal_seeds_give_equal_edits(space):
    cell, other = (draw(space, np.random.default_rng(seed)) for seed in (7, 8))
    for edit in (lambda rng: space.mutate(cell, rng), lambda rng: space.crossover(cell, other, rng)):
        assert edit(np.random.default_rng(9)) == edit(np.random.default_rng(9))


@pytest.mark.parametrize("name", FAST)
def test_samples_cover_the_space_evenly(name):
    rng = np.random.default_rng(0)
    place = {cell: i for i, cell in enumerate(SPACES[name].enumerate())}
    drawn = [place[SPACES[name].sample(rng)] for _ in range(400)]
    assert len(set(drawn)) > min(360, 0.9 * len(place))
    # four standard errors of the mean of 400 uniform draws
    assert abs(np.mean(drawn) / len(place) - 0.5) < 4 * 12**-0.5 / 20


def test_a_foreign_cell_is_refused_by_name_and_is_not_in_the_space(space):
    foreign = Cell(["input", "custom1", "output"], [(0, 1), (1, 2)])
    assert foreign not in space
    assert "a text" not in space
    with pytest.raises(ValueError, match="custom1"):
        space.write_text(foreign)


@pytest.mark.parametrize("text", ["", "|", "nonsense", "1-2-3", "0,0,0,4|gat,gat,gat,gat"])
def test_text_of_no_cell_is_refused(space, text):
    with pytest.raises(ValueError):  # noqa: PT011  the messages are each space's own
        space.parse_text(text)


class Given(Space):
    """A space of the cells it is given; only finding is of interest."""

    name = "given"

    def __init__(self, *cells: Cell):
        self.cells = cells

    def __len__(self) -> int:
        return len(self.cells)

    def list_cells(self) -> CellArray:
        return CellArray.from_cells(self.cells)

    parse_text = write_text = neighbours = crossover = None  # type: ignore[assignment]


def test_a_cell_is_found_by_what_it_computes_where_the_fingerprint_cannot_decide():
    space = Given(rings(12), rings(8, 4))
    assert [space.find(cell) for cell in space.cells] == [0, 1]
    with pytest.raises(ValueError, match="given has no cell that computes the same as"):
        space.find(rings(6, 6))


def test_an_unknown_space_is_refused_by_naming_the_nearest():
    with pytest.raises(ValueError, match="nearest: nasbench201; known: nasbench101"):
        get_space("nasbench-201")


@pytest.mark.parametrize("name", OPEN)
def test_a_space_that_is_not_listed_says_what_to_do_instead(name):
    space = SPACES[name]
    for list_it in (space.arrays, space.enumerate, lambda: space[0], lambda: list(space), space.list_cells):
        with pytest.raises(ValueError, match=rf"{name} is not listed, with .* cells: draw some with sample\(rng\)"):
            list_it()
    assert space  # without asking for a length that Python refuses


@pytest.mark.parametrize("name", OPEN)
def test_a_cell_of_a_journal_or_of_json_lines_is_edited_as_before(name):
    space = SPACES[name]
    a, b = (space.sample(np.random.default_rng(seed)) for seed in (0, 1))
    again = [Cell.from_json(json.dumps(cell.to_json())) for cell in (a, b)]
    assert space.write_text(again[0]) == space.write_text(a)
    assert space.neighbours(again[0]) == space.neighbours(a)
    joined = [space.crossover(one, other, np.random.default_rng(2)) for one, other in ((a, b), again)]
    assert joined[0] == joined[1]


@pytest.mark.parametrize("name", OPEN)
def test_some_neighbours_are_neighbours(name):
    space, rng = SPACES[name], np.random.default_rng(3)
    cell = space.sample(rng)
    some, near = space.some_neighbours(cell, 9, rng), space.neighbours(cell)
    assert 7 <= len(some) <= 9
    assert {one.key for one in some} <= {one.key for one in near}
    assert space.some_neighbours(cell, 10_000, rng) == near


def test_making_the_spaces_lists_nothing():
    assert len(SPACES["nasbench101"]) == nasbench101_enumeration.UNIQUE_CELLS == 423_624
    lengths = {"nasbench201": 15_625, "transnas": 4_096, "nasbench_graph": 26_206, "nasbench_macro": 6_561}
    lengths["transnas_macro"] = 3_256
    assert {name: len(SPACES[name]) for name in lengths} == lengths
