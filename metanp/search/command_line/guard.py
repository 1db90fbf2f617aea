"""Kills processes that a dead driver left running: a small process that outlives the driver however it ends.

It reads `+group` and `-group` lines, process groups that began and ended. When its input ends, so has the driver, and
it kills the groups that are left, so that no evaluation runs on unobserved. The standard library alone, and nothing of
this project: it is run as a file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Guard:
    """The driver's side. Without a guard everything works as well, but nothing is killed when the driver dies."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that a Ctrl-C or a kill of the driver's group does not reach it
        )

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    @contextmanager
    def watching(self, group: int) -> Iterator[None]:
        """A process group that has to end with the driver."""
        self._write(f"+{group}\n")
        try:
            yield
        finally:
            self._write(f"-{group}\n")

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            # one write of a short line to a pipe is never mixed with another thread's
            os.write(self._process.stdin.fileno(), line.encode())


def kill(group: int) -> None:
    """Kill every process of a group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def main() -> None:
    """The guard's side: waits for the end of its input."""
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        kill(group)


if __name__ == "__main__":
    main()
