"""The driver: runs a user's command for one cell after another, several at once, until a budget is spent.

    ask -> one thread for each place runs the command -> tell
                  epochs that it prints -> report -> stop what is hopeless

Search and journal belong to the main thread. A second connection to the journal records every few seconds that this run
is alive (`_Pulse`), also while a strategy computes for minutes. A killed run no longer does; its cells are then adopted
by the next run, or by a simultaneous one. The budget counts all results in the journal, failures too, of any run: a run
that starts again continues to the total, and two runs share one budget.

The first interrupt starts nothing more and waits for what runs; the second kills that, and gives its cells back.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Protocol

from metanp.cell import Cell
from metanp.search.command_line.epoch_lines import Heard
from metanp.search.command_line.evaluation import TICK, Command, Job, Listener, Outcome, Stop
from metanp.search.command_line.guard import Guard
from metanp.search.failed import Failed
from metanp.search.journal import Journal, JournalError
from metanp.search.search import Search

SILENT = 60.0  # seconds without a sign of life after which a run counts as dead
PULSE = 5.0  # seconds between two signs of life


@dataclass(frozen=True)
class Plan:
    """budget: evaluations in the journal at the end. workers: at once. give_up: failures in a row, without a score."""

    budget: int
    workers: int = 1
    give_up: int = 10
    silent: float = SILENT

    def __post_init__(self) -> None:
        for name in ("budget", "workers", "give_up"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name.replace('_', '-')} is {getattr(self, name)}; expected 1 or more")


class Watcher(Protocol):
    """Receives the progress of a run."""

    def state(self, spent: int, running: int) -> None:
        """Now and again: how many results the journal has, and how many evaluations run here."""

    def ended(self, job: Job, cell: Cell, outcome: Outcome) -> None:
        """An evaluation ended, and is in the journal."""

    def say(self, text: str) -> None:
        """A message for the user."""


class Run:
    """One process that evaluates. job: makes the `Job` of a cell that runs in a place."""

    def __init__(self, search: Search, command: Command, plan: Plan, job: Callable[[Cell, int], Job], watcher: Watcher):
        self.search, self.command, self.plan, self.job, self.watcher = search, command, plan, job, watcher
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.stop, self.interrupt = Stop(), 0
        self.running: dict[Future[Outcome], tuple[Job, Cell]] = {}
        self.adopted: list[Cell] = []
        self.heard: SimpleQueue[tuple[_Training, Heard]] = SimpleQueue()
        self.trainings: dict[str, _Training] = {}  # by id of the job
        self.places = list(range(plan.workers))
        self.failures = 0  # in a row
        self._dry: int | None = None  # how many cells were out when the last ask found no candidate
        self._next_look = 0.0
        self._said: set[str] = set()
        self.broken: Exception | None = None

    def go(self) -> int:
        """Run until the budget is spent, no candidate is left, or a signal stops it; returns that signal, or 0.

        Raises:
            ValueError: the evaluations fail one after another.
            OSError: the command cannot be started, or a log file cannot be written.
            metanp.search.journal.JournalError: the journal can no longer be written.
        """
        self.command.logs.mkdir(parents=True, exist_ok=True)
        self.search.journal.alive(self.name)  # before asking: only a run that was recorded alive can be found dead
        pulse = _Pulse(self.search.journal.path, self.name, self.plan.silent)
        with self._signals(), pulse, Guard() as guard, ThreadPoolExecutor(self.plan.workers) as threads:
            try:
                self._loop(threads, guard)
            except BaseException:
                self.stop.soon.set()
                self.stop.now.set()
                raise
            self._give_back(self.adopted)
        if self.broken is not None:
            raise self.broken
        return self.interrupt

    def _loop(self, threads: ThreadPoolExecutor, guard: Guard) -> None:
        while not self._finished():
            try:
                self._start(threads, guard)
            except Exception as error:  # running evaluations are still waited for
                self._break(error)
            self._listen()
            self._say_stop()
            self.watcher.state(self.search.journal.spent(), len(self.running))
            if self.running:
                for done in wait(self.running, TICK, FIRST_COMPLETED).done:
                    self._take(done)
            else:
                time.sleep(TICK)
        self._say_stop()  # all that was killed may have ended within one wait

    def _start(self, threads: ThreadPoolExecutor, guard: Guard) -> None:
        """Start evaluations in the free places; cells that cannot be written for the command are given back."""
        cells = self._next_cells()
        try:
            while cells:
                job = self.job(cells[0], self.places[0])
                training = self.trainings[job.id] = _Training(job, cells[0])
                listener = Listener(partial(_put, self.heard, training), training.halt)
                done = threads.submit(self.command.evaluate, job, self.stop, guard, listener)
                self.running[done] = (job, cells[0])
                del cells[0], self.places[0]
        finally:
            self._give_back(cells)

    def _finished(self) -> bool:
        if self.running:
            return False
        if self.stop.soon.is_set() or self.search.journal.spent() >= self.plan.budget:
            return True
        # cells of other runs may come back
        return self._dry == 0 and not self.adopted and not self.search.journal.working()

    def _next_cells(self) -> list[Cell]:
        """Cells for the free places: those of dead runs first, then new ones."""
        journal, budget = self.search.journal, self.plan.budget
        free = min(len(self.places), budget - journal.spent() - len(self.running))
        if free < 1 or self.stop.soon.is_set():
            return []
        self._adopt()
        cells, self.adopted = self.adopted[:free], self.adopted[free:]
        room = min(free - len(cells), journal.room(budget))
        if room > 0 and self._dry != journal.working():
            picks = self.search.ask_with_notes(room, self.name, budget)
            self._dry = journal.working() if not picks and journal.room(budget) else None
            cells += [pick.cell for pick in picks]
        if self.stop.soon.is_set():  # while the strategy was asked
            self._give_back(cells)
            return []
        return cells

    def _adopt(self) -> None:
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + min(PULSE, self.plan.silent / 4)
        found = self.search.journal.adopt(self.name, self.plan.silent)
        if found:
            self.adopted += [pick.cell for pick in found]
            self.watcher.say(f"{len(found)} of the cells of a run that is gone, evaluated here")

    def _take(self, done: Future[Outcome]) -> None:
        """Record the result of a cell."""
        self._listen()  # all that it printed before it ended
        job, cell = self.running.pop(done)
        training = self.trainings.pop(job.id)
        self.places = sorted([*self.places, job.worker])
        try:
            outcome = done.result()
        except (OSError, ValueError) as error:
            self._give_back([cell])
            self._break(error)
            return
        if training.halt.is_set() and outcome.score is None:
            self._ended(job, cell, replace(outcome, reason="", dropped=False, stopped=True))  # it is in the journal
            return
        if outcome.dropped:
            self._give_back([cell])
            return
        score = Failed(outcome.reason) if outcome.score is None else outcome.score
        try:
            self.search.tell(cell, score, self.name)
        except JournalError:
            self.watcher.say(f"{job.id}: {outcome.reason or outcome.score} cannot be written into the journal")
            raise
        self._ended(job, cell, outcome)

    def _ended(self, job: Job, cell: Cell, outcome: Outcome) -> None:
        failed = outcome.score is None and not outcome.stopped
        self.failures = self.failures + 1 if failed else 0
        try:
            self.watcher.ended(job, cell, outcome)
        except OSError as error:  # our output is no longer read
            self._break(error)
        if self.failures >= self.plan.give_up:
            self._break(ValueError(f"{self.failures} evaluations failed one after another, the last: {outcome.reason}"))

    def _listen(self) -> None:
        """Report the epochs that trainings have printed, and halt those that are hopeless."""
        with suppress(Empty):
            while True:
                training, heard = self.heard.get_nowait()
                if not training.is_heard(heard.attempt):
                    continue
                try:
                    if heard.problem:
                        raise ValueError(heard.problem)
                    anew = training.begins(heard.attempt)
                    go_on = self.search.report(training.cell, heard.epoch, heard.score, self.name, anew)
                except JournalError:
                    raise
                except ValueError as error:  # of this curve alone: the training goes on
                    training.deaf_to = heard.attempt
                    self.watcher.say(f"{training.job.id}: {error}")
                else:
                    if not go_on:
                        training.halt.set()

    def _break(self, error: Exception) -> None:
        if self.broken is None and self.running:
            self.watcher.say(f"{error}; waiting for the {len(self.running)} that run")
        self.broken = self.broken or error
        self.stop.soon.set()

    def _give_back(self, cells: list[Cell]) -> None:
        for cell in cells:
            self.search.drop(cell, self.name)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # only set flags: the signal may interrupt anything, printing too
        (self.stop.now if self.interrupt else self.stop.soon).set()
        self.interrupt = self.interrupt or number

    def _say_stop(self) -> None:
        if self.stop.now.is_set():
            text = "killing what runs; those cells may be asked for again"
        elif self.interrupt and self.running:
            text = f"stopping: waiting for the {len(self.running)} that run; interrupt again to kill them"
        else:
            return
        if text.split()[0] not in self._said:
            self._said.add(text.split()[0])
            self.watcher.say(text)


class _Training:
    """An evaluation that runs. deaf_to: the attempt whose curve is not read on."""

    def __init__(self, job: Job, cell: Cell):
        self.job, self.cell, self.halt = job, cell, threading.Event()
        self.deaf_to, self._begun = 0, 0

    def is_heard(self, attempt: int) -> bool:
        """Whether epochs of this attempt are still of interest."""
        return attempt != self.deaf_to and not self.halt.is_set()

    def begins(self, attempt: int) -> bool:
        """Whether this is the first epoch of an attempt."""
        first, self._begun = attempt != self._begun, attempt
        return first


def _put(heard: SimpleQueue[tuple[_Training, Heard]], training: _Training, one: Heard) -> None:
    heard.put((training, one))


class _Pulse:
    """A thread that records in the journal that a run is alive."""

    def __init__(self, path: str | Path | None, name: str, silent: float):
        self._path, self._name, self._every = path, name, min(PULSE, silent / 4)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _beat(self) -> None:
        journal: Journal | None = None
        while not self._done.wait(self._every):
            with suppress(JournalError):  # somebody else writes for long: next time
                journal = journal or Journal(self._path, {})
                journal.alive(self._name)
        if journal is not None:
            journal.close()
