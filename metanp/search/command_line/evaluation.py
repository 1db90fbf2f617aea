"""One evaluation: a user's own command, run for one cell.

    python train.py --cell {cell}   ->   a process group of its own   ->   the last line that it prints, the score

No shell reads the command: it is split once, and each argument's placeholders are filled in. The cell is in the
environment too. The score is a number, or JSON with a "score". All output of the command is kept in a log file. An
evaluation fails when the command ends with a status other than 0, prints no score, takes too long, or is silent for too
long. Processes that it started are killed then, and also after a success. POSIX alone, because of process groups.

Epochs that it prints while it runs are handed on (`epoch_lines.py` beside this file), and the listener may halt it.

Independent of the journal.
"""

from __future__ import annotations

import json
import math
import os
import re
import selectors
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import IO

from metanp.search.command_line.epoch_lines import EpochLines, Heard
from metanp.search.command_line.guard import Guard, kill

PLACEHOLDERS = re.compile(r"\{(cell|json|id|worker)\}")
TICK = 0.1  # seconds between looks at the clock
CHUNK = 1 << 16  # bytes read at once
LAST = 1 << 24  # bytes at the end of an output in which its last line is looked for
LEFTOVERS = 64  # reads after the end: empties the pipes, without waiting for what an escaped process may still write
SHOWN = 200  # characters of a line in a reason
HOUR = 3600.0  # seconds without output after which it is said, where none is the limit


@dataclass(frozen=True)
class Job:
    """The cell of one evaluation. text: the benchmark's own, or JSON. worker: number of the place it runs in."""

    id: str
    json: str
    text: str
    worker: int

    def fill(self, argument: str) -> str:
        """An argument with its placeholders filled in; inserted text is not searched for placeholders."""
        values = {"cell": self.text, "json": self.json, "id": self.id, "worker": str(self.worker)}
        return PLACEHOLDERS.sub(lambda found: values[found[1]], argument)


@dataclass(frozen=True)
class Outcome:
    """The result of an evaluation.

    score: None where it failed, was given up before it ended (`dropped`), or was halted as hopeless (`stopped`).
    """

    score: float | None
    reason: str
    attempts: int
    seconds: float
    dropped: bool = False
    stopped: bool = False


@dataclass(frozen=True)
class Stop:
    """soon: start nothing more. now: kill what runs."""

    soon: Event = field(default_factory=Event)
    now: Event = field(default_factory=Event)


def _nobody(heard: Heard) -> None:
    """Hears nothing."""


@dataclass(frozen=True)
class Listener:
    """hear: is told what the command prints of its epochs, in the evaluation's thread. halt: kill the command."""

    hear: Callable[[Heard], None] = _nobody
    halt: Event = field(default_factory=Event)


@dataclass(frozen=True)
class Command:
    """A user's command. timeout: seconds for one attempt. retries: further attempts after a failed one.

    stalled: seconds without any output after which an attempt is killed.
    """

    arguments: tuple[str, ...]
    logs: Path
    timeout: float | None = None
    retries: int = 0
    stalled: float | None = None

    @classmethod
    def parse(
        cls,
        template: str,
        logs: Path,
        timeout: float | None = None,
        retries: int = 0,
        stalled: float | None = None,
    ) -> Command:
        """Split a command as a shell would.

        Raises:
            ValueError: no command, quotes that do not close, a program that does not exist, or no time.
        """
        for name, seconds in (("timeout", timeout), ("stalled", stalled)):
            if seconds is not None and not seconds > 0:
                raise ValueError(f"{name} is {seconds:g}; expected seconds, more than 0")
        try:
            arguments = tuple(shlex.split(template))
        except ValueError as error:
            raise ValueError(f"cannot read the command {template!r}: {error}") from None
        if not arguments:
            raise ValueError("the command is empty; expected one such as 'python train.py --cell {cell}'")
        program = arguments[0]
        if not PLACEHOLDERS.search(program) and shutil.which(program) is None:
            raise ValueError(f"there is no program {program!r} that can be run; the command is {template!r}")
        return cls(arguments, logs, timeout, retries, stalled)

    @property
    def names_cell(self) -> bool:
        """Whether its arguments distinguish cells."""
        names = PLACEHOLDERS.findall(" ".join(self.arguments))
        return any(name != "worker" for name in names)

    def log(self, id: str) -> Path:
        """The file that keeps its output."""
        name = re.sub(r"[^\w.-]", lambda found: f"%{ord(found[0]):x}", id)
        return self.logs / f"{name[:200]}.log"

    def evaluate(self, job: Job, stop: Stop, guard: Guard, listener: Listener | None = None) -> Outcome:
        """Run it until it gives a score, is halted, or failed in all attempts.

        Raises:
            OSError: it cannot be started, or the log file cannot be written.
        """
        began, reason, attempt = time.monotonic(), "", 0
        listener = listener or Listener()
        while attempt <= self.retries and not stop.soon.is_set():
            attempt += 1
            with self.log(job.id).open("ab") as log:
                attempted = _Attempt(self, job, log, (stop, guard, listener))
                attempted.run(attempt)
            if attempted.halted:
                return Outcome(None, "", attempt, time.monotonic() - began, stopped=True)
            score, reason = attempted.result()
            if score is not None:
                return Outcome(score, "", attempt, time.monotonic() - began)
        dropped = stop.now.is_set() or attempt <= self.retries
        return Outcome(None, reason, attempt, time.monotonic() - began, dropped)


