"""Scores that are taken back, failures and their reasons, and results that were known beforehand."""

import json
import warnings

import numpy as np
import pytest

from metanp import Cell
from metanp.search import FAILED, Failed, Listed, Pick, Search, SearchWarning, Strategy, make
from metanp.spaces import get_space
from tests.evaluated_cells import CELLS, FLOPS
from tests.metanp.search.search_runs import DISTINCT

SPACE = get_space("nasbench201")
ALIEN = Cell(["input", "conv5x5", "output"], [(0, 1), (1, 2)])
OTHER_ALIEN = Cell(["input", "conv5x5", "conv5x5", "output"], [(0, 1), (1, 2), (2, 3)])
IDS = [f"net[{i}]" for i in range(30)]


class InOrder(Strategy):
    """The first cells of a list that are left; keeps the history that it was shown."""

    title, source = "in order", "these tests"

    def propose(self, history, candidates, n, rng):
        self.shown = history
        cells = (candidates.cell(row) for row in range(len(candidates.cells)))
        return [Pick(cell) for cell in candidates.fresh(cells, history.taken, n)]


def in_order(journal=None, cells=DISTINCT, **more) -> Search:
    return Search(cells, InOrder(), journal=journal, **more)


def tell_quietly(search: Search, *pairs) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SearchWarning)
        for cell, score in pairs:
            search.tell(cell, score)


def scores(search: Search) -> dict[str, tuple[float, ...]]:
    return {one.cell.key: one.scores for one in search.history.evaluated}


def test_a_wrong_score_is_taken_back_and_told_right():
    search = in_order()
    first, second = search.ask(2)
    search.tell(first, 931.0)
    search.tell(second, 92.0)
    search.retract(first)
    assert search.best().cell == second
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it was asked for, and has no score by now
        search.tell(first, 93.1)
    assert (search.best().cell, search.best().score, search.best().measurements) == (first, 93.1, 1)


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("told", [[90.0], [90.0, 91.0], [FAILED], [FAILED, 90.0], [90.0, FAILED]])
def test_a_cell_of_which_all_is_taken_back_is_as_if_never_told(asked, told):
    search = in_order()
    cell = search.ask()[0] if asked else DISTINCT[0]
    tell_quietly(search, *((cell, score) for score in told))
    assert search.journal.spent() == len(told)
    search.retract(cell)
    assert search.best() is None
    assert (search.pending, search.history.failed, search.journal.spent()) == ([], [], 0)
    assert search.ask() == [cell]


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ([1.0, 2.0], (1.0,)),
        ([1.0, 2.0, 4.0], (1.0, 2.0)),
        ([0.1, 0.2, 0.3, 931.0], (0.1, 0.2, 0.3)),
        ([1.0, FAILED], (1.0,)),
    ],
)
@pytest.mark.parametrize("maximize", [True, False])
def test_only_the_last_is_taken_back_to_the_bit(told, left, maximize):
    search = in_order(maximize=maximize)
    (cell,) = search.ask()
    tell_quietly(search, *((cell, score) for score in told))
    search.retract(cell, last=True)
    assert search.best().score == sum(left) / len(left)
    assert search.best().measurements == len(left)
    assert search.journal.spent() == len(left)
    tell_quietly(search, (cell, 7.0))
    assert search.best().score == sum((*left, 7.0)) / (len(left) + 1)


def test_a_score_after_a_failure_is_taken_back_to_the_failure():
    search = in_order()
    (cell,) = search.ask()
    tell_quietly(search, (cell, FAILED), (cell, 90.0))
    search.retract(cell, last=True)
    assert (search.best(), search.history.failed) == (None, [cell])
    search.retract(cell, last=True)
    assert search.ask() == [cell]


def test_the_last_ones_are_taken_back_one_by_one_until_none_is_left():
    search = in_order()
    (cell,) = search.ask()
    tell_quietly(search, (cell, 1.0), (cell, 2.0))
    search.retract(cell, last=True)
    search.retract(cell, last=True)
    assert search.ask() == [cell]
    with pytest.raises(ValueError, match="there is no result of this cell"):
        search.retract(cell, last=True)


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("cell", [DISTINCT[0], DISTINCT[5], ALIEN])
def test_where_nothing_is_told_nothing_is_taken_back_or_written(cell, last):
    search = in_order()
    search.ask(2)
    with pytest.raises(ValueError, match=r"there is no result of this cell.*drop gives up"):
        search.retract(cell, last)
    assert len(search.journal.events()) == 2


def test_a_failure_that_was_forgotten_is_not_there_to_be_taken_back():
    search = in_order()
    (cell,) = search.ask()
    search.tell(cell, FAILED)
    search.drop(cell)
    with pytest.raises(ValueError, match="there is no result of this cell"):
        search.retract(cell)


def test_what_one_process_takes_back_another_has_not(tmp_path):
    with in_order(tmp_path / "run.sqlite") as search, in_order(tmp_path / "run.sqlite") as other:
        first, second = search.ask(2)
        search.tell(first, 931.0)
        search.tell(second, 92.0)
        assert other.best().score == 931.0
        other.retract(first)
        assert search.best().cell == second
        assert search.journal.spent() == other.journal.spent() == 1
    with in_order(tmp_path / "run.sqlite") as again:
        assert again.best().cell == second
        assert [event["kind"] for event in again.journal.events()] == ["ask", "ask", "tell", "tell", "retract"]


