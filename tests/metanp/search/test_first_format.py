"""Journals of the first format are read as they are and changed with the first write."""

import sqlite3

import pytest

from metanp.search import JournalError, Listed, Search
from metanp.search.journal import Journal
from metanp.spaces import get_space
from tests.metanp.search.journals import EXPECTED, change, fill, first_state, write_first
from tests.metanp.search.search_runs import DISTINCT


def test_a_journal_of_the_first_format_is_read_as_it_is_and_changed_with_the_first_write(path):
    write_first(path)
    before = path.read_bytes()
    with Search(DISTINCT, "random", journal=path) as search:
        assert first_state(search) == EXPECTED
        assert path.read_bytes() == before
        search.tell(DISTINCT[2], 92.0)
        assert search.best().score == 92.0
        assert search.journal.facts()["format"] == "2"
    with Search(DISTINCT, "random", journal=path) as again:
        assert again.best().score == 92.0
        assert [event["id"] for event in again.journal.events()] == [1, 2, 3, 4, 5, 6]
        assert again.history.evaluated[0].note == {"mean": 1.5}
    change(path, "UPDATE events SET score = 99 WHERE id = 4")
    with pytest.raises(JournalError, match="event 4: does not fit its checksum"):
        Search(DISTINCT, "random", journal=path)


def test_processes_that_have_a_first_format_open_go_on_when_another_changed_it(path):
    write_first(path)
    with Search(DISTINCT, "random", journal=path) as one, Search(DISTINCT, "random", journal=path) as other:
        assert first_state(one) == first_state(other) == EXPECTED
        one.tell(DISTINCT[2], 92.0)
        assert other.best().score == 92.0
        other.retract(DISTINCT[2])
        assert one.best().score == other.best().score == 91.5


def test_a_version_that_knows_the_first_format_alone_can_add_nothing_to_the_second(path):
    write_first(path)
    old = sqlite3.connect(path, isolation_level=None)
    with Search(DISTINCT, "random", journal=path) as search:
        search.tell(DISTINCT[2], 92.0)
    insert = "INSERT INTO events (time, kind, key, cell, score, note, worker) VALUES (1, 'drop', '', '', NULL, '', '')"
    with pytest.raises(sqlite3.IntegrityError):
        old.execute(insert)
    # what it does to open a file: it finds a format that it does not know, and says so
    old.execute("INSERT OR IGNORE INTO facts VALUES ('format', '1')")
    assert old.execute("SELECT value FROM facts WHERE name = 'format'").fetchone() == ("2",)
    old.close()


@pytest.mark.parametrize(
    "statement",
    ["kind = 'tall'", "score = NULL", "cell = '{'", "key = 'abc'", "note = '{'", "worker = CAST(x'ff' AS TEXT)"],
)
def test_a_damaged_event_of_the_first_format_is_named_and_not_sealed(path, statement):
    write_first(path)
    change(path, f"UPDATE events SET {statement} WHERE id = 4")
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"event 4: .*DELETE FROM events WHERE id = 4"):
        Search(DISTINCT, "random", journal=path).tell(DISTINCT[2], 1.0)
    assert path.read_bytes() == before
    change(path, "DELETE FROM events WHERE id = 4")
    with Search(DISTINCT, "random", journal=path) as search:
        search.tell(DISTINCT[2], 1.0)
        assert search.best().score == 1.0
    with Search(DISTINCT, "random", journal=path) as again:
        assert again.best().score == 1.0


@pytest.mark.parametrize("of", ["9 cells 0123456789abcdef", Listed(DISTINCT).counted])
def test_a_list_of_the_first_format_may_change(path, of):
    write_first(path, candidates=of)
    with Search(DISTINCT[::-1], "random", journal=path) as search:
        assert first_state(search) == EXPECTED
    with pytest.raises(JournalError, match="no cell that computes the same"):
        Search(DISTINCT[1:], "random", journal=path)


def test_a_space_of_the_first_format_is_no_list_and_goes_on_as_it_was(path):
    space = get_space("nasbench201")
    write_first(path, candidates=Listed.of(space).counted)
    with Search(space, "random", journal=path) as search:
        assert first_state(search) == EXPECTED
    with pytest.raises(JournalError, match="its candidates is 15625 cells"):
        Search(DISTINCT, "random", journal=path)


def test_an_unknown_format_says_which_are_read(path):
    fill(path).close()
    change(path, "UPDATE facts SET value = '4' WHERE name = 'format'")
    with pytest.raises(JournalError, match=r"version 4; this version of metanp reads 1, 2, 3: pip install --upgrade"):
        Journal(path, {})
