"""Trainings that report their epochs: kept in the journal whatever happens, and stopped where they are hopeless."""

import contextlib
import math
import multiprocessing
import os
import pickle
import signal
import sqlite3

import pytest

from metanp.search import FAILED, JournalError, Search, schema
from metanp.search.curve_log import Curve
from metanp.search.journal import Journal
from metanp.search.stopping import FEWEST
from tests.metanp.search.in_order import in_order
from tests.metanp.search.journals import FACTS, change, fill, state, write_first
from tests.metanp.search.learning_curves import EPOCHS, curve
from tests.metanp.search.search_runs import DISTINCT

ENDS = [80 + i / 4 for i in range(FEWEST + 2)]
N = len(ENDS)  # place of the next cell


def train(search: Search, end: float, stop: int = EPOCHS) -> int:
    """Asks for a cell and trains it; the epoch after which it was stopped, 0 where it was not."""
    (cell,) = search.ask()
    for epoch, value in enumerate(curve(end, seed=int(end * 10)).values[:stop], start=1):
        if not search.report(cell, epoch, value):
            return epoch
    if stop == EPOCHS:
        search.tell(cell, end)
    return 0


def trained(journal=None, **settings) -> Search:
    """A search in which enough trainings ended."""
    search = in_order(journal, **{"stop": 0.95, **settings})
    assert [train(search, end) for end in ENDS] == [0] * N
    return search


def test_a_hopeless_training_is_stopped_and_counts_as_known_to_be_bad(path):
    with trained(path) as search:
        epochs = train(search, 60.0)
        assert 0 < epochs < EPOCHS
        history = search.history
        (stopped,) = history.stopped
        assert stopped.cell == DISTINCT[N]
        assert abs(stopped.score - 60) < 5
        assert (history.pending, history.failed, len(history.evaluated)) == ([], [], N)
        assert search.journal.stopped() == {DISTINCT[N].key: (epochs, EPOCHS)}
        assert search.journal.spent() == N + 1
        assert search.best().score == max(ENDS)
        assert search.ask() == [DISTINCT[N + 1]]
        cells, scores = history.measurements()
        assert (cells[-1], scores[-1]) == (DISTINCT[N], stopped.score)
    with in_order(path) as again:
        assert again.history.stopped == history.stopped
        assert again.history.taken.keys() > {DISTINCT[N].key}


def test_lower_is_better_where_the_search_minimises():
    search = in_order(stop=0.95, maximize=False)
    for end in ENDS:
        (cell,) = search.ask()
        assert all(search.report(cell, epoch, -value) for epoch, value in enumerate(curve(end).values, start=1))
        search.tell(cell, -end)
    (cell,) = search.ask()
    reports = (search.report(cell, epoch, -value) for epoch, value in enumerate(curve(60.0).values, start=1))
    assert not all(reports)
    (stopped,) = search.history.stopped
    assert search.best().score == -max(ENDS)
    assert abs(stopped.score - 60) < 5  # of the negated loss
    assert search.journal.events()[-1]["score"] == -stopped.score


def test_without_stop_all_trainings_go_on_and_are_recorded():
    search = trained(stop=None)
    assert train(search, 20.0) == 0
    assert search.history.stopped == []
    curves = search.journal.curves()
    assert curves[DISTINCT[N].key] == curve(20.0, seed=200)
    assert len(curves) == N + 1


def test_nothing_more_is_heard_of_a_training_that_was_stopped_and_its_score_counts_if_it_ends_all_the_same():
    search = trained()
    epochs = train(search, 60.0)
    cell = DISTINCT[N]
    assert search.report(cell, epochs + 1, 99.0) is False
    assert len(search.journal.curves()[cell.key].values) == epochs
    search.tell(cell, 99.0)
    assert (search.history.stopped, search.best().score, search.journal.spent()) == ([], 99.0, N + 1)
    assert search.journal.stopped() == {}


@pytest.mark.parametrize("last", [True, False])
def test_a_stop_can_be_taken_back(last):
    search = trained()
    train(search, 60.0)
    search.retract(DISTINCT[N], last)
    assert (search.history.stopped, search.journal.stopped(), search.journal.spent()) == ([], {}, N)
    assert search.ask() == [DISTINCT[N]]
    search.tell(DISTINCT[N], FAILED)
    assert search.history.failed == [DISTINCT[N]]


@pytest.mark.parametrize(
    ("epoch", "score", "message"),
    [
        (3, 50.0, "epoch 3 comes after 3: epochs go up"),
        (1, 50.0, "epoch 1 comes after 3: epochs go up; of a training that began again say so"),
        (5, 50.0, "epoch 5 comes after 3, and none between"),
        (4, math.nan, "epoch 4: the score is nan; did the evaluation fail"),
        (4, math.inf, "epoch 4: the score is inf"),
        (4, "x", "epoch 4: the score is 'x'; expected a number"),
        (-1, 50.0, "epoch is -1"),
        (4.5, 50.0, "epoch is 4.5"),
    ],
)
def test_what_cannot_be_a_report_is_named_and_nothing_is_lost(epoch, score, message):
    search = in_order()
    (cell,) = search.ask()
    for i in (1, 2, 3):
        search.report(cell, i, 40.0 + i)
    with pytest.raises(ValueError, match=message):
        search.report(cell, epoch, score)
    assert search.report(cell, 4, 44.0)
    assert search.journal.curves() == {cell.key: Curve(1, [41.0, 42.0, 43.0, 44.0])}
    assert search.pending == [cell]


