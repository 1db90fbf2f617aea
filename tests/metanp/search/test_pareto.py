"""Fronts and areas worked by hand, and a search that finds a front."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metanp import Cell
from metanp.search import Search
from metanp.search.pareto import Reference, hypervolume, hypervolume_improvement, on_front, pareto_front
from metanp.search.strategies.pareto import Pareto
from tests.evaluated_cells import CELLS
from tests.tiny_model import write_checkpoint

CORNER = Reference(score=0.0, cost=10.0)
SCORE, COST = np.array([1.0, 3.0, 2.0, 4.0, 2.5]), np.array([1.0, 4.0, 2.0, 12.0, 4.0])


def test_a_front_worked_by_hand():
    assert on_front(SCORE, COST).tolist() == [True, True, True, True, False]


def test_of_equal_points_the_first_is_on_the_front():
    assert on_front(np.array([1.0, 1.0]), np.array([1.0, 1.0])).tolist() == [True, False]


def test_an_area_worked_by_hand():
    # 1 from cost 1 to 2, 2 from 2 to 4, 3 from 4 to 10; the point at cost 12 is outside
    assert hypervolume(SCORE, COST, CORNER) == 1 * 1 + 2 * 2 + 3 * 6


def test_nothing_dominates_nothing():
    assert hypervolume(np.zeros(0), np.zeros(0), CORNER) == 0.0
    assert hypervolume(np.array([-1.0]), np.array([1.0]), CORNER) == 0.0


points = st.lists(st.tuples(st.integers(-2, 9), st.integers(0, 12)), min_size=0, max_size=8)


@given(points, st.integers(-2, 9), st.integers(0, 12))
def test_an_improvement_is_the_difference_of_two_areas(known, score, cost):
    scores, costs = (np.array([float(point[i]) for point in known]) for i in (0, 1))
    more = hypervolume(np.append(scores, score), np.append(costs, cost), CORNER) - hypervolume(scores, costs, CORNER)
    added = hypervolume_improvement(np.array([[float(score)]]), np.array([float(cost)]), scores, costs, CORNER)
    assert added[0, 0] == pytest.approx(more)


def parameters(cell: Cell) -> float:
    return sum({"conv3x3": 9.0, "conv1x1": 1.0}.get(name, 0.0) for name in cell.pruned.operations)


def test_a_search_for_the_front_looks_at_cheap_cells_as_well(tmp_path):
    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    search = Search(CELLS, Pareto(parameters, Reference(0.0, 60.0), checkpoint))
    for _ in range(5):
        for cell in search.ask(3):
            search.tell(cell, 1 + parameters(cell) ** 0.5)
    costs = [parameters(one.cell) for one in search.history.evaluated]
    assert min(costs) <= 10 < 20 <= max(costs)
    assert search.suggestions(1)[0].note["cost"] == parameters(search.suggestions(1)[0].cell)


def test_the_front_of_a_search_is_told_cheapest_first():
    search = Search(CELLS, "random")
    for cell in search.ask(20):
        search.tell(cell, parameters(cell) ** 0.5)
    front = pareto_front(search.history, parameters)
    costs = [parameters(one.cell) for one in front]
    assert costs == sorted({parameters(one.cell) for one in search.history.evaluated})


def test_a_front_that_was_all_found_is_no_error(tmp_path):
    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    search = Search(CELLS[:3], Pareto(parameters, checkpoint=checkpoint))
    assert len(search.ask(9)) == 3
    assert search.ask() == []


def test_a_cost_that_is_no_number_is_named(tmp_path):
    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    with pytest.raises(ValueError, match=r"the cost of .* is nan"):
        Search(CELLS, Pareto(lambda cell: float("nan"), checkpoint=checkpoint)).ask()


def test_a_cell_that_is_not_wanted_has_no_cost_and_no_say(tmp_path):
    """A limit moves the corner to the dearest cell within: what is asked for is as if the others were not there."""
    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))

    def cost(cell: Cell) -> float:
        return parameters(cell) if parameters(cell) <= 20 else float("nan")

    wanted = [cell for cell in CELLS if parameters(cell) <= 20]
    limited = Search(CELLS, Pareto(cost, checkpoint=checkpoint), feasible=lambda cell: parameters(cell) <= 20)
    listed = Search(wanted, Pareto(parameters, checkpoint=checkpoint))
    for _ in range(3):
        asked = [search.ask(3) for search in (limited, listed)]
        assert [cell.key for cell in asked[0]] == [cell.key for cell in asked[1]]
        for search in (limited, listed):
            for cell in asked[1]:
                search.tell(cell, 1 + parameters(cell) ** 0.5)


def test_nothing_is_asked_for_where_nothing_is_wanted(tmp_path):
    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    assert Search(CELLS, Pareto(parameters, checkpoint=checkpoint), feasible=lambda cell: False).ask() == []


def test_the_dearest_cells_are_asked_for_too(tmp_path):
    """Of a cost of two levels, the front has one cell each."""

    def dear(cell: Cell) -> float:
        return float(parameters(cell) > 15)

    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    search = Search(CELLS, Pareto(dear, checkpoint=checkpoint))
    for _ in range(8):
        for cell in search.ask(3):
            search.tell(cell, 1 + parameters(cell) ** 0.5)
    assert len({dear(one.cell) for one in search.history.evaluated}) == 2


def test_a_corner_lies_beyond_all_points():
    levels = [*range(2, 13), 12]
    for score, cost, corner in (
        ([1, 3], levels, (0.8, 13)),
        ([1, 3], [2, 7, 12], (0.8, 17)),
        ([50], [2, 2], (45, 4)),
        ([0], [], (-0.1, 0)),
    ):
        found = Reference.beyond(np.array(score, dtype=float), np.array(cost, dtype=float))
        assert (found.score, found.cost) == pytest.approx(corner)
