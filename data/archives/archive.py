"""What all readers of official archives share: the error they raise, and how they report progress.

Knows no format.
"""

import os
from collections.abc import Callable

# Called with (done, total), both in the same unit; the reader chooses it (bytes, files).
Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """A progress report that goes nowhere."""


class ArchiveError(ValueError):
    """An archive that is cut short, damaged, foreign or absent; says what was expected and the remedy."""

    def __init__(self, path: str | os.PathLike[str], found: str, expected: str, remedy: str):
        super().__init__(f"{path}: {found}; expected {expected}; {remedy}")
