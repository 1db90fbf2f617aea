"""The probability that the evaluation of a cell fails, learned from cells that failed and cells that did not.

The same model reads the evaluated cells once more, with label 1 for a score and 0 for a failure. Cross-validation
measures how well it separates the two; the better, the more its predictions count. So failures that have nothing in
common, such as a full disk, change no ranking; where an operation or a shape causes them, cells like these are ranked
lower. A failure counts as the worst measured score: cells are ranked by the expected score of a trial that may fail.

On NAS-Bench-NLP, where a fifth of the runs failed, this ranks all cells (failed ones last) nearly as well as giving
failures the lowest score, and ranks the cells that did not fail better; random failures cost nothing
(`docs/what-was-tried.md`).

Axes: context, evaluated cells, those with a score first; row, some cells of a pool.

Source of the measure of separation: Tjur 2009, "Coefficients of determination in logistic regression models",
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
LEAST = 0.05  # a smaller probability counts as 0: it would move the mean out of the 90 % interval of the scores
CHANCE, SURE = 2.0, 3.5  # separation in standard errors: up to CHANCE it may be chance (trust 0), from SURE trust is 1
Values = Float[np.ndarray, "*axes"]


@dataclass(frozen=True)
class Failures:
    """A model of failures. share: of cells with a score. trust: weight of its predictions, 0 to 1."""

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
        trust = np.clip((_separation(reader, pool, rows, fails) - CHANCE) / (SURE - CHANCE), 0, 1)
        return cls(*_learned(reader, pool, rows, fails), float(trust))

    def probability(self, reader: Reader, pool: Pool, rows: Rows) -> Float[np.ndarray, " row"]:
        """Probability that the evaluation of each cell fails."""
        fails = self.trust * _probability(reader, self.knowledge, self.share, pool, rows)
        return np.where(fails < LEAST, 0.0, fails)


def _learned(reader: Reader, pool: Pool, rows: np.ndarray, fails: np.ndarray) -> tuple[Knowledge, float]:
    """What labels of zero mean and unit variance teach; and the share with a score, counting one more of each kind."""
    share = ((~fails).sum() + 1) / (len(fails) + 2)
    return reader.learn(pool, rows, (~fails - share) / np.sqrt(share * (1 - share))), float(share)


def _probability(reader: Reader, known: Knowledge, share: float, pool: Pool, rows: Rows) -> Float[np.ndarray, " row"]:
    fails = 1 - share - np.sqrt(share * (1 - share)) * reader.mean(known, pool, rows)
    return np.clip(fails, 0, 1)


def _separation(reader: Reader, pool: Pool, rows: np.ndarray, fails: np.ndarray) -> float:
    """Mean predicted probability of failure, held out: of cells that failed minus of the others.

    In standard errors, as the difference that arises by chance depends on the numbers of cells.
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
