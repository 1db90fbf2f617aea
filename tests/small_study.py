"""A study whose fits add, wait, raise or bring their process down, as their `make` says."""

import os
import time
from dataclasses import dataclass

from scripts.results.entrants import Attempt, Fit
from scripts.results.rows import Row


@dataclass(frozen=True)
class Sums:
    more: int

    def open(self) -> Attempt:
        def attempt(fit: Fit) -> list[Row]:
            if fit.make == "raise":
                raise ArithmeticError("it cannot")
            if fit.make == "wait":
                time.sleep(60)
            if fit.make == "crash":
                os._exit(3)
            return fit.rows([{"scored": "a", "sum": fit.number + self.more, "seconds_fit": time.perf_counter()}])

        return attempt


def fits(*makes: str) -> list[Fit]:
    """One a word, numbered."""
    return [Fit(f"entrant {make}", make, 0, "shown", ("a",), number, 5) for number, make in enumerate(makes)]
