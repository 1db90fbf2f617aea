"""Trainings that report their epochs: into the journal, and whether each should go on.

    report -> journal -> curves, scores -> stopping -> the training goes on, or its end is told as predicted

A report is on the disk before anything is decided, so that a process that is killed loses no epoch.
"""

from __future__ import annotations

import math
import threading
from typing import Any

from metanp.cell import Cell
from metanp.search.journal import Journal
from metanp.search.stopping import Stopping, Verdict, Whole


class Trainings:
    """Those of one search.

    stop: as in `metanp.search.Search`; it may be changed later.
    """

    def __init__(self, journal: Journal, stop: float | Stopping | None = None):
        self.journal = journal
        self.stopping = Stopping(stop) if stop is not None and not isinstance(stop, Stopping) else stop
        self._started: set[str] = set()  # keys of cells whose training has reported to this object
        self._thinking = threading.Lock()  # a rule that learns serves one thread at a time

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_thinking"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._thinking = threading.Lock()

    def report(self, cell: Cell, epoch: int, score: float, worker: str = "", anew: bool = False) -> bool:
        """Record an epoch, and say whether to go on; arguments and errors as `metanp.search.Search.report`."""
        with self.journal.together():
            if cell.key in self.journal.stopped():
                return False
            self._check_running(cell, worker)
            self.journal.report(cell, epoch, score, anew or cell.key not in self._started, worker)
        self._started.add(cell.key)
        verdict = self._verdict(cell)
        return verdict is None or not self._stop(cell, verdict, worker)

    def ended(self, cell: Cell) -> None:
        """The training of a cell has ended, or was given up: what it reports next is another one."""
        self._started.discard(cell.key)

    def _check_running(self, cell: Cell, worker: str) -> None:
        owner = self.journal.worker(cell.key)
        if owner is None:
            raise ValueError(
                "this cell is not running: it was not asked for, or has a result, or was given up; ask for it first, "
                "or tell its score"
            )
        if worker and owner != worker:
            raise ValueError(
                f"worker {owner!r:.80} has this cell by now, not {worker!r:.80}, which was silent for too long; end "
                "this training"
            )

    def _verdict(self, cell: Cell) -> Verdict | None:
        """Decided outside of any transaction, as it may take a moment."""
        if self.stopping is None:
            return None
        curves, ends = self.journal.curves(), self.journal.measured()
        whole = [Whole(curves[key], end) for key, end in ends.items() if key in curves]
        with self._thinking:
            return self.stopping.verdict(curves[cell.key], whole, max(ends.values(), default=-math.inf))

    def _stop(self, cell: Cell, verdict: Verdict, worker: str) -> bool:
        """Whether it is stopped: another process may have told its result meanwhile."""
        with self.journal.together():
            if self.journal.worker(cell.key) is None:
                return cell.key in self.journal.stopped()
            note = {"epochs": verdict.epochs, "of": verdict.of}
            self.journal.tell("stop", cell, self.journal.sign * verdict.end, note, worker)
        self.ended(cell)
        return True
