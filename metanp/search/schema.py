"""The file of a journal: its tables, their formats, and whether it is whole.

    1   the first: no checksums
    2   each event carries a checksum and the cell's name, numbers of events are consecutive, and the facts have a
        checksum among them; workers record which process they are
    3   as 2, with a table of reported epochs, and events of stopped evaluations

A file of format 1 is read as it is, and brought to format 2 in one transaction with the first write (`upgrade`). Format
3 begins with the first epoch that is reported (`add_report`): without curves a file can be read by earlier versions. A
version of this library refuses a file of a later format than it knows, and says so.
"""

from __future__ import annotations

import json
import shlex
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from metanp.search.curve_log import Report, read_report
from metanp.search.event import Event, read_event

FIRST, FORMAT, WITH_CURVES = "1", "2", "3"
READ = (FIRST, FORMAT, WITH_CURVES)
TABLES = {"facts", "events", "workers"}
CHECKSUM = "checksum"  # the fact that is a checksum over all others
COLUMNS = ", ".join(Event._fields)
FIRST_COLUMNS = ", ".join(Event._fields[:-1])  # of format 1
REPORT_COLUMNS = ", ".join(Report._fields)

_FACTS = "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
_EVENTS = """CREATE TABLE events (
    id INTEGER PRIMARY KEY, time REAL NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, cell TEXT NOT NULL,
    score REAL, note TEXT NOT NULL, worker TEXT NOT NULL, name TEXT NOT NULL, checksum INTEGER NOT NULL)"""
_WORKERS = """CREATE TABLE workers (
    name TEXT PRIMARY KEY, seen REAL NOT NULL, machine TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL)"""
_EPOCHS = """CREATE TABLE epochs (
    id INTEGER PRIMARY KEY, time REAL NOT NULL, key TEXT NOT NULL, epoch INTEGER NOT NULL, score REAL NOT NULL,
    begins INTEGER NOT NULL, worker TEXT NOT NULL, checksum INTEGER NOT NULL)"""


class JournalError(ValueError):
    """A file that is no journal, one of another search, or one that cannot be read or written."""


class ReadOnlyError(JournalError):
    """A journal that may be read, and not written."""


@contextmanager
def explained(path: str | Path | None) -> Iterator[None]:
    """Turn SQLite's errors into a JournalError that names the file and the remedy."""
    try:
        yield
    except sqlite3.Error as error:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if code == sqlite3.SQLITE_NOTADB:
            raise JournalError(f"{path} is no journal of a search: {error}") from error
        if code == sqlite3.SQLITE_READONLY:
            raise ReadOnlyError(
                f"the journal {path} is read-only, so that nothing can be asked for or told; make the file and its "
                f"folder writable, or go on with a copy ({error})"
            ) from error
        if code == sqlite3.SQLITE_CORRUPT:
            raise damaged(path, str(error)) from error
        raise JournalError(f"the journal {path} cannot be read or written: {error}") from error


def damaged(path: str | Path | None, what: str) -> JournalError:
    """The error for a file that is not whole."""
    return JournalError(
        f"the journal {path} is damaged: {what}; restore a copy of the file, or save what can be read of it: "
        f'sqlite3 {shlex.quote(str(path))} ".recover" | sqlite3 NEW'
    )


def connect(path: str | Path | None, timeout: float) -> sqlite3.Connection:
    """The file, or memory without one; `file:` addresses are read as SQLite does, with `?mode=ro` and so on."""
    name = ":memory:" if path is None else str(path)
    file = sqlite3.connect(
        name, timeout=timeout, isolation_level=None, check_same_thread=False, uri=name.startswith("file:")
    )
    # bytes that are no text are reported with the event that holds them, not by SQLite
    file.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    return file


def has_tables(file: sqlite3.Connection, path: str | Path | None) -> bool:
    """Whether it is a journal already, and not an empty file.

    Raises:
        JournalError: its tables are not ours.
    """
    tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and not tables >= TABLES:
        raise JournalError(
            f"{path} is no journal of a search: it is an SQLite file with other tables, {sorted(tables)}"
        )
    return bool(tables)


def read_facts(file: sqlite3.Connection, path: str | Path | None) -> dict[str, str]:
    """The facts of the search; empty where the file is.

    Raises:
        JournalError: no journal of this project, of another format, or damaged.
    """
    if not has_tables(file, path):
        return {}
    facts = dict(file.execute("SELECT name, value FROM facts"))
    if not all(isinstance(text, str) for pair in facts.items() for text in pair) or "format" not in facts:
        raise damaged(path, "what it says of the search cannot be read")
    if (kept := facts["format"]) not in READ:
        raise JournalError(
            f"{path} is a journal of version {kept}; this version of metanp reads {', '.join(READ)}: "
            "pip install --upgrade metanp"
        )
    if kept != FIRST and facts.pop(CHECKSUM, None) != _checksum(facts):
        raise damaged(path, "what it says of the search does not fit its checksum")
    return facts


def check_pages(file: sqlite3.Connection, path: str | Path | None) -> None:
    """JournalError where SQLite finds the file damaged: pages missing, or entries without their data."""
    (said,) = file.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise damaged(path, " ".join(str(said).split()).removeprefix("*** in database main *** "))


def create(file: sqlite3.Connection) -> None:
    """Create the tables of this format, inside a transaction."""
    for statement in (_FACTS, _EVENTS, _WORKERS):
        file.execute(statement)
    add_facts(file, {"format": FORMAT})


