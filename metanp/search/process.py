"""Which process this is, so that another one on the same machine can find out later that it has ended.

A process number alone is not enough: numbers are reused, and another machine or container has its own. Stored with it
are the machine, in the sense that process numbers mean the same (Linux: the boot and the namespace; elsewhere the
host's name), and when the process started.
"""

from __future__ import annotations

import os
import socket
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
UNKNOWN = ""


class Process(NamedTuple):
    """machine, started: equal where they are the same, empty where unknown."""

    machine: str
    pid: int
    started: str

    @classmethod
    def this(cls) -> Process:
        """The calling process."""
        return _process(os.getpid())

    def is_gone(self) -> bool:
        """Whether it has certainly ended; False where it may be there, or cannot be seen from here."""
        if self.machine == UNKNOWN or self.machine != _machine() or self.pid <= 0:
            return False
        try:
            os.kill(self.pid, 0)  # checks, and sends no signal
        except (ProcessLookupError, OverflowError):
            return True
        except OSError:
            return False  # another user's
        if _has_ended(self.pid):
            return True
        started = _started(self.pid)
        return UNKNOWN not in (started, self.started) and started != self.started


@cache
def _process(pid: int) -> Process:
    return Process(_machine(), pid, _started(pid))


def _machine() -> str:
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {(PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname() if os.name == "posix" else UNKNOWN


def _stat(pid: int) -> list[str]:
    """Fields of Linux's line about a process from the third on: the second, its name, may hold anything."""
    try:
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _has_ended(pid: int) -> bool:
    """Whether it has ended and only waits to be reaped."""
    return _stat(pid)[:1] in (["Z"], ["X"])


def _started(pid: int) -> str:
    if fields := _stat(pid):
        return fields[19]  # in ticks since the boot; field 22 of the whole line
    try:
        command, environment = ["ps", "-o", "lstart=", "-p", str(pid)], {**os.environ, "LC_ALL": "C"}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment).stdout.strip()
    except OSError:
        return UNKNOWN
