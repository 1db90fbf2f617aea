"""What a search may ask for: lists and open spaces, one cell of those that compute the same, and only wanted ones."""

import numpy as np
import pytest

from metanp import Cell
from metanp.search import Evaluated, History, Listed, Open
from metanp.spaces import get_space
from tests.evaluated_cells import CELLS, EARLY_SKIP, FLOPS, OTHER_EARLY_SKIP

SPACE = get_space("nasbench201")
EARLY, OTHER = Cell.from_nasbench201(EARLY_SKIP), Cell.from_nasbench201(OTHER_EARLY_SKIP)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def told(*cells: Cell) -> History:
    return History([Evaluated(cell, (float(i),)) for i, cell in enumerate(cells)])


def convolutions(cell: Cell) -> int:
    return sum(name.startswith("conv") for name in cell.pruned.operations)


def test_a_cell_is_found_by_what_it_computes():
    listed = Listed([CELLS[0], OTHER, EARLY])
    assert listed.find(EARLY) is OTHER
    assert listed.rows(EARLY).tolist() == [1, 2]


def test_all_cells_that_compute_the_same_as_a_taken_one_are_taken():
    listed = Listed([CELLS[0], OTHER, EARLY])
    options = listed.options(told(EARLY), rng())
    assert options.free.tolist() == [True, False, False]
    assert options.known.tolist() == [1]


def test_of_cells_that_compute_the_same_the_first_is_answered():
    listed = Listed([OTHER, CELLS[0], EARLY])
    assert listed.fresh([EARLY], {}, 1) == [OTHER]
    options = listed.options(History(), rng())
    assert listed.highest(options, np.array([0.0, 1.0, 2.0]), 2).tolist() == [0, 1]


def test_the_highest_options_are_free_feasible_and_distinct():
    listed = Listed([OTHER, EARLY, CELLS[0], CELLS[1], CELLS[2]], feasible=lambda cell: cell != CELLS[1])
    options = listed.options(told(CELLS[0]), rng())
    value = np.array([5.0, 5.0, 4.0, 3.0, 2.0])
    assert listed.highest(options, value, 5).tolist() == [0, 4]


def test_of_equal_values_the_first_comes_first():
    listed = Listed(CELLS[:6])
    assert listed.highest(listed.options(History(), rng()), np.zeros(6), 3).tolist() == [0, 1, 2]


def test_feasibility_is_asked_once_a_cell_and_only_where_needed():
    asked = []
    listed = Listed(CELLS, feasible=lambda cell: asked.append(cell) or True)
    for _ in range(2):
        listed.highest(listed.options(History(), rng()), np.arange(len(CELLS), 0, -1.0), 3)
    assert len(asked) == 3


def test_random_cells_of_a_list_are_all_of_it_in_the_end():
    listed = Listed(CELLS)
    distinct = {cell.key for cell in CELLS}
    assert {cell.key for cell in listed.random({}, 1000, rng())} == distinct


def test_neighbours_stay_within_the_list():
    inside = Listed(CELLS, SPACE)
    assert all(len(inside.rows(cell)) for cell in inside.neighbours(CELLS[0]))
    assert len(Listed.of(SPACE).neighbours(CELLS[0])) == 24


def test_a_list_without_a_space_has_no_neighbours_and_says_so():
    with pytest.raises(ValueError, match=r"search Listed\(cells, space\)"):
        Listed(CELLS).neighbours(CELLS[0])


def test_side_features_follow_their_cells():
    listed = Listed(CELLS, features={"flops": FLOPS})
    assert listed.features([CELLS[7]])["flops"] == FLOPS[7]
    assert listed.options(History(), rng()).side.names == ("flops",)


def test_side_features_of_another_length_are_refused():
    with pytest.raises(ValueError, match="flops"):
        Listed(CELLS, features={"flops": FLOPS[:3]})


def test_the_identity_of_a_list_says_that_it_is_one_and_that_of_a_space_which():
    assert Listed(CELLS).identity == Listed(CELLS[::-1], SPACE).identity
    assert Listed.of(SPACE).identity.startswith("nasbench201, 15625 cells ")
    assert Listed.of(SPACE).identity != Open(SPACE).identity == "nasbench201"