def add_facts(file: sqlite3.Connection, facts: Mapping[str, str]) -> None:
    """Add facts that are missing, inside a transaction; of several values, the first stays."""
    file.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", list(facts.items()))
    _seal_facts(file)


def add_event(file: sqlite3.Connection, event: Event) -> None:
    """Add one event, inside a transaction."""
    marks = ", ".join("?" * (len(event) + 1))
    file.execute(f"INSERT INTO events ({COLUMNS}, checksum) VALUES ({marks})", (*event, event.checksum()))


def read_events(file: sqlite3.Connection, path: str | Path | None, after: int, sealed: bool) -> list[Event]:
    """The events with a number above `after`, in order.

    Args:
        sealed: whether the file is of a format with checksums.

    Raises:
        JournalError: an event that is not as it was written, or that is missing; names it and the remedy.
    """
    columns = f"{COLUMNS}, checksum" if sealed else f"{FIRST_COLUMNS}, '', NULL"
    events = []
    for *row, checksum in file.execute(f"SELECT {columns} FROM events WHERE id > ? ORDER BY id", (after,)):
        if sealed and row[0] != after + 1:
            remedy = _without(path, after + 1, sealed)
            raise JournalError(f"the journal {path} is damaged: event {after + 1} is missing; {remedy}")
        after = row[0]
        try:
            if sealed and not isinstance(checksum, int):
                raise ValueError("it has no checksum")
            events.append(read_event(tuple(row), checksum))
        except ValueError as error:
            raise unreadable(path, after, str(error), sealed) from None
    return events


def add_report(file: sqlite3.Connection, report: Report) -> None:
    """Add one reported epoch, inside a transaction; the first of a file brings it to format 3."""
    if not has_curves(file):
        file.execute(_EPOCHS)
        file.execute("UPDATE facts SET value = ? WHERE name = 'format'", (WITH_CURVES,))
        _seal_facts(file)
    marks = ", ".join("?" * (len(report) + 1))
    file.execute(f"INSERT INTO epochs ({REPORT_COLUMNS}, checksum) VALUES ({marks})", (*report, report.checksum()))


def has_curves(file: sqlite3.Connection) -> bool:
    """Whether any epoch was reported."""
    return file.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'epochs'").fetchone() is not None


def read_reports(file: sqlite3.Connection, path: str | Path | None, after: int) -> list[Report]:
    """The reported epochs with a number above `after`, in order.

    Raises:
        JournalError: one that is not as it was written, or that is missing; names it and the remedy.
    """
    if not has_curves(file):
        return []
    reports = []
    for *row, checksum in file.execute(
        f"SELECT {REPORT_COLUMNS}, checksum FROM epochs WHERE id > ? ORDER BY id", (after,)
    ):
        try:
            if row[0] != after + 1:
                raise ValueError("is missing")
            reports.append(read_report(tuple(row), checksum))
        except ValueError as error:
            raise bad_report(path, after + 1, str(error)) from None
        after = row[0]
    return reports


def bad_report(path: str | Path | None, number: int, why: str) -> JournalError:
    """The error for one report: curves only help to stop early, so that the search may go on without them."""
    return JournalError(
        f"the journal {path} is damaged: reported epoch {number}: {why}; restore a copy of the file, or go on without "
        f'the curves until now: sqlite3 {shlex.quote(str(path))} "DELETE FROM epochs"'
    )


def unreadable(path: str | Path | None, number: int, why: str, sealed: bool) -> JournalError:
    """The error for one event."""
    return JournalError(f"the journal {path} is damaged: event {number}: {why}; {_without(path, number, sealed)}")


def upgrade(file: sqlite3.Connection, path: str | Path | None) -> None:
    """From format 1, inside a transaction; every event is checked before it gets its checksum.

    Raises:
        JournalError: an event is damaged.
    """
    events = read_events(file, path, 0, sealed=False)
    workers = file.execute("SELECT name, seen FROM workers").fetchall()
    # new tables, so that an older version that has the file open cannot add rows without a checksum
    for table in ("events", "workers"):
        file.execute(f"DROP TABLE {table}")
    file.execute(_EVENTS)
    file.execute(_WORKERS)
    before = 0
    for event in events:
        for number in range(before + 1, event.id):  # removed by hand
            add_event(file, Event(number, 0.0, "void", "", "", None, "", ""))
        add_event(file, event)
        before = event.id
    file.executemany("INSERT INTO workers VALUES (?, ?, '', 0, '')", workers)
    file.execute("UPDATE facts SET value = ? WHERE name = 'format'", (FORMAT,))
    _seal_facts(file)


def _seal_facts(file: sqlite3.Connection) -> None:
    facts = dict(file.execute("SELECT name, value FROM facts WHERE name <> ?", (CHECKSUM,)))
    file.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (CHECKSUM, _checksum(facts)))


def _checksum(facts: Mapping[str, Any]) -> str:
    return f"{zlib.crc32(json.dumps(sorted(facts.items())).encode()):08x}"


def _without(path: str | Path | None, number: int, sealed: bool) -> str:
    void = f"DELETE FROM events WHERE id = {number}"
    if sealed:  # numbers are consecutive
        void = f"INSERT OR REPLACE INTO events VALUES ({number}, 0, 'void', '', '', NULL, '', '', '', 0)"
    return f'restore a copy of the file, or go on without that event: sqlite3 {shlex.quote(str(path))} "{void}"'
