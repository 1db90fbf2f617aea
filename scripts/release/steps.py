"""A step of the check: it passes with a line, fails with what went wrong, or cannot run here and says why."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"
TAIL = 15  # lines of a failed command that are shown
LONGEST = 3600.0  # seconds of one command: a slow network may take long for gigabytes


class StepFailed(Exception):
    """The release is not sound; the message says what is wrong."""


class CannotRun(Exception):
    """This machine lacks what the step needs; the message says what."""


@dataclass(frozen=True)
class Outcome:
    """How a step ended. said: one line where it passed, else the reason."""

    step: str
    state: str
    said: str
    seconds: float


def attempt(step: str, work: Callable[[], str]) -> Outcome:
    """Do the work of a step, which returns what to say of it."""
    begin = time.perf_counter()
    try:
        state, said = PASSED, work()
    except StepFailed as error:
        state, said = FAILED, str(error)
    except CannotRun as error:
        state, said = NOT_RUN, str(error)
    return Outcome(step, state, said, round(time.perf_counter() - begin, 1))


def call(command: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """What a command prints.

    Raises:
        StepFailed: it ended with another status than 0, or took too long; has the last lines.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        raise StepFailed(f"{' '.join(words[:6])} took more than {LONGEST:g} s") from None
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-TAIL:])
        raise StepFailed(f"{' '.join(words[:6])} ended with status {done.returncode}:\n{last}")
    return done.stdout