def test_any_way_of_writing_a_cell_takes_back_what_was_told_of_it():
    search = in_order()
    (cell,) = search.ask()
    search.tell(cell, 931.0)
    search.retract(cell.canonical)
    assert search.best() is None


def test_what_is_taken_back_is_as_a_search_without_it():
    """The same seed, the same scores that stand: the same cells."""
    plain, corrected = (Search(SPACE, "local_search", rng=4) for _ in range(2))
    for search in (plain, corrected):
        for place, cell in enumerate(search.ask(12)):
            if search is corrected and place == 5:
                search.tell(cell, 931.0)
                search.retract(cell)
            search.tell(cell, float(place))
    assert plain.ask(5) == corrected.ask(5)


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("", ""),
        ("out of memory", "out of memory"),
        (ValueError("no such file"), "ValueError: no such file"),
        (ValueError(), "ValueError"),
        (MemoryError, "MemoryError"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (KeyError("a"), "KeyError: 'a'"),
        ("two\nlines\tand \x1b[31mred", "two lines and [31mred"),
        ("half \ud800", "half ?"),
        ("x" * 1000, "x" * 247 + "..."),
    ],
)
def test_a_reason_is_one_short_line(reason, kept):
    assert Failed(reason).reason == kept
    search = in_order()
    search.tell(search.ask()[0], Failed(reason))
    assert json.loads(search.journal.events()[-1]["note"]).get("reason", "") == kept


@pytest.mark.parametrize("reason", [None, 3, ["no memory"], int, b"no memory"])
def test_what_is_no_reason_is_refused(reason):
    with pytest.raises(TypeError, match="the reason of a failure is"):
        Failed(reason)


def test_what_is_known_beforehand_is_told_in_silence_and_not_counted():
    search = in_order()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.tell(DISTINCT[4], 90.0, known=True)
        search.tell(DISTINCT[5], FAILED, known=True)
        search.tell(ALIEN, 99.0, known=True)
        search.tell(OTHER_ALIEN, Failed("no memory"), known=True)
    assert search.journal.spent() == 0
    assert search.best().cell == DISTINCT[4]
    assert [one.cell for one in search.history.outside] == [ALIEN]
    assert search.history.failed == [DISTINCT[5], OTHER_ALIEN]
    asked = {cell.key for cell in search.ask(100)}
    assert asked == {cell.key for cell in DISTINCT} - {DISTINCT[4].key, DISTINCT[5].key}


def test_cells_outside_are_what_a_model_learns_from_and_nothing_else():
    search = in_order(cells=Listed(DISTINCT[:20]))
    search.tell(ALIEN, 99.0, known=True)
    tell_quietly(search, (DISTINCT[0], 50.0))
    assert search.history.measurements()[0] == [DISTINCT[0], ALIEN]
    assert search.history.measurements()[1].tolist() == [50.0, 99.0]
    assert (search.best().score, search.history.cells, search.history.known) == (50.0, [DISTINCT[0]], [DISTINCT[0]])


def test_a_cell_outside_is_refused_where_it_is_not_said_to_be_known():
    search = in_order()
    with pytest.raises(ValueError, match=r"no cell that computes the same.*known=True"):
        search.tell(ALIEN, 99.0)
    assert search.journal.events() == []


@pytest.mark.parametrize("value", [float("nan"), "high"])
def test_what_is_no_score_is_not_known_either(value):
    with pytest.raises(ValueError, match="the score is"):
        in_order().tell(ALIEN, value, known=True)


def test_a_known_result_is_taken_back_like_any_other():
    search = in_order()
    search.tell(ALIEN, 99.0, known=True)
    search.tell(DISTINCT[0], 99.0, known=True)
    search.retract(ALIEN)
    search.retract(DISTINCT[0])
    assert (search.journal.spent(), search.best(), search.history.outside) == (0, None, [])
    assert search.ask() == [DISTINCT[0]]


def test_a_known_candidate_that_is_measured_again_counts_from_then_on():
    search = in_order()
    search.tell(DISTINCT[0], 90.0, known=True)
    with pytest.warns(SearchWarning, match="repeated"):
        search.tell(DISTINCT[0], 92.0)
    assert (search.best().score, search.journal.spent()) == (91.0, 1)
    search.retract(DISTINCT[0], last=True)
    assert (search.best().score, search.journal.spent()) == (90.0, 0)


def test_known_cells_from_outside_come_back_with_the_journal(tmp_path):
    with in_order(tmp_path / "run.sqlite", maximize=False) as search:
        search.tell(ALIEN, 0.1, known=True)
        search.tell(search.ask()[0], 0.5)
    with in_order(tmp_path / "run.sqlite", maximize=False) as again:
        assert [(one.cell, one.scores) for one in again.history.outside] == [(ALIEN, (-0.1,))]
        assert again.best().score == 0.5


@pytest.mark.parametrize("name", ["metanp", "weak_nas_metanp", "random"])
def test_side_features_of_cells_outside_may_be_missing(name):
    settings = {} if name == "random" else {"checkpoint": "default"}
    search = Search(CELLS, make(name, **settings), features={"flops": FLOPS})
    for i, cell in enumerate((ALIEN, OTHER_ALIEN, *DISTINCT[:12])):
        search.tell(cell, 80.0 + i, known=True)
    (cell,) = search.ask()
    assert cell.key not in {one.key for one in (ALIEN, OTHER_ALIEN, *DISTINCT[:12])}
    known = search.candidates.features([ALIEN, DISTINCT[3]])["flops"]
    assert np.isnan(known[0])
    assert np.isfinite(known[1])
