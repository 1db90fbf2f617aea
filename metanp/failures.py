"""How probable it is that the evaluation of a cell fails, from which did and which did not.

The same model reads the evaluated cells once more, with 1 for a score and 0 for a failure. Parts of them are held out
in turn: as far as failures are told from the others there, the model is believed. So failures that have nothing in
common, such as a full disk, change no ranking; where an operation or a shape is to blame, its cells fall. A failure
counts as the worst score that was measured: the mean that cells are ranked by is expected of a trial that may fail.

On NAS-Bench-NLP, where a fifth of the runs broke off, this ranks all cells (failed ones last) nearly as well as giving
failures the lowest score does, and those that did not fail better; failures at random cost nothing
(`docs/what-was-tried.md`).

Axes: context, evaluated cells, those with a score first; row, some cells of a pool.

Source of the measure of what is told apart: Tjur 2009, "Coefficients of determination in logistic regression models",
here over its standard error as in Welch 1947.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from metanp.brief import brief
from metanp.pool import Pool
from metanp.reading import Knowledge, Reader, Rows

FOLDS = 5
LEAST = 0.05  # a smaller probability is none: it would move the mean out of the interval that 9 of 10 scores lie in
CHANCE, SURE = 2.0, 3.5  # standard errors: failures told apart by so many may be chance; by so many surely are not
Values = Float[np.ndarray, "*axes"]


@dataclass(frozen=True)
class Failures:
    """What a model knows of failures. share: of cells with a score. trust: how far it is believed, 0 to 1."""

    knowledge: Knowledge
    share: float
    trust: float

    __repr__ = brief

    @classmethod
    def of(
        cls, reader: Reader, pool: Pool, scored: Int[np.ndarray, " scored"], failed: Int[np.ndarray, " failed"]
    ) -> Failures:
        """From the rows of cells with a score, and of those that failed, one at least."""
        rows = np.concatenate([scored, failed])
        fails = np.repeat([False, True], [len(scored), len(failed)])
        trust = np.clip((_told_apart(reader, pool, rows, fails) - CHANCE) / (SURE - CHANCE), 0, 1)
        return cls(*_learned(reader, pool, rows, fails), float(trust))

    def probability(self, reader: Reader, pool: Pool, rows: Rows) -> Float[np.ndarray, " row"]:
        """That the evaluation of each cell fails."""
        fails = self.trust * _probability(reader, self.knowledge, self.share, pool, rows)
        return np.where(fails < LEAST, 0.0, fails)


def _learned(reader: Reader, pool: Pool, rows: np.ndarray, fails: np.ndarray) -> tuple[Knowledge, float]:
    """Labels of zero mean and unit variance, as if one more cell of each kind had been seen; and the share."""
    share = ((~fails).sum() + 1) / (len(fails) + 2)
    return reader.learn(pool, rows, (~fails - share) / np.sqrt(share * (1 - share))), float(share)


def _probability(reader: Reader, known: Knowledge, share: float, pool: Pool, rows: Rows) -> Float[np.ndarray, " row"]:
    fails = 1 - share - np.sqrt(share * (1 - share)) * reader.mean(known, pool, rows)
    return np.clip(fails, 0, 1)


def _told_apart(reader: Reader, pool: Pool, rows: np.ndarray, fails: np.ndarray) -> float:
    """How much more probable failures are of cells that failed than of the others, when they are held out.

    In standard errors, as chance alone tells many failures apart by more than few.
    """
    if fails.sum() < 2 or (~fails).sum() < 2:
        return 0.0
    fold = np.where(fails, np.cumsum(fails), np.cumsum(~fails)) % FOLDS
    found = np.zeros(len(rows))
    for held_out in (fold == i for i in np.unique(fold)):
        known = _learned(reader, pool, rows[~held_out], fails[~held_out])
        found[held_out] = _probability(reader, *known, pool, rows[held_out])
    error = np.sqrt(found[fails].var(ddof=1) / fails.sum() + found[~fails].var(ddof=1) / (~fails).sum())
    return float((found[fails].mean() - found[~fails].mean()) / error) if error else 0.0


def with_failures(mean: Values, std: Values, fails: Values, worst: float) -> tuple[Values, Values]:
    """Mean and standard deviation of a score that is `worst` with probability `fails`."""
    centre = (1 - fails) * mean + fails * worst
    square = (1 - fails) * (std**2 + (mean - centre) ** 2) + fails * (worst - centre) ** 2
    return centre, np.sqrt(square)
