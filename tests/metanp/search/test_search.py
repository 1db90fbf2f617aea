"""Asking: which cells are given out, of which candidates, and what makes no search."""

import numpy as np
import pytest

from metanp import Cell
from metanp.search import Listed, Open, Search, make
from metanp.search.strategies.pareto import Pareto
from metanp.spaces.graph_space import GraphSpace
from tests.evaluated_cells import CELLS, EARLY_SKIP, OTHER_EARLY_SKIP
from tests.metanp.search.in_order import SPACE, in_order, score
from tests.tiny_model import write_checkpoint


def test_what_was_asked_for_is_not_asked_for_again():
    search = in_order()
    first, second = search.ask(3), search.ask(3)
    assert len({cell.key for cell in first + second}) == 6
    assert [cell.key for cell in search.history.pending] == [cell.key for cell in first + second]


def test_of_cells_that_compute_the_same_one_is_asked_for():
    search = Search([Cell.from_nasbench201(EARLY_SKIP), Cell.from_nasbench201(OTHER_EARLY_SKIP)], "random")
    assert len(search.ask(2)) == 1
    assert search.ask(1) == []


def test_a_list_runs_out_without_an_error():
    search = Search(CELLS[:4], "random")
    assert len(search.ask(10)) == 4


@pytest.mark.parametrize("n", [0, -1])
def test_asking_for_no_cell_is_refused(n):
    with pytest.raises(ValueError, match="at least one"):
        in_order().ask(n)


def test_only_feasible_cells_are_asked_for():
    search = Search(SPACE, "random", feasible=lambda cell: score(cell) == 3)
    assert {score(cell) for cell in search.ask(20)} == {3.0}


def test_an_empty_list_is_refused():
    with pytest.raises(ValueError, match="no candidate"):
        Search([])


def test_an_unknown_strategy_names_the_nearest():
    with pytest.raises(ValueError, match="nearest: random"):
        Search(CELLS, "randon")


def test_a_suggestion_gives_nothing_out():
    search = in_order()
    suggested = search.suggestions(3)
    assert [one.cell for one in suggested] == search.ask(3)
    assert suggested[0].mean is None
    assert suggested[0].note == {"seen": 0}


def test_metanp_says_why(tmp_path):
    from metanp.search.strategies.bayesian import Bayesian

    checkpoint = write_checkpoint(tmp_path / "tiny.safetensors")
    search = Search(CELLS, Bayesian(str(checkpoint)), maximize=False)
    for cell in search.ask(8):
        search.tell(cell, 100 - score(cell))
    one = search.suggestions(1)[0]
    assert 80 < one.mean < 120  # in the units told, not their negatives
    assert one.std > 0
    assert 0 <= one.p_improve <= 1


def test_a_generator_gives_the_seed():
    by_generator = Search(SPACE, "random", rng=np.random.default_rng(0))
    again = Search(SPACE, "random", rng=np.random.default_rng(0))
    assert by_generator.ask(3) == again.ask(3)


def test_settings_beside_candidates_that_are_made_are_refused():
    with pytest.raises(ValueError, match="give feasible, features and roles to Listed"):
        Search(Listed(CELLS), "random", feasible=lambda cell: False)


def test_a_list_without_a_space_is_refused_before_anything_is_evaluated():
    with pytest.raises(ValueError, match=r"Listed\(cells, space\)"):
        Search(CELLS, "evolution")
    assert len(Search(Listed(CELLS, SPACE), "evolution").ask(2)) == 2


def test_a_negative_seed_is_refused_before_a_file_is_made(tmp_path):
    with pytest.raises(ValueError, match="rng is -1"):
        in_order(tmp_path / "run.sqlite", rng=-1)
    assert not list(tmp_path.iterdir())


def test_side_features_of_a_space_follow_its_order():
    flops = np.arange(len(SPACE), dtype=float)
    search = Search(SPACE, "random", features={"flops": flops})
    cell = SPACE[77]
    assert search.candidates.features([cell])["flops"] == flops[search.candidates.rows(cell)[0]]


def test_a_space_is_listed_and_a_list_is_taken_as_it_is():
    assert len(Search(SPACE, "random").candidates.cells) == 15_625
    cells = Search(CELLS, "random").candidates
    assert isinstance(cells, Listed)
    assert cells.cell(3) is CELLS[3]


@pytest.mark.parametrize("slots", [11, 40])
def test_a_space_too_large_to_list_is_drawn_from(slots):
    """4^11 cells, and 4^40, for which there is no integer in numpy."""

    class Chain(GraphSpace):
        def parse_text(self, text):
            return self.cell([int(digit) for digit in text])

        def write_text(self, cell):
            return "".join(map(str, self.digits(cell)))

    names = ("conv3x3", "conv1x1", "skip", "maxpool3x3")
    space = Chain("chain", dict(zip("0123", names, strict=True)), [(i, i + 1) for i in range(slots + 1)])
    search = Search(space, "random")
    assert isinstance(search.candidates, Open)
    assert len({cell.key for cell in search.ask(5)}) == 5
    assert "_arrays" not in vars(space)


def test_the_name_of_a_space_is_no_space():
    with pytest.raises(ValueError, match=r"give get_space\('nasbench201'\)"):
        Search("nasbench201")
    with pytest.raises(ValueError, match="is no Cell"):
        in_order().tell("|none~0|", 1.0)


def test_metanp_answers_nothing_where_nothing_is_wanted_of_an_open_space(tmp_path, monkeypatch):
    monkeypatch.setattr("metanp.search.candidates.DRAWS", 200)
    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    for strategy in (make("metanp", checkpoint=checkpoint), Pareto(score, checkpoint=checkpoint)):
        assert Search(Open(SPACE, lambda cell: False, samples=9), strategy).ask(3) == []


def test_suggestions_are_as_many_as_ask_would_answer(tmp_path, monkeypatch):
    monkeypatch.setattr("metanp.search.belief.CONTENDERS", 4)
    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    search = Search(CELLS, make("metanp", checkpoint=checkpoint))
    assert len(search.suggestions(7)) == 7
