"""The state of a search: which cells were asked for, and their results.

Plain data that strategies read; nothing here is written to disk (`metanp.search.journal`) or predicts. Higher scores
are better.

Results of cells that are no candidates may be known too. A predictor learns from them (`measurements`, `failed`); they
count for nothing else: they are neither evaluated nor the best. So it is with evaluations that were stopped early: the
score is the end that was predicted then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from metanp.brief import brief
from metanp.cell import Cell


@dataclass(frozen=True)
class Evaluated:
    """A cell and its measurements, several where it was repeated. note: what the strategy wrote when it asked."""

    cell: Cell
    scores: tuple[float, ...]
    note: Mapping[str, Any] = field(default_factory=dict)

    __repr__ = brief

    @property
    def score(self) -> float:
        """Mean of the measurements."""
        total = sum(self.scores)
        return (
            total / len(self.scores) if abs(total) != float("inf") else sum(x / len(self.scores) for x in self.scores)
        )


@dataclass(frozen=True)
class History:
    """The state until now.

    evaluated: candidates, in the order of their first result. pending: asked for, without a result. failed: cells that
    failed and were never measured, candidates or not. outside: measured cells that are no candidates. stopped: cells
    whose evaluation was stopped early, with the predicted end as the score, and that were never measured.
    """

    evaluated: Sequence[Evaluated] = ()
    pending: Sequence[Cell] = ()
    failed: Sequence[Cell] = ()
    outside: Sequence[Evaluated] = ()
    stopped: Sequence[Evaluated] = ()

    def within(self, inside: Callable[[Cell], bool]) -> History:
        """Without cells that are no candidates here, but were in the longer list of another process."""
        if all(map(inside, [*self.known, *(one.cell for one in self.stopped)])):
            return self
        here = {True: list[Evaluated](), False: list[Evaluated]()}
        for one in self.evaluated:
            here[inside(one.cell)].append(one)
        pending = [cell for cell in self.pending if inside(cell)]
        stopped = [one for one in self.stopped if inside(one.cell)]
        outside = [*self.outside, *here[False]]
        return replace(self, evaluated=here[True], pending=pending, outside=outside, stopped=stopped)

    def __repr__(self) -> str:
        best = f", best {self.best.score:.4g}" if self.best else ""
        counts = f"{len(self.pending):,} pending, {len(self.failed):,} failed"
        counts += f", {len(self.stopped):,} stopped" if self.stopped else ""
        return f"History({len(self.evaluated):,} evaluated{best}, {counts})"

    @cached_property
    def taken(self) -> dict[str, Cell]:
        """Cells that need not be asked for again, by key."""
        results = (one.cell for one in (*self.evaluated, *self.stopped))
        cells = [*results, *self.pending, *self.failed]
        return {cell.key: cell for cell in cells}

    @property
    def known(self) -> list[Cell]:
        """Candidates that were evaluated or are pending."""
        return [*self.cells, *self.pending]

    @property
    def best(self) -> Evaluated | None:
        """The first cell of the highest score."""
        return max(self.evaluated, key=lambda one: one.score, default=None)

    @property
    def cells(self) -> list[Cell]:
        """The evaluated cells."""
        return [one.cell for one in self.evaluated]

    @property
    def scores(self) -> np.ndarray:
        """One score for each evaluated cell, (cell,)."""
        return np.array([one.score for one in self.evaluated])

    def measurements(self) -> tuple[list[Cell], np.ndarray]:
        """All that a predictor learns from: cells and their scores, (cell,); a repeated cell is listed as often.

        Every measurement, then those of cells outside the candidates, then the predicted ends of what was stopped.
        """
        several = (*self.evaluated, *self.outside, *self.stopped)
        pairs = [(one.cell, score) for one in several for score in one.scores]
        return [cell for cell, _ in pairs], np.array([score for _, score in pairs])
