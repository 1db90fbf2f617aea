"""Which tests are too long for daily work: `make check` leaves out what `tests/medium.txt` names.

The list is not kept by hand. A run of all tests with `--write-medium`, on a machine that does nothing else, measures
and writes it: a line for each test whose cases, set-up included, take more than SECONDS together. A line begins
the names of tests as pytest prints them. A test that nobody measured yet is part of `make check`.
"""

from collections import defaultdict
from pathlib import Path

import pytest

LIST = Path(__file__).parent / "medium.txt"
SECONDS = 0.3  # of all cases of a test; what is left takes about a minute
HEAD = f"""\
# Tests whose cases take more than {SECONDS} seconds together on one core: part of `make test`, not of `make check`.
# Written by `make medium` (tests/medium.py), not by hand.
"""


def names(path: Path) -> tuple[str, ...]:
    """The beginnings of tests' names that a list holds."""
    return tuple(line for line in path.read_text().splitlines() if line and not line.startswith("#"))


def longer(seconds: dict[str, float]) -> list[str]:
    """Tests, of {name of a case: its seconds}, whose cases together take longer than `SECONDS`, in order."""
    together: dict[str, float] = defaultdict(float)
    for name, value in seconds.items():
        together[name.partition("[")[0]] += value
    return sorted(name for name, value in together.items() if value > SECONDS)


class Measuring:
    """A plugin that adds up what each test takes and writes the list when all have run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Of set-up, the test itself and what is cleared away, from whichever process ran it."""
        self.seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Nothing is written after a run of a few files: the tests of the others would be lost."""
        folders = {name.split("/")[1] for name in self.seconds}
        if {"metanp", "data", "tasks", "scripts"} <= folders:
            LIST.write_text(HEAD + "".join(f"{name}\n" for name in longer(self.seconds)))
