"""The journal: one SQLite file with everything that was asked and told, in order, only ever appended to.

An event is on the disk before `ask` or `tell` returns, so that a process that is killed at any moment loses nothing.
Any number of processes may write to the same file, and any number of threads through one journal. `History` is computed
from the events (`metanp.search.fold`). Without a path the journal is in memory.

    ask      a cell was given out to be evaluated, with the strategy's note and who evaluates it
    tell     a score of a cell, asked for or not, or known beforehand
    fail     an evaluation failed, and why
    stop     an evaluation was stopped early: the end that was predicted, after how many epochs, and of how many
    drop     an evaluation was given up, or a failure forgotten; the cell may be asked for again
    retract  all results of a cell are taken back, or the last one
    void     nothing: takes the place of an event that was damaged

Beside the events are the epochs that running evaluations report (`metanp.search.curve_log`), as they come.

Scores are stored as the user gave them; history, curves and notes have them so that higher is better. The tables, and
how a damaged file is recognised, are in `metanp.search.schema`. A read-only file can be read.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from metanp.cell import Cell
from metanp.given import InputError, shown
from metanp.search import schema
from metanp.search.curve_log import Curve, CurveLog, Report
from metanp.search.event import Event, Kind
from metanp.search.fold import Fold
from metanp.search.history import History
from metanp.search.process import Process
from metanp.search.schema import JournalError, ReadOnlyError, explained
from metanp.search.strategy import Pick

__all__ = ["Journal", "JournalError", "ReadOnlyError", "remembered"]

PATIENCE = 60.0  # seconds to wait for another process that writes


class Journal:
    """The events of one search.

    A journal can be pickled: one in a file is opened again there, one in memory carries its events.

    Args:
        path: the file, or an address of SQLite's that begins with `file:`.
        facts: what distinguishes this search from others; stored by whoever opens the file first.
        maximize: whether a higher score is better.

    Attributes:
        naming: gives the name of a cell, if it has one; stored with what is asked for and told.

    Raises:
        JournalError: the file is no journal of this project, is of another format, is damaged, or differs in a fact;
            names both values.
    """

    def __init__(self, path: str | Path | None, facts: Mapping[str, str], maximize: bool = True):
        self.path, self.sign = path, 1 if maximize else -1
        self.naming: Callable[[Cell], str | None] | None = None
        self._where = path if path is None or str(path).startswith("file:") else Path(path).absolute()
        self._lock = threading.RLock()  # one connection has one transaction: threads take turns
        self._fold, self._curves = Fold(self.sign), CurveLog()
        with explained(path):
            self._file = schema.connect(path, PATIENCE)
        self._open(facts)

    def _open(self, facts: Mapping[str, str]) -> None:
        self._format = ""  # until the tables are there
        with explained(self.path):
            if schema.read_facts(self._file, self.path):
                schema.check_pages(self._file, self.path)
            else:
                self._create(facts)
            self._format = schema.read_facts(self._file, self.path)["format"]
        self.agree(facts)

    def _create(self, facts: Mapping[str, str]) -> None:
        with self.together():
            if not schema.has_tables(self._file, self.path):  # others may have been quicker
                schema.create(self._file)
                schema.add_facts(self._file, facts)

    def __getstate__(self) -> dict[str, Any]:
        with self._lock, explained(self.path):
            events = self._file.serialize() if self.path is None else None
        return {"path": self.path, "where": self._where, "sign": self.sign, "naming": self.naming, "events": events}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.path, self._where, self.sign, self.naming = (state[name] for name in ("path", "where", "sign", "naming"))
        self._lock, self._fold, self._curves = threading.RLock(), Fold(self.sign), CurveLog()
        if isinstance(self._where, Path) and not self._where.exists():
            raise JournalError(f"the journal {self._where} of this search is not there any more; put it back there")
        with explained(self.path):
            self._file = schema.connect(self._where, PATIENCE)
            if state["events"] is not None:
                self._file.deserialize(state["events"])
        self._open({})

    def close(self) -> None:
        """Close the file; everything is in it already."""
        self._file.close()

    def agree(self, facts: Mapping[str, str]) -> None:
        """Store facts in which this search must not differ.

        Raises:
            JournalError: the file has another value; names both.
        """
        self._check(facts)  # before anything is written
        self.remember(facts)
        self._check(facts)  # another process may have been quicker

    def _check(self, facts: Mapping[str, str]) -> None:
        kept = self.facts()
        for name, value in facts.items():
            if kept.get(name, value) != value:
                raise JournalError(
                    f"{self.path} is the journal of another search: its {name} is {kept[name]}, not {value}"
                )

    def remember(self, facts: Mapping[str, str]) -> None:
        """Store facts that may be given differently later; of several values, the first stays."""
        if facts.keys() <= self.facts().keys():
            return
        with self.together():
            schema.add_facts(self._file, facts)

    def facts(self) -> dict[str, str]:
        """All facts of the file."""
        with self._lock, explained(self.path):
            return schema.read_facts(self._file, self.path)

    def history(self, inside: Callable[[Cell], bool] | None = None) -> History:
        """The history after all events until now, those of other processes too.

        Args:
            inside: whether a cell is a candidate, as in `metanp.search.fold.Fold.history`.
        """
        with self._lock:
            return self._now().history(inside)

    def claimed(self) -> list[Cell]:
        """Cells that have to be candidates: pending ones, and those with a result that was not known beforehand."""
        with self._lock:
            return self._now().claimed()

    def names(self) -> dict[str, str]:
        """Names of cells when they were first asked for or told, by key; of those that had a name."""
        with self._lock:
            return dict(self._now().names)

    def asked(self) -> int:
        """How often cells were given out."""
        with self._lock:
            return self._now().asked

    def spent(self) -> int:
        """How many results were told, failures too; without those known beforehand or taken back."""
        with self._lock:
            return self._now().spent

    def taken(self, key: str) -> bool:
        """Whether the cell of this key need not be asked for again, as in `History.taken`."""
        with self._lock:
            return self._now().taken(key)

    def was_asked(self, key: str) -> bool:
        """Whether the cell of this key was ever given out."""
        with self._lock:
            return self._now().was_asked(key)

    def results(self, key: str) -> int:
        """How many results the cell of this key has, failures too, without those taken back."""
        with self._lock:
            return self._now().results(key)

    def scores(self, key: str) -> tuple[float, ...]:
        """All measurements of one cell, higher is better."""
        with self._lock:
            return tuple(self._now().told.get(key, ()))

    def worker(self, key: str) -> str | None:
        """Who has the cell of this key; None where it is not out."""
        with self._lock:
            out = self._now().out.get(key)
        return None if out is None else out[2]

    def stopped(self) -> dict[str, tuple[int, int]]:
        """Epochs trained, and those of a whole training, of evaluations that were stopped early, by key."""
        with self._lock:
            return dict(self._now().stopped)

    def curves(self) -> dict[str, Curve]:
        """The curves that were reported until now, by key; higher is better."""
        with self._lock:
            curves = self._curves_now().curves
            return {key: Curve(one.first, [self.sign * x for x in one.values]) for key, one in curves.items()}

    def measured(self) -> dict[str, float]:
        """The mean score of each measured cell, by key; higher is better."""
        with self._lock:
            return {key: float(np.mean(scores)) for key, scores in self._now().told.items()}

    def working(self) -> int:
        """How many cells are out to workers that report that they are running (`alive`), or did once."""
        with self._lock, explained(self.path):
            out = self._now().out
            seen = {name for (name,) in self._file.execute("SELECT name FROM workers")}
            return sum(owner in seen for _, _, owner in out.values())

    def room(self, budget: int) -> int:
        """How many more cells workers may be given until `budget` results were told."""
        return max(0, budget - self.spent() - self.working())

    def cell(self, key: str) -> Cell | None:
        """The cell of this key, if it was ever asked for or told."""
        with self._lock:
            return self._now().cells.get(key)

    def ask(
        self, picks: Sequence[Pick], worker: str = "", budget: int | None = None, n: int | None = None
    ) -> list[Pick]:
        """Record that these are given out; returns them without those that others took meanwhile.

        Args:
            budget: no more are given out than `room` allows.
            n: the most to give out.
        """
        with self.together():
            now = self._now()
            fresh = [pick for pick in picks if not now.taken(pick.cell.key)][:n]
            fresh = fresh if budget is None else fresh[: self.room(budget)]
            for pick in fresh:
                self._write("ask", pick.cell, note=pick.note, worker=worker)
        return fresh

    def tell(
        self,
        kind: Kind,
        cell: Cell,
        score: float | None = None,
        note: Mapping[str, Any] | None = None,
        worker: str = "",
    ) -> None:
        """Record a result of a cell.

        Args:
            note: reason, of a failure; known, outside: a result known beforehand, of a cell that is no candidate; last:
                take back the last result alone. Empty and false values are left out.
        """
        with self.together():
            self._write(kind, cell, score, {name: value for name, value in (note or {}).items() if value}, worker)

    def report(self, cell: Cell, epoch: int, score: float, begins: bool, worker: str = "") -> None:
        """Record the score of a running evaluation after an epoch.

        Args:
            begins: the first report of a training, which may be of an epoch that was reported before.

        Raises:
            ValueError: the epoch goes backwards, or one is missing; nothing is written.
        """
        with self.together():
            curves = self._curves_now()
            curves.check(cell.key, epoch, begins)
            row = (curves.last + 1, time.time(), cell.key, epoch, float(score), int(begins), self._worker(worker))
            schema.add_report(self._file, Report(*row))

    def alive(self, worker: str) -> None:
        """Record that a worker of this process is running."""
        with self.together():
            row = (worker, time.time(), *Process.this())
            self._file.execute("INSERT OR REPLACE INTO workers VALUES (?, ?, ?, ?, ?)", row)

    def adopt(self, worker: str, silent: float) -> list[Pick]:
        """Take over cells given out to workers that are gone.

        Args:
            silent: seconds without a report after which a worker counts as gone; one whose process has ended on this
                machine is gone at once.
        """
        with self.together():
            out = self._now().out
            owners = {owner for _, _, owner in out.values()} - {worker}
            gone = {name for name in owners if self._is_gone(name, silent)}
            lost = [Pick(cell, note) for cell, note, owner in out.values() if owner in gone]
            for pick in lost:
                self._write("ask", pick.cell, note=pick.note, worker=worker)
        return lost

    def events(self) -> list[dict[str, Any]]:
        """All events in order, by the names of `Event`; cells as JSON, times in seconds since 1970."""
        with self._lock:
            return [event._asdict() for event in self._read(0) if event.kind != "void"]

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction: everything inside is written or nothing, and nobody else writes in between."""
        with self._lock:
            if self._file.in_transaction:  # of this thread, as it has the lock
                yield
            else:
                with self._transaction():
                    yield

    # --- inside -----------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        kept = self._format
        with explained(self.path):
            self._file.execute("BEGIN IMMEDIATE")
            try:
                if kept == schema.FIRST:
                    self._upgrade()
                yield
                self._file.execute("COMMIT")
            except BaseException:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
                # they may have read what was rolled back
                self._fold, self._curves, self._format = Fold(self.sign), CurveLog(), kept
                raise

    def _upgrade(self) -> None:
        if schema.read_facts(self._file, self.path)["format"] == schema.FIRST:  # others may have been quicker
            schema.upgrade(self._file, self.path)
        self._format = schema.FORMAT

    @staticmethod
    def _worker(worker: object) -> str:
        """The name of a worker; a number, such as a process's, is a name too."""
        if isinstance(worker, str | int | np.integer) and not isinstance(worker, bool):
            return str(worker).encode("utf-8", "replace").decode("utf-8")
        raise InputError(f"worker is {shown(worker)} ({type(worker).__name__}); give a text or a number")

    def _write(
        self,
        kind: Kind,
        cell: Cell,
        score: float | None = None,
        note: Mapping[str, Any] | None = None,
        worker: str = "",
    ) -> None:
        name = (self.naming(cell) if self.naming else None) or ""
        (last,) = self._file.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
        value = None if score is None else float(score)
        texts = (json.dumps(cell.to_json()), value, json.dumps(dict(note or {})))
        schema.add_event(self._file, Event(last + 1, time.time(), kind, cell.key, *texts, self._worker(worker), name))

    def _is_gone(self, worker: str, silent: float) -> bool:
        row = self._file.execute("SELECT seen, machine, pid, started FROM workers WHERE name = ?", (worker,)).fetchone()
        if row is None:
            return False  # a person, who does not report
        seen, machine, pid, started = row
        if not isinstance(seen, float) or not isinstance(pid, int):
            return False
        return seen < time.time() - silent or Process(str(machine), pid, str(started)).is_gone()

    def _now(self) -> Fold:
        """The state with all events written since, by any process; the caller has the lock."""
        for event in self._read(self._fold.last):
            try:
                self._fold.add(event)
            except ValueError as error:
                self._fold = Fold(self.sign)
                raise schema.unreadable(self.path, event.id, str(error), self._sealed) from None
        return self._fold

    def _curves_now(self) -> CurveLog:
        """The curves with all that was reported since, by any process; the caller has the lock."""
        with explained(self.path):
            reports = schema.read_reports(self._file, self.path, self._curves.last)
        for report in reports:
            try:
                self._curves.add(report)
            except ValueError as error:
                self._curves = CurveLog()
                raise schema.bad_report(self.path, report.id, str(error)) from None
        return self._curves

    def _read(self, after: int) -> list[Event]:
        with explained(self.path):
            return schema.read_events(self._file, self.path, after, self._sealed)

    @property
    def _sealed(self) -> bool:
        return self._format != schema.FIRST


def remembered(path: Path) -> dict[str, str]:
    """The facts of a journal, read before it is opened; empty where there is no file.

    Raises:
        JournalError: the file is no journal, is damaged, or cannot be read.
    """
    if not path.exists():
        return {}
    with explained(path), closing(schema.connect(f"{path.absolute().as_uri()}?mode=rw", PATIENCE)) as file:
        return schema.read_facts(file, path)
