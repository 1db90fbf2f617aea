"""A journal with every kind of event, and all that a journal says, for tests; and one of the first format."""

import contextlib
import json
import sqlite3
from pathlib import Path

from metanp.search import JournalError, Search
from metanp.search.journal import Journal
from metanp.search.strategy import Pick
from tests.metanp.search.search_runs import DISTINCT

FACTS = {"better": "higher", "candidates": "a list of cells"}


def fill(path: Path | None) -> Journal:
    """Every kind of event, for thirty cells."""
    journal = Journal(path, FACTS)
    journal.naming = lambda cell: f"net[{cell.key[:3]}]"
    journal.alive("worker")
    for i, cell in enumerate(DISTINCT[:20]):
        journal.ask([Pick(cell, {"mean": i * 1.1})], "worker")
        if i % 5:
            journal.tell("tell", cell, 90 + i / 7, worker="worker")
        else:
            journal.tell("fail", cell, note={"reason": "no memory"}, worker="worker")
    journal.tell("tell", DISTINCT[3], 93.25)
    journal.tell("retract", DISTINCT[3], note={"last": True})
    journal.tell("retract", DISTINCT[1])
    journal.tell("drop", DISTINCT[0])
    journal.tell("tell", DISTINCT[22], 1.5, {"known": True, "outside": True})
    journal.ask([Pick(DISTINCT[23])])
    return journal


def state(path: Path) -> object:
    """All that the journal says."""
    with contextlib.closing(Journal(path, FACTS)) as journal:
        return journal.history(), journal.spent(), journal.asked(), journal.events(), journal.facts(), journal.names()


def look(path: Path) -> object:
    """All that the journal says, or why it does not."""
    try:
        return state(path)
    except JournalError as error:
        return str(error)


def change(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        for statement in statements:
            file.execute(statement)


FIRST = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, time REAL NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, cell TEXT NOT NULL,
    score REAL, note TEXT NOT NULL, worker TEXT NOT NULL);
CREATE TABLE workers (name TEXT PRIMARY KEY, seen REAL NOT NULL);
"""


def write_first(path: Path, **facts: str) -> None:
    """As the version before wrote it: three cells asked for, one told, one failed."""
    facts = {"format": "1", "better": "higher", "candidates": "9 cells 0123456789abcdef", **facts}
    rows = [("ask", 0, None, '{"mean": 1.5}'), ("ask", 1, None, "{}"), ("ask", 2, None, "{}")]
    rows += [("tell", 0, 91.5, "{}"), ("fail", 1, None, '{"reason": "no memory"}')]
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.executescript(FIRST)
        file.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
        file.execute("INSERT INTO workers VALUES ('host:1:abc', 1.0)")
        for kind, i, score, note in rows:
            values = (5.0, kind, DISTINCT[i].key, json.dumps(DISTINCT[i].to_json()), score, note, "host:1:abc")
            file.execute(
                "INSERT INTO events (time, kind, key, cell, score, note, worker) VALUES (?, ?, ?, ?, ?, ?, ?)", values
            )


def first_state(search: Search) -> tuple:
    history = search.history
    return ([one.cell for one in history.evaluated], history.pending, history.failed, search.journal.spent())


EXPECTED = ([DISTINCT[0]], [DISTINCT[2]], [DISTINCT[1]], 2)
