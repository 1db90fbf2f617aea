"""Telling: scores, failures and repeated measurements, and what is refused."""

import json
import warnings

import pytest

from metanp import Cell
from metanp.search import FAILED, Failed, Search, SearchWarning
from tests.evaluated_cells import CELLS, EARLY_SKIP, OTHER_EARLY_SKIP
from tests.metanp.search.in_order import in_order


def test_scores_may_come_late_and_out_of_order():
    search = in_order()
    cells = search.ask(5)
    for place in (4, 0, 2):
        search.tell(cells[place], place)
    assert search.best().cell == cells[4]
    assert [cell.key for cell in search.history.pending] == [cells[1].key, cells[3].key]


def test_a_cell_that_computes_the_same_is_told_to_the_candidate():
    search = Search([Cell.from_nasbench201(EARLY_SKIP)], "random")
    search.ask()
    search.tell(Cell.from_nasbench201(OTHER_EARLY_SKIP), 90.0)
    assert search.history.pending == []


def test_lower_is_better_where_one_says_so():
    search = in_order(maximize=False)
    for cell, loss in zip(search.ask(3), (0.3, 0.1, 0.2), strict=True):
        search.tell(cell, loss)
    assert search.best().score == 0.1


def test_a_cell_told_twice_is_a_repeated_measurement_and_is_said():
    search = in_order()
    (cell,) = search.ask()
    search.tell(cell, 90.0)
    for score in (92.0, 91.0, 91.0):
        with pytest.warns(SearchWarning, match="repeated"):
            search.tell(cell, score)
    assert search.best().score == 91.0
    assert search.best().measurements == 4


def test_a_cell_never_asked_for_is_kept_and_said():
    search = in_order()
    with pytest.warns(SearchWarning, match="never asked"):
        search.tell(CELLS[7], 90.0)
    assert search.best().cell == CELLS[7]


def test_a_score_as_expected_is_told_in_silence():
    search = in_order()
    (cell,) = search.ask()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.tell(cell, 90)


def test_a_failed_cell_is_neither_asked_for_again_nor_the_best():
    search = in_order()
    failed, good = search.ask(2)
    search.tell(failed, Failed("out of memory"))
    search.tell(good, 10.0)
    assert search.best().cell == good
    assert failed.key not in {cell.key for cell in search.ask(100)}
    assert search.journal.events()[2]["note"] == json.dumps({"reason": "out of memory"})


def test_a_failed_cell_may_be_measured_after_all():
    search = in_order()
    (cell,) = search.ask()
    search.tell(cell, FAILED)
    search.tell(cell, 90.0)
    assert search.history.failed == []
    assert search.best().score == 90.0


def test_a_dropped_cell_may_be_asked_for_again():
    search = in_order()
    (cell,) = search.ask()
    search.drop(cell)
    assert search.ask() == [cell]


def test_a_failure_may_be_forgotten():
    search = in_order()
    (cell,) = search.ask()
    search.tell(cell, FAILED)
    search.drop(cell)
    assert search.ask() == [cell]


def test_a_cell_that_is_another_workers_by_now_is_not_dropped():
    search = in_order()
    (cell,) = search.ask(worker="slow")
    search.journal.alive("slow")
    search.journal.adopt("quick", silent=-1)
    search.drop(cell, worker="slow")
    assert search.pending == [cell]
    search.drop(cell, worker="quick")
    assert search.pending == []


@pytest.mark.parametrize(
    ("told", "said"), [(float("nan"), "did the evaluation fail"), (float("inf"), "is inf"), ("high", "'high'")]
)
def test_what_is_no_score_is_refused_and_nothing_is_written(told, said):
    search = in_order()
    (cell,) = search.ask()
    with pytest.raises(ValueError, match=said):
        search.tell(cell, told)
    assert len(search.journal.events()) == 1


def test_a_cell_outside_of_the_candidates_is_named():
    search = in_order()
    with pytest.raises(ValueError, match=r"no cell that computes the same as.*\[0, 1\]"):
        search.tell(Cell(["input", "output"], [(0, 1)]), 1.0)


def test_a_score_is_kept_where_warnings_are_errors():
    search = in_order()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SearchWarning, match="never asked for"):
            search.tell(CELLS[3], 1.0)
    assert search.best().score == 1.0