def test_a_cell_that_is_not_running_reports_nothing():
    search = in_order()
    with pytest.raises(ValueError, match="not running: it was not asked for"):
        search.report(DISTINCT[0], 1, 50.0)
    (cell,) = search.ask(worker="first")
    with pytest.raises(ValueError, match="worker 'first' has this cell by now, not 'second'"):
        search.report(cell, 1, 50.0, worker="second")
    assert search.report(cell, 1, 50.0, worker="first")
    search.tell(cell, 60.0)
    with pytest.raises(ValueError, match="or has a result"):
        search.report(cell, 2, 50.0)
    (dropped,) = search.ask()
    search.drop(dropped)
    with pytest.raises(ValueError, match="or was given up"):
        search.report(dropped, 1, 50.0)
    assert list(search.journal.curves()) == [cell.key]


def test_a_process_that_begins_again_may_go_on_from_a_checkpoint_or_from_the_start(path):
    with in_order(path) as search:
        (cell,) = search.ask()
        for epoch in (1, 2, 3):
            search.report(cell, epoch, 40.0 + epoch)
    with in_order(path) as again:
        assert again.pending == [cell]
        again.report(cell, 3, 50.0)  # epoch 3 had not reached the checkpoint
        again.report(cell, 4, 51.0)
        assert again.journal.curves()[cell.key].values == [41.0, 42.0, 50.0, 51.0]
        again.report(cell, 1, 20.0, anew=True)
        assert again.journal.curves()[cell.key].values == [20.0]
        copy = pickle.loads(pickle.dumps(again))
        assert copy.journal.curves() == again.journal.curves()


def test_a_journal_without_curves_keeps_its_format_and_one_with_curves_is_refused_by_versions_that_do_not_know_them(
    path, monkeypatch
):
    fill(path).close()
    before = state(path)
    assert before[4]["format"] == "2"
    with Search(DISTINCT, "random", journal=path) as search:
        cell = search.pending[0]
        search.report(cell, 1, 50.0)
        assert search.journal.facts()["format"] == "3"
        search.tell(cell, 80.0)
    after = state(path)
    assert after[3][:-1] == before[3]
    monkeypatch.setattr(schema, "READ", ("1", "2"))  # the version before
    with pytest.raises(JournalError, match="journal of version 3; this version of metanp reads 1, 2: pip install"):
        Journal(path, FACTS)


def test_a_journal_of_the_first_format_takes_curves_as_well(path):
    write_first(path)
    with Search(DISTINCT, "random", journal=path) as one, Search(DISTINCT, "random", journal=path) as other:
        one.report(DISTINCT[2], 1, 50.0)
        assert other.journal.facts()["format"] == "3"
        other.report(DISTINCT[2], 2, 51.0)
        assert one.journal.curves() == other.journal.curves() == {DISTINCT[2].key: Curve(1, [50.0, 51.0])}
        assert one.tell(DISTINCT[2], 92.0) is None
        assert other.best().score == 92.0


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE epochs SET score = 99 WHERE id = 2", "reported epoch 2: does not fit its checksum"),
        ("DELETE FROM epochs WHERE id = 2", "reported epoch 2: is missing"),
        ("UPDATE epochs SET score = 'x' WHERE id = 3", "reported epoch 3: its epoch is 3 and its score 'x'"),
    ],
)
def test_a_damaged_report_is_named_with_what_to_do(path, statement, message):
    with in_order(path) as search:
        (cell,) = search.ask()
        for epoch in (1, 2, 3):
            search.report(cell, epoch, 40.0 + epoch)
    change(path, statement)
    with in_order(path) as again:
        with pytest.raises(JournalError, match=message) as caught:
            again.report(cell, 4, 50.0)
        change(path, str(caught.value).split('"')[1])
    with in_order(path) as whole:
        assert whole.report(cell, 1, 50.0)
        assert whole.pending == [cell]


def report_until_killed(path: str, ready) -> None:
    with in_order(path) as search:
        (cell,) = search.ask()
        for epoch in range(1, 100_000):
            search.report(cell, epoch, epoch / 7)
            if epoch == 20:
                ready.set()


def test_a_process_that_is_killed_while_it_reports_loses_no_epoch(path):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=report_until_killed, args=(str(path), ready))
    process.start()
    assert ready.wait(60)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with in_order(path) as search, contextlib.closing(sqlite3.connect(path)) as file:
        ((cell,), (found,)) = search.pending, search.journal.curves().values()
        assert found.values == [epoch / 7 for epoch in range(1, found.epochs + 1)]
        assert found.epochs >= 20
        assert file.execute("SELECT count(*) FROM epochs").fetchone() == (found.epochs,)
        assert search.report(cell, found.epochs + 1, 0.5)
