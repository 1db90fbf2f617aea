"""Threads and processes that share one search: nothing is given out twice or lost."""

import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from metanp import Cell
from metanp.search import FAILED, JournalError, Search
from tests.evaluated_cells import CELLS
from tests.metanp.search.in_order import SPACE, InOrder, in_order, score


def ask_until_none_is_left(path: str, name: str, asked) -> None:
    with Search(CELLS, "random", rng=1, journal=path) as search:
        while cells := search.ask(2, worker=name):
            for cell in cells:
                asked.put(cell.key)
                search.tell(cell, score(cell))


def test_several_processes_never_evaluate_the_same_cell(tmp_path):
    path, context = str(tmp_path / "run.sqlite"), multiprocessing.get_context("spawn")
    asked = context.Queue()
    workers = [context.Process(target=ask_until_none_is_left, args=(path, f"w{i}", asked)) for i in range(3)]
    for worker in workers:
        worker.start()
    distinct = {cell.key for cell in CELLS}
    keys = [asked.get(timeout=60) for _ in distinct]
    for worker in workers:
        worker.join()
    assert asked.empty()
    assert sorted(keys) == sorted(distinct)


def test_cells_of_a_worker_that_fell_silent_are_adopted(tmp_path):
    with in_order(tmp_path / "run.sqlite") as search:
        lost = search.ask(2, worker="lost")
        mine = search.ask(1, worker="mine")
        by_hand = search.ask(1)
        search.journal.alive("lost")
        search.journal.alive("mine")
        assert search.journal.adopt("mine", silent=60) == []
        time.sleep(0.01)
        assert [pick.cell for pick in search.journal.adopt("mine", silent=0.005)] == lost
        assert search.journal.adopt("mine", silent=0.005) == []
        assert len(search.history.pending) == len(lost + mine + by_hand)


def test_threads_may_share_a_search(tmp_path):
    """What was told is in the file, and nothing is given out twice."""
    path, given, told = tmp_path / "run.sqlite", [], []
    search = Search(SPACE, "random", journal=path)
    first = search.ask(120)

    def work(cell: Cell) -> None:
        search.tell(cell, score(cell))
        told.append(cell.key)
        given.extend(one.key for one in search.ask(1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, first))
    search.close()
    with Search(SPACE, "random", journal=path) as again:
        assert {one.cell.key for one in again.history.evaluated} == set(told) == {cell.key for cell in first}
        assert len(given) == len(set(given)) == len(told)
        assert {cell.key for cell in again.pending} == set(given)


class Robbed(InOrder):
    """While it thinks, somebody else takes some of what it is about to answer."""

    def __init__(self, taken: int):
        self.taken, self.thieves = taken, 0

    def propose(self, history, candidates, n, rng):
        picks = super().propose(history, candidates, n, rng)
        self.thieves += 1
        self.journal.ask(picks[: self.taken], worker=f"thief {self.thieves}")
        return picks


@pytest.mark.parametrize("taken", [1, 5])
def test_a_crowd_is_no_reason_to_say_that_nothing_is_left(taken):
    strategy = Robbed(taken)
    search = Search(SPACE, strategy)
    strategy.journal = search.journal
    assert len(search.ask(1)) == 1
    assert strategy.thieves == taken + 1


def test_where_all_that_was_chosen_is_taken_again_and_again_it_is_said():
    strategy = Robbed(1000)
    search = Search(SPACE, strategy)
    strategy.journal = search.journal
    with pytest.raises(JournalError, match="others took all that was chosen, 20 times"):
        search.ask(1)


def test_a_failure_that_another_worker_told_is_not_forgotten_by_the_one_before():
    search = in_order()
    (cell,) = search.ask(1, worker="slow")
    search.journal.alive("slow")
    search.journal.adopt("other", silent=-1.0)
    search.tell(cell, FAILED, worker="other")
    search.drop(cell, worker="slow")
    assert search.history.failed == [cell]
