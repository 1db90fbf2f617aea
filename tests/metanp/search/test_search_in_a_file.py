"""What a file keeps of a search, whatever happens to the process."""

import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from metanp.search import JournalError, Pick, Search
from tests.evaluated_cells import CELLS
from tests.metanp.search.in_order import SPACE, in_order, score


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
from tests.metanp.search.in_order import in_order
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


def test_the_file_is_whole_after_a_write_that_failed(tmp_path):
    with in_order(tmp_path / "run.sqlite") as search:
        cells = search.ask(2)
        with pytest.raises(TypeError):
            search.journal.ask([Pick(CELLS[9]), Pick(CELLS[10], {"no": object()})])
        assert [cell.key for cell in search.history.pending] == [cell.key for cell in cells]


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
