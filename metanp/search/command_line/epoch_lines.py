"""What a training prints while it runs: JSON lines with an epoch and a score.

    {"epoch": 3, "score": 71.5}

As the score counts "score", or "validation_score" where there is none. Any other line is of no interest here; a line
with an epoch that cannot be used is said once for each training.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from metanp.strict_json import parse_json

SCORES = ("score", "validation_score")
LONGEST = 1 << 16  # bytes of a line; of a longer one nothing is read
SHOWN = 100


class Heard(NamedTuple):
    """What was heard of a running evaluation: an epoch and its score, or a problem, for the user.

    attempt: which run of the command, from 1.
    """

    attempt: int
    epoch: int = 0
    score: float = math.nan
    problem: str = ""


class EpochLines:
    """The lines of one run of a command, fed as they come."""

    def __init__(self, attempt: int):
        self.attempt = attempt
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[Heard]:
        """What the lines that are whole by now say."""
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest[-LONGEST:]
        for line in lines:
            if b'"epoch"' in line and len(line) < LONGEST and (heard := self._read(line)) is not None:
                yield heard

    def _read(self, line: bytes) -> Heard | None:
        try:
            row = parse_json(line, any_number=True)
        except ValueError:
            return None
        if not isinstance(row, dict) or "epoch" not in row:
            return None
        try:
            return Heard(self.attempt, *_numbers(row))
        except ValueError as error:
            return Heard(self.attempt, problem=f"{error}; its curve is not read on")


def _numbers(row: dict[str, Any]) -> tuple[int, float]:
    epoch = row["epoch"]
    if isinstance(epoch, bool) or not isinstance(epoch, int) or epoch < 0:
        raise ValueError(f"it printed the epoch {epoch!r:.40}; expected a whole number from 1")
    score = next((row[name] for name in SCORES if row.get(name) is not None), None)
    if isinstance(score, bool) or not isinstance(score, int | float):
        said = "no score" if score is None else f"the score {score!r:.40}"
        raise ValueError(f'it printed {said} with epoch {epoch}; expected {{"epoch": {epoch}, "score": number}}')
    if not math.isfinite(score):
        raise ValueError(f"its score after epoch {epoch} is {score}: if it diverged, let it end with an error")
    return epoch, float(score)
