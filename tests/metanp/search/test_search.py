"""Ask and tell: what is asked for, what may be told, and what of it a file keeps, whatever happens to the process."""

import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from metanp import Cell
from metanp.search import FAILED, Failed, JournalError, Listed, Open, Pick, Search, SearchWarning, Strategy, make
from metanp.search.strategies.pareto import Pareto
from metanp.spaces import get_space
from metanp.spaces.product import ProductSpace
from tests.evaluated_cells import CELLS, EARLY_SKIP, OTHER_EARLY_SKIP
from tests.tiny_model import write_checkpoint

SPACE = get_space("nasbench201")


def score(cell: Cell) -> float:
    """More convolutions, more points."""
    return float(sum(name.startswith("conv") for name in cell.pruned.operations))


class InOrder(Strategy):
    """The first cells of a list that are left, with a note."""

    title, source = "in order", "these tests"

    def propose(self, history, candidates, n, rng):
        cells = (candidates.cell(row) for row in range(len(candidates.cells)))
        return [Pick(cell, {"seen": len(history.evaluated)}) for cell in candidates.fresh(cells, history.taken, n)]


def in_order(journal=None, **more) -> Search:
    return Search(CELLS, InOrder(), journal=journal, **more)


# --- asking ---


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


# --- telling ---


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


# --- the journal ---


def test_a_search_goes_on_as_if_it_had_not_been_interrupted(tmp_path):
    whole, parts = Search(SPACE, "random", rng=3), []
    for _ in range(4):
        with Search(SPACE, "random", rng=3, journal=tmp_path / "run.sqlite") as again:
            for cell in again.ask(2):
                again.tell(cell, score(cell))
                parts.append(cell)
    wanted = []
    for _ in range(4):
        for cell in whole.ask(2):
            whole.tell(cell, score(cell))
            wanted.append(cell)
    assert parts == wanted
    assert len(again.strategy.title) > 0


def test_the_note_of_a_cell_comes_back_with_its_score(tmp_path):
    with in_order(tmp_path / "run.sqlite") as search:
        for cell in search.ask(2):
            search.tell(cell, 1.0)
        search.tell(search.ask()[0], 2.0)
    with in_order(tmp_path / "run.sqlite") as again:
        assert [one.note["seen"] for one in again.history.evaluated] == [0, 0, 2]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda path: Search(SPACE, "random", journal=path), "its candidates is"),
        (lambda path: in_order(path, maximize=False), "its better is higher, not lower"),
    ],
)
def test_a_journal_of_another_search_is_refused_and_stays_as_it_was(tmp_path, other, said):
    path = tmp_path / "run.sqlite"
    with in_order(path) as search:
        search.tell(search.ask()[0], 1.0)
    before = path.read_bytes()
    with pytest.raises(JournalError, match=said):
        other(path)
    assert path.read_bytes() == before


def test_a_journal_of_another_version_is_refused(tmp_path):
    path = tmp_path / "run.sqlite"
    in_order(path).close()
    with sqlite3.connect(path) as file:
        file.execute("UPDATE facts SET value = '0' WHERE name = 'format'")
    with pytest.raises(JournalError, match="version 0; this version of metanp reads 1"):
        in_order(path)


def test_a_file_that_is_no_journal_is_refused_and_stays_as_it_was(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at " * 100)
    with pytest.raises(JournalError, match=r"notes\.txt is no journal"):
        in_order(path)
    assert path.read_text().startswith("not a database")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(JournalError, match="nowhere"):
        in_order(tmp_path / "nowhere" / "run.sqlite")


KILLED = """
import sys
from tests.metanp.search.test_search import in_order
search = in_order(sys.argv[1])
while True:
    for cell in search.ask(2):
        search.tell(cell, 1.0)
        print(cell.key, flush=True)
"""


def test_what_was_told_survives_a_kill_at_any_moment(tmp_path):
    path = tmp_path / "run.sqlite"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    told = [process.stdout.readline().strip() for _ in range(5)]
    process.send_signal(signal.SIGKILL)
    told += process.stdout.read().split()
    process.wait()
    with in_order(path) as search:
        kept = {one.cell.key for one in search.history.evaluated}
        assert set(told) <= kept
        assert len(kept) + len(search.history.pending) <= len(search.journal.events())
        assert search.ask(2)


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


def test_the_file_is_whole_after_a_write_that_failed(tmp_path):
    with in_order(tmp_path / "run.sqlite") as search:
        cells = search.ask(2)
        with pytest.raises(TypeError):
            search.journal.ask([Pick(CELLS[9]), Pick(CELLS[10], {"no": object()})])
        assert [cell.key for cell in search.history.pending] == [cell.key for cell in cells]


def test_a_generator_gives_the_seed():
    by_generator = Search(SPACE, "random", rng=np.random.default_rng(0))
    again = Search(SPACE, "random", rng=np.random.default_rng(0))
    assert by_generator.ask(3) == again.ask(3)


def test_a_read_only_file_is_said(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("the superuser may write everywhere")
    path = tmp_path / "run.sqlite"
    in_order(path).close()
    path.chmod(0o400)
    with pytest.raises(JournalError, match=r"run\.sqlite"):
        in_order(path)


def test_a_closed_search_says_so(tmp_path):
    with in_order(tmp_path / "run.sqlite") as search:
        pass
    with pytest.raises(JournalError, match="closed"):
        search.ask()


def test_settings_beside_candidates_that_are_made_are_refused():
    with pytest.raises(ValueError, match="give feasible and features to Listed"):
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


# --- threads and crowds ---


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


def test_a_score_is_kept_where_warnings_are_errors():
    search = in_order()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SearchWarning, match="never asked for"):
            search.tell(CELLS[3], 1.0)
    assert search.best().score == 1.0


def test_a_failure_that_another_worker_told_is_not_forgotten_by_the_one_before():
    search = in_order()
    (cell,) = search.ask(1, worker="slow")
    search.journal.alive("slow")
    search.journal.adopt("other", silent=-1.0)
    search.tell(cell, FAILED, worker="other")
    search.drop(cell, worker="slow")
    assert search.history.failed == [cell]


@pytest.mark.parametrize("slots", [11, 40])
def test_a_space_too_large_to_list_is_drawn_from(slots):
    """4^11 cells, and 4^40, for which there is no integer in numpy."""

    class Chain(ProductSpace):
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
