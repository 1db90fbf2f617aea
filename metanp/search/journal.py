"""The journal: one SQLite file with everything that was asked and told, in order, never changed, only added to.

An event is on the disk before `ask` or `tell` returns, so that a process that is killed at any moment has lost nothing,
and any number of processes may write to the same file, and of threads through one journal. What follows from the
events is `History` (`metanp.search.fold`). Without a path the journal is in memory.

    ask    a cell was given out to be evaluated, with the strategy's note and who evaluates it
    tell   a score of a cell, asked for or not
    fail   an evaluation failed, and why
    drop   an evaluation was given up, or a failure forgotten; the cell may be asked for again

Scores stand here as they were told; history and notes have them so that higher is better.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from metanp.cell import Cell
from metanp.search.fold import Event, Fold, Kind
from metanp.search.history import History
from metanp.search.strategy import Pick

FORMAT = "1"
PATIENCE = 60.0  # seconds to wait for another process that writes

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, time REAL NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, cell TEXT NOT NULL,
    score REAL, note TEXT NOT NULL, worker TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS workers (name TEXT PRIMARY KEY, seen REAL NOT NULL);
"""


class JournalError(ValueError):
    """A file that is no journal, or one of another search."""


class Journal:
    """The events of one search.

    Args:
        facts: what makes it this search and no other; kept in the file by who is first.
        maximize: whether a higher score is better.

    Raises:
        JournalError: the file is no journal of ours, is of another format, or differs in a fact; names both values.
    """

    def __init__(self, path: str | Path | None, facts: Mapping[str, str], maximize: bool = True):
        self.path, self.sign = path, 1 if maximize else -1
        self._fold = Fold(self.sign)
        self._lock = threading.RLock()  # one connection has one transaction: threads take turns
        name = str(path) if path is not None else ":memory:"
        with _explained(name):
            self._file = sqlite3.connect(name, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        with self.together():
            _check_tables(self._file, name)
            for statement in _TABLES.split(";"):
                self._file.execute(statement)
            self.remember({"format": FORMAT})
            if (kept := self.fact("format")) != FORMAT:
                raise JournalError(f"{name} is a journal of version {kept}; this version of metanp reads {FORMAT}")
            self.agree(facts)

    def close(self) -> None:
        """Let go of the file; everything is in it already."""
        self._file.close()

    def agree(self, facts: Mapping[str, str]) -> None:
        """Keep facts that this search shares with no other.

        Raises:
            JournalError: the file has another value; names both.
        """
        with self.together():
            self.remember(facts)
            for name, value in facts.items():
                if (kept := self.fact(name)) != value:
                    raise JournalError(
                        f"{self.path} is the journal of another search: its {name} is {kept}, not {value}"
                    )

    def remember(self, facts: Mapping[str, str]) -> None:
        """Keep facts that may be said otherwise later; of several values, the first stays."""
        with self.together():
            self._file.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", list(facts.items()))

    def fact(self, name: str) -> str:
        """One of the facts, as the file has it."""
        with self._lock:
            return self._file.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()[0]

    def history(self) -> History:
        """What follows from all events until now, those of other processes too."""
        with self._lock:
            return self._now().history()

    def asked(self) -> int:
        """How often cells were given out."""
        with self._lock:
            return self._now().asked

    def spent(self) -> int:
        """How many evaluations were told, failed ones too."""
        with self._lock:
            return self._now().spent

    def taken(self, key: str) -> bool:
        """Whether the cell of this key need not be asked for again, as `History.taken` has it."""
        with self._lock:
            return self._now().taken(key)

    def scores(self, key: str) -> tuple[float, ...]:
        """All measurements of one cell, higher is better."""
        with self._lock:
            return tuple(self._now().told.get(key, ()))

    def working(self) -> int:
        """How many cells are out to workers that say that they are there (`alive`), or did once."""
        with self._lock:
            out = self._now().out
            seen = {name for (name,) in self._file.execute("SELECT name FROM workers")}
            return sum(owner in seen for _, _, owner in out.values())

    def room(self, budget: int) -> int:
        """How many more cells workers may be given until `budget` evaluations were told."""
        return max(0, budget - self.spent() - self.working())

    def cell(self, key: str) -> Cell | None:
        """The cell of this key, if it was ever asked for or told."""
        with self._lock:
            return self._now().cells.get(key)

    def ask(
        self, picks: Sequence[Pick], worker: str = "", budget: int | None = None, n: int | None = None
    ) -> list[Pick]:
        """Write down that these are given out; those that others took meanwhile are left out of the answer.

        Args:
            budget: no more are given out than there is `room` for.
            n: nor more than so many.
        """
        with self.together():
            now = self._now()
            fresh = [pick for pick in picks if not now.taken(pick.cell.key)][:n]
            fresh = fresh if budget is None else fresh[: self.room(budget)]
            for pick in fresh:
                self._write("ask", pick.cell, note=pick.note, worker=worker)
        return fresh

    def tell(self, kind: Kind, cell: Cell, score: float | None = None, reason: str = "", worker: str = "") -> None:
        """Write down what came of a cell."""
        with self.together():
            self._write(kind, cell, score, {"reason": reason} if reason else {}, worker)

    def alive(self, worker: str) -> None:
        """A worker says that it is still there."""
        with self.together():
            self._file.execute("INSERT OR REPLACE INTO workers VALUES (?, ?)", (worker, time.time()))

    def adopt(self, worker: str, silent: float) -> list[Pick]:
        """Cells given out to workers that have not been heard of for `silent` seconds, from now on this worker's."""
        with self.together():
            out = self._now().out
            seen = dict(self._file.execute("SELECT name, seen FROM workers"))
            lost = [
                Pick(cell, note)
                for cell, note, owner in out.values()
                if owner in seen and owner != worker and seen[owner] < time.time() - silent
            ]
            for pick in lost:
                self._write("ask", pick.cell, note=pick.note, worker=worker)
        return lost

    def events(self) -> list[dict[str, Any]]:
        """All of them in order, with the names of the columns; cells as JSON, times in seconds since 1970."""
        with self._lock:
            rows = self._file.execute("SELECT id, time, kind, key, cell, score, note, worker FROM events ORDER BY id")
            names = [column[0] for column in rows.description]
            return [dict(zip(names, row, strict=True)) for row in rows]

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written inside is written, or nothing; nobody else writes between what is read and written."""
        with self._lock:
            if self._file.in_transaction:  # of this thread, as it has the lock
                yield
            else:
                with self._transaction():
                    yield

    # --- inside -----------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _explained(self.path):
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._file.execute("COMMIT")
            except BaseException:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
                self._fold = Fold(self.sign)  # it may have read what is no more
                raise

    def _write(
        self,
        kind: Kind,
        cell: Cell,
        score: float | None = None,
        note: Mapping[str, Any] | None = None,
        worker: str = "",
    ) -> None:
        row = (time.time(), kind, cell.key, json.dumps(cell.to_json()), score, json.dumps(dict(note or {})), worker)
        self._file.execute(
            "INSERT INTO events (time, kind, key, cell, score, note, worker) VALUES (?, ?, ?, ?, ?, ?, ?)", row
        )

    def _now(self) -> Fold:
        """With what was written since, by whomever; the caller has the lock."""
        with _explained(self.path):
            rows = self._file.execute(
                "SELECT id, kind, key, cell, score, note, worker FROM events WHERE id > ? ORDER BY id",
                (self._fold.last,),
            ).fetchall()
        for row in rows:
            self._fold.add(Event(*row))
        return self._fold


def remembered(path: Path) -> dict[str, str]:
    """The facts of a journal, to be read before it is opened; empty where there is no file.

    Raises:
        JournalError: the file is no journal, or cannot be read.
    """
    if not path.exists():
        return {}
    with _explained(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", PATIENCE, uri=True)) as file:
        return dict(file.execute("SELECT name, value FROM facts")) if _check_tables(file, path) else {}


def _check_tables(file: sqlite3.Connection, path: str | Path) -> bool:
    """Whether the file has tables; JournalError where they are not ours."""
    tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and not {"facts", "events", "workers"} <= tables:
        raise JournalError(
            f"{path} is no journal of a search: it is an SQLite file with other tables, {sorted(tables)}"
        )
    return bool(tables)


@contextmanager
def _explained(path: str | Path | None) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            raise JournalError(f"{path} is no journal of a search: {error}") from error
        raise JournalError(f"the journal {path} cannot be read or written: {error}") from error