class _Attempt:
    """One run of the command."""

    def __init__(self, command: Command, job: Job, log: IO[bytes], around: tuple[Stop, Guard, Listener]):
        self.command, self.job, self.log = command, job, log
        self.stop, self.guard, self.listener = around
        self.late, self.halted, self.stalled = False, False, False
        self.last_output, self.said_silent = time.monotonic(), False
        self.epochs = EpochLines(1)
        self.status = 0
        self.out, self.err = bytearray(), bytearray()

    def run(self, number: int) -> None:
        """Run until it ends or is killed."""
        self.epochs = EpochLines(number)
        arguments = [self.job.fill(argument) for argument in self.command.arguments]
        self.log.write(f"$ {shlex.join(arguments)}  # attempt {number}\n".encode())
        self.log.flush()
        environment: Mapping[str, str] = {**os.environ, "METANP_CELL": self.job.json, "METANP_ID": self.job.id}
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        try:
            with self.guard.watching(process.pid):
                self._watch(process)
        finally:
            if process.returncode is None:
                kill(process.pid)
            self.status = process.wait()

    def result(self) -> tuple[float | None, str]:
        """A score, or why there is none."""
        if self.late:
            return None, f"no result after {self.command.timeout:g} s; killed"
        if self.stalled:
            return None, f"no output for {self.command.stalled:g} s; killed"
        if self.status:
            name = f"killed by {_signal(-self.status)}" if self.status < 0 else f"exit status {self.status}"
            return None, f"{name}: {_last_line(self.err)[:SHOWN]}".rstrip(": ")
        return read_score(_last_line(self.out))

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        limit = math.inf if self.command.timeout is None else time.monotonic() + self.command.timeout
        assert process.stdout is not None
        assert process.stderr is not None
        with process.stdout, process.stderr, selectors.DefaultSelector() as streams:
            streams.register(process.stdout, selectors.EVENT_READ, self.out)
            streams.register(process.stderr, selectors.EVENT_READ, self.err)
            while process.poll() is None:
                self.late = time.monotonic() > limit
                self.halted = self.listener.halt.is_set()
                self.stalled = self._is_stalled()
                if self.late or self.halted or self.stalled or self.stop.now.is_set():
                    kill(process.pid)
                    process.wait()
                elif streams.get_map():
                    self._read(streams, TICK)
                else:  # it closed its outputs and still runs
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(TICK)
            kill(process.pid)  # processes that it left running, which may hold its outputs open
            for _ in range(LEFTOVERS):
                if not self._read(streams, 0):
                    break

    def _is_stalled(self) -> bool:
        """Whether it has been silent for too long; without a limit, an hour of silence is said."""
        silent = time.monotonic() - self.last_output
        if self.command.stalled is not None:
            return silent > self.command.stalled
        if silent > HOUR and not self.said_silent:
            self.said_silent = True
            problem = f"it has printed nothing for {HOUR:g} s; --stalled SECONDS kills what is silent for so long"
            self.listener.hear(Heard(self.epochs.attempt, problem=problem))
        return False

    def _read(self, streams: selectors.BaseSelector, seconds: float) -> bool:
        """Read the available output; whether there was any."""
        ready = streams.select(seconds) if streams.get_map() else []
        for stream, _ in ready:
            if chunk := os.read(stream.fd, CHUNK):
                self.log.write(chunk)
                self.log.flush()
                stream.data.extend(chunk)
                del stream.data[:-LAST]
                self.last_output = time.monotonic()
                if stream.data is self.out:
                    for heard in self.epochs.feed(chunk):
                        self.listener.hear(heard)
            else:
                streams.unregister(stream.fileobj)
        return bool(ready)


def read_score(line: str) -> tuple[float | None, str]:
    """The score in a line, or why there is none."""
    if not line:
        return None, "it printed nothing; the last line of its output should be the score"
    with suppress(ValueError, OverflowError, RecursionError):
        data = line if _is_number(line) else json.loads(line)
        value = data.get("score") if isinstance(data, dict) else data
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            score = float(value)
            return (score, "") if math.isfinite(score) else (None, f"its score is not finite: {line[:SHOWN]}")
    return None, f"the last line of its output is no score: {line[:SHOWN]!r}"


def _is_number(line: str) -> bool:
    try:
        float(line)
    except ValueError:
        return False
    return True


def _last_line(output: bytearray) -> str:
    lines = [line.strip() for line in output.decode(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
