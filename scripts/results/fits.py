"""A study is a list of fits: which of them have rows, which are missing, and which rows of older code still hold.

    entrants -> fits, each with the file of its rows -> plan -> those that are missing are run -> rows

Rows of older code are adopted where that code still does the same: a few fits are repeated, and all must come out
alike, times apart. A change of code that no number depends on (a module moved, a check added) would otherwise cost
hours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from scripts.results.rows import DRAWN, Key, Row, RowFile

LONGEST_MESSAGE = 300
TOO_FEW = "too few labels"  # for this predictor; a row's status


@dataclass(frozen=True)
class Fit:
    """One piece of work: a predictor on a label set at a budget, or one repeat of a strategy's search.

    make: the class and its settings, as JSON. seed: of its training; None: it is seeded by `number`. shown: the column
    that it is shown. scored: those that it is held against, a row each. number: of the label set, or the repeat.
    budget: labels, or evaluations at most. batch: cells asked for at once, of a search.
    """

    entrant: str
    make: str
    seed: int | None
    shown: str
    scored: tuple[str, ...]
    number: int
    budget: int
    batch: int = 1

    @property
    def key(self) -> Key:
        """Where its rows are in the entrant's file."""
        return self.shown, self.number, self.budget

    def rows(self, found: Sequence[Mapping]) -> list[Row]:
        """`found`, each with what says which fit it is of."""
        where = {"shown": self.shown, "set": self.number, "labels": self.budget}
        return [{**where, "status": "ok", **row} for row in found]

    def failed(self, status: str, message: str) -> list[Row]:
        """The rows of a fit that came to nothing, one a scored column."""
        why = {"status": status, "message": message[:LONGEST_MESSAGE]}
        return self.rows([{"scored": scored, **why} for scored in self.scored])


Attempt = Callable[[Fit], list[Row]]
Done = Callable[[Fit, list[Row]], None]
Run = Callable[["Study", Sequence[Fit], Done], None]  # see `scripts.results.executors.execute`


class Study(Protocol):
    """What all fits of a run share; it is pickled, and opened once in each process."""

    def open(self) -> Attempt:
        """What makes rows of a fit. An exception that it raises becomes the row of a fit that failed."""
        ...


class Plan:
    """Fits of a study in the order in which they are run, and where their rows are kept.

    Args:
        commit: of today's code, for the rows that it makes.
    """

    def __init__(self, study: Study, wanted: Iterable[tuple[Fit, RowFile]], commit: str):
        self.study, self.files, self.commit = study, dict(wanted), commit

    def rows(self) -> list[Row]:
        """Of all fits that have some."""
        return [row for fit, file in self.files.items() for row in file.get(fit.key)]

    def missing(self, retry: bool = False) -> list[Fit]:
        """Fits without a row of each scored column; with `retry` those that failed too, if not for too few labels."""
        return [fit for fit, file in self.files.items() if not _is_done(fit, file.get(fit.key), retry)]

    def fill(self, run: Run, retry: bool = False) -> None:
        """Run what is missing; rows are kept as they come."""
        if missing := self.missing(retry):
            run(self.study, missing, self._keep)

    def adopt(self, run: Run, repeats: int, retry: bool = False) -> list[Row]:
        """Adopt rows of older code that may be; what was run again is kept as today's.

        Rows of fits that failed are never adopted. All there is of today is held against rows of a code, so that a
        difference once found is found again.

        Args:
            repeats: fits of each file, code and budget to run again, drawn at random.

        Returns:
            One row a file and code, which says how it went.
        """
        offers = list(self._offers(self.missing(retry)))
        rng = np.random.default_rng(0)
        drawn: dict[Fit, None] = {}
        for _, _, fits in offers:
            for budget in sorted({fit.budget for fit in fits}):
                alike = [fit for fit in fits if fit.budget == budget]
                chosen = rng.choice(len(alike), size=min(repeats, len(alike)), replace=False)
                drawn |= dict.fromkeys(alike[i] for i in chosen)
        if drawn:
            run(self.study, list(drawn), self._keep)
        return [_settled(file, code, fits) for file, code, fits in offers]

    def _keep(self, fit: Fit, rows: Sequence[Row]) -> None:
        self.files[fit].add({**row, "commit": self.commit} for row in rows)

    def _offers(self, missing: Sequence[Fit]) -> Iterator[tuple[RowFile, str, list[Fit]]]:
        """For each file and older code the fits that it answered."""
        for file in dict.fromkeys(self.files[fit] for fit in missing):
            mine = [fit for fit in missing if self.files[fit] is file]
            for code, older in file.older.items():
                answered = {key for key, rows in older.items() if all(row["status"] == "ok" for row in rows)}
                if known := [fit for fit in mine if fit.key in answered]:
                    yield file, code, known


def _is_done(fit: Fit, rows: Sequence[Row], retry: bool) -> bool:
    whole = set(fit.scored) <= {row["scored"] for row in rows}
    return whole and not (retry and any(row["status"] not in ("ok", TOO_FEW) for row in rows))


def _settled(file: RowFile, code: str, fits: Sequence[Fit]) -> Row:
    older = file.older[code]
    both = [key for key in older if key in file]
    differ = sum(_plain(file.get(key), file.marks) != _plain(older[key], file.marks) for key in both)
    outcome = {"file": str(file.path), "code": code, "compared": len(both), "differ": differ, "adopted": 0}
    if differ or not both:
        return outcome
    rest = [fit.key for fit in fits if fit.key not in file]
    for key in rest:
        file.add({**row, "adopted_from": code} for row in older[key])
    return {**outcome, "adopted": len(rest)}


def _plain(rows: Sequence[Row], marks: Row) -> str:
    """Rows without times and marks; as text, in which a NaN is one."""
    aside = {*marks, *DRAWN, "commit", "adopted_from"}
    kept = [
        {name: row[name] for name in sorted(row) if name not in aside and not name.startswith("seconds_")}
        for row in rows
    ]
    return json.dumps(kept)