def test_a_list_agrees_with_any_list_and_with_no_space():
    listed, space = Listed(CELLS), Listed.of(SPACE)
    assert listed.agree(Listed(CELLS[::-1]).identity)
    assert listed.agree("30 cells 0123456789abcdef")  # as older journals had it
    assert not listed.agree(space.identity)
    assert not listed.agree(space.counted)
    assert not listed.agree(Open(SPACE).identity)
    assert space.agree(space.counted)
    assert not any(map(space.agree, (listed.identity, listed.counted, "nasbench201")))
    assert Open(SPACE).agree("nasbench201")
    assert not Open(SPACE).agree(listed.identity)


@pytest.mark.parametrize("candidates", [Listed(CELLS), Listed(CELLS, SPACE), Open(SPACE)])
def test_what_is_a_candidate_is_said_without_an_error(candidates):
    alien = Cell(["input", "conv5x5", "output"], [(0, 1), (1, 2)])
    for _ in range(2):
        assert candidates.has(CELLS[3])
        assert not candidates.has(alien)


def test_side_features_of_cells_outside_are_missing():
    alien = Cell(["input", "conv5x5", "output"], [(0, 1), (1, 2)])
    found = Listed(CELLS, features={"flops": FLOPS}).features([CELLS[7], alien, CELLS[2]])["flops"]
    assert np.array_equal(found, [FLOPS[7], np.nan, FLOPS[2]], equal_nan=True)
    assert Listed(CELLS, features={"flops": FLOPS}).features([])["flops"].shape == (0,)
    assert Open(SPACE).features([alien]) is None


def test_the_row_of_many_cells_is_found_at_once():
    listed = Listed([CELLS[0], OTHER, EARLY, CELLS[5]])
    alien = Cell(["input", "conv5x5", "output"], [(0, 1), (1, 2)])
    assert listed.first_rows([EARLY, alien, CELLS[5], CELLS[0]]).tolist() == [1, -1, 3, 0]
    assert listed.first_rows([]).tolist() == []


# --- open spaces ---


def test_an_open_space_looks_near_the_best_cells():
    open_space = Open(SPACE, samples=5)
    best = CELLS[9]
    options = open_space.options(told(best), rng())
    keys = {options.cell(row).key for row in range(len(options))}
    assert {cell.key for cell in SPACE.neighbours(best)} <= keys
    assert options.cell(int(options.known[0])) == best
    assert not options.free[options.known].any()


def test_an_open_space_is_climbed_where_cells_promise_more():
    open_space = Open(SPACE, samples=3, parents=2)

    def value(options):
        return np.array([convolutions(options.cell(row)) for row in range(len(options))], dtype=float)

    start = open_space.options(History(), rng())
    climbed = open_space.options(History(), rng(), value)
    assert value(start).max() < 6
    assert value(climbed).max() == 6


def test_an_open_space_with_few_wanted_cells_still_finds_them():
    wanted = {cell.key for cell in SPACE.neighbours(CELLS[0])}
    open_space = Open(SPACE, feasible=lambda cell: cell.key in wanted, samples=20)
    options = open_space.options(History(), rng(), lambda options: np.zeros(len(options)))
    assert len(open_space.highest(options, np.zeros(len(options)), 3)) == 3


def test_a_cell_outside_of_an_open_space_is_named():
    alien = Cell(["input", "conv5x5", "output"], [(0, 1), (1, 2)])
    with pytest.raises(ValueError, match="nasbench201 has no cell"):
        Open(SPACE).find(alien)


def test_random_cells_of_an_open_space_are_fresh():
    open_space = Open(SPACE, feasible=lambda cell: convolutions(cell) >= 4)
    cells = open_space.random({CELLS[0].key: CELLS[0]}, 20, rng())
    assert len({cell.key for cell in cells} - {CELLS[0].key}) == 20
    assert min(map(convolutions, cells)) >= 4


def test_nothing_feasible_ends_and_gives_nothing(monkeypatch):
    monkeypatch.setattr("metanp.search.candidates.DRAWS", 50)
    assert Open(SPACE, feasible=lambda cell: False).random({}, 3, rng()) == []


def test_of_an_open_space_each_form_is_judged_by_itself():
    """Whether a cell is wanted may depend on how it is written."""
    space = Open(SPACE, lambda cell: cell != OTHER)
    assert [space.feasible(cell) for cell in (EARLY, OTHER, EARLY)] == [True, False, True]
    assert space.fresh([OTHER, EARLY], {}, 2) == [EARLY]
