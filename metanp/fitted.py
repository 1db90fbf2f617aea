"""A model that read evaluated cells, and its predictions for others in the user's units.

    scores -> outliers -> measured ones -> transform -> knowledge of scores
                       -> failures      -> labels    -> knowledge of failures
    both, for cells of a pool -> distribution, joint draws, probability of a failure
    curves of a pool's running trainings -> measurements beside the scores

Scores here are multiplied by a sign so that higher is better; only results for users are turned back.

Axes: context, the cells with a score; cell, of a pool; row, some of these; draw.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from metanp.brief import brief
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.distribution import Mixture
from metanp.failures import Failures, with_failures
from metanp.outliers import Outliers
from metanp.pool import Pool
from metanp.predicted import MixtureQuantiles, Predicted
from metanp.reading import ALL, Knowledge, Reader, Rows, to_numpy
from metanp.score_transform import ScoreTransform, unit_of
from metanp.side import Side

if TYPE_CHECKING:
    from metanp.curves.curves import Curves
    from metanp.curves.neural import NeuralCurves
    from metanp.running import Running

Scores = Float[np.ndarray, " whole"]

# worst and best before any score is known, in standard deviations: what a failure counts as, and no incumbent
UNKNOWN = -2.0, -float("inf")
MOST_ASKED = 128  # measurements from which a model judges strays: more take long and change little
CALLERS = 5  # frames between a warning here and the line that called `fit`


class ScoreWarning(UserWarning):
    """Scores that cannot be measurements; says how they were treated."""


@dataclass(frozen=True)
class Evaluated:
    """What `fit` was given. cells: with a score first, then failed ones. side: rows as the cells. curves: as scores."""

    cells: list[Cell] | CellArray
    score: Float[np.ndarray, " context"]
    side: Side
    sign: int
    curves: Curves | None = None

    __repr__ = brief


@dataclass(frozen=True)
class Fitted:
    """A model conditioned on one context.

    knowledge: of scores. unit: factor by which scores are multiplied first. worst, best: the lowest and the highest
    measured score, in that unit. failing: the model of failures, None where there were none. evaluated: all given
    cells, None where there were none. rows, value: of these, the ones with a score, and that in the model's unit.
    given: as it came. running: what curves say, None unless a pool's were read (`beside`).
    """

    reader: Reader
    knowledge: Knowledge
    transform: ScoreTransform
    sign: int
    unit: float
    worst: float
    best: float
    failing: Failures | None
    evaluated: Pool | None
    rows: Int[np.ndarray, " context"]
    value: Float[np.ndarray, " context"]
    given: Evaluated
    running: Running | None = None

    __repr__ = brief

    @classmethod
    def of(cls, reader: Reader, given: Evaluated) -> Fitted:
        """Condition a model on what was given."""
        score, n = given.score, len(given.cells)
        if not n:
            prior, transform, none = reader.prior(given.side), ScoreTransform.fit(score), np.zeros(0)
            return cls(reader, prior, transform, given.sign, 1.0, *UNKNOWN, None, None, none.astype(int), none, given)
        pool = reader.encode(given.cells, given.side.of_cells(given.cells).with_derived(written=True))
        outliers, learned = _outliers(reader, pool, given)
        measured = np.flatnonzero(~(outliers.low | outliers.high))
        broken = np.concatenate([np.flatnonzero(outliers.low), np.arange(len(score), n)])
        if learned is None or len(learned.rows) < len(measured):  # nothing was learned yet, or not from all
            learned = _Learned.of(reader, pool, score, measured)
        worst, best = (float(learned.value.min()), float(learned.value.max())) if len(measured) else UNKNOWN
        plain = replace(pool, side=pool.side.views()[0])
        failing = Failures.of(reader, plain, measured, broken) if len(broken) else None
        known, transform, unit = learned.known, learned.transform, learned.unit
        rows, value = learned.rows, transform.forward(learned.value)
        return cls(reader, known, transform, given.sign, unit, worst, best, failing, pool, rows, value, given)

    def seen(self, pool: Pool) -> Pool:
        """The pool with the columns of cells as they are written that the views read."""
        known = self.knowledge.side
        return replace(pool, side=pool.side.as_written(known)) if known.written else pool

    def known(self, pool: Pool) -> Bool[np.ndarray, " cell"]:
        """Which cells of a pool were evaluated: those that compute the same as one that was, or failed.

        Where all views read cells as they are written, those that are written alike too.
        """
        if self.evaluated is None:
            return np.zeros(len(pool), dtype=bool)
        kinds = len(self.knowledge.views[0].side.written)
        return pool.among(replace(self.evaluated, side=self.evaluated.side.views()[kinds]))

    def promising(self, pool: Pool, rows: Int[np.ndarray, " row"], n: int) -> Int[np.ndarray, " row"]:
        """Of these rows, the `n` whose score may be highest by a quick pass; all where there are not many more."""
        if self.running is not None or len(rows) <= 2 * n:
            return rows
        return rows[self.reader.promising(self.knowledge, pool.only(rows), n)]

    def beside(self, pool: Pool) -> Fitted:
        """The same, once it has read the curves of a pool's running trainings, for this pool or a part of it.

        Raises:
            ValueError: curves that cannot stand beside those of `fit`.
        """
        if pool.curves is None:
            return self
        from metanp.running import Read, Running, trust

        whole, ends, left_out = self._whole_curves(pool.curves)
        joined, values, variances = Read.of(_reading(whole, ends, None), pool.curves).measurements()
        expected = self.reader.mean(self.knowledge, pool)
        if left_out is not None:
            pairs = [(left_out, expected[joined]), (ends, values), (np.zeros(len(ends)), variances)]
            share = trust(*(np.concatenate(pair) for pair in pairs))
            left_out, expected = share * left_out, share * expected
        running = Running(_reading(whole, ends, left_out).mixtures(pool.curves, expected))
        all_run = running.among(pool.row).all()  # of the others, what prefixes say of their neighbours is asked
        if all_run or not self.reader.model.process.weighs_measurements:
            return replace(self, running=running)
        those = pool.only(joined)
        both = those if self.evaluated is None else self.evaluated.followed_by(those)
        rows = np.concatenate([self.rows, np.arange(len(both) - len(joined), len(both))])
        doubt = np.concatenate([np.zeros(len(self.rows)), variances])
        value = np.concatenate([self.value, values])
        return replace(self, knowledge=self.reader.learn(both, rows, value, doubt), running=running)

    def _whole_curves(self, prefixes: Curves) -> tuple[Curves, Scores, Scores | None]:
        """Whole curves with a score, the scores, and what was expected of these cells while each was left out.

        None of either where `fit` was given no curves.
        """
        curves = self.given.curves
        if curves is None or (not curves.lengths.any() and curves.n_epochs < prefixes.n_epochs):
            return prefixes[:0], np.zeros(0), np.zeros(0)
        ends, expected = np.full((2, len(curves)), np.nan)
        ends[self.rows] = self.value
        left_out = self.reader.left_out(self.knowledge, self.value)
        if left_out is not None:
            expected[self.rows] = left_out
        told = np.isfinite(ends) & ~curves.failed
        return curves[told], ends[told], None if left_out is None else expected[told]

    def distribution(self, pool: Pool, noise: bool) -> Predicted:
        """Distributions of the score of each cell; with noise, of a new measurement of it.

        Where curves were read, means are taken on the model's scale: losses of trainings that diverge have tails so
        heavy that expectations rank by the chance of a disaster alone.
        """
        first, inverse = pool.distinct()
        mixtures: list[Mixture] = []
        if self.running is not None:  # the others first
            place, mixtures = self.running.ends(pool.row[first])
            order = np.concatenate([np.setdiff1d(np.arange(len(first)), place), place])
            first, inverse = first[order], np.argsort(order)[inverse]
        others = first[: len(first) - sum(mixture.mean.shape[-1] for mixture in mixtures)]
        found = self.reader.mixtures(self.knowledge, pool, others)
        mixtures = [*(found if noise else [mixture.without_noise() for mixture in found]), *mixtures]
        moments = np.concatenate([to_numpy(list(mixture.moments())) for mixture in mixtures], axis=1)
        mean, std = self.transform.inverse_moments(*moments)
        if self.running is not None:
            mean = self.transform.inverse(moments[0])
        fails = self._fails(pool, first)
        if fails is not None:
            mean, std = with_failures(mean, std, fails, self.worst)
        turn = self.sign / self.unit
        quantile = MixtureQuantiles(mixtures, self.transform, turn, inverse, fails, self.worst)
        return Predicted(turn * mean[inverse], std[inverse] / self.unit, quantile)

    def failure(self, pool: Pool) -> Float[np.ndarray, " cell"]:
        """Probability that the evaluation of each cell fails."""
        first, inverse = pool.distinct()
        fails = self._fails(pool, first)
        return np.zeros(len(pool)) if fails is None else fails[inverse]

    def draws(self, pool: Pool, n: int, rng: torch.Generator, rows: Rows = ALL) -> Float[np.ndarray, "draw row"]:
        """Joint draws of scores without measurement noise, in the unit that scores are read in, higher is better."""
        values = self.reader.draws(self.knowledge, pool, n, rng, rows)
        if self.running is not None:
            from metanp.running import moved

            wanted = np.arange(len(pool))[rows]
            place, ends = self.running.ends(pool.row[wanted])
            others = [m.without_noise() for m in self.reader.mixtures(self.knowledge, pool, wanted[place])]
            values[:, place] = moved(values[:, place], others, ends)
        values = self.transform.inverse(values)
        fails = self._fails(pool, rows)
        if fails is not None:
            chance = np.random.default_rng(int(torch.randint(2**62, (1,), generator=rng)))
            values[chance.random(values.shape) < fails] = self.worst
        return values

    def _fails(self, pool: Pool, rows: Rows) -> Float[np.ndarray, " row"] | None:
        if self.failing is None or not self.failing.trust:
            return None
        return self.failing.probability(self.reader, pool, rows)


def _reading(whole: Curves, ends: Scores, left_out: Scores | None) -> NeuralCurves:
    """The process of curves, conditioned on whole curves."""
    from metanp.curves.neural import NeuralCurves

    return NeuralCurves().fit_scaled(whole, ends, left_out)


@dataclass(frozen=True)
class _Learned:
    """A model's state after some measurements. rows: of the pool; value: their scores times `unit`."""

    rows: Int[np.ndarray, " row"]
    unit: float
    value: Float[np.ndarray, " row"]
    transform: ScoreTransform
    known: Knowledge

    __repr__ = brief

    @classmethod
    def of(cls, reader: Reader, pool: Pool, score: Float[np.ndarray, " context"], rows: np.ndarray) -> _Learned:
        unit = unit_of(score[rows])
        value = score[rows] * unit
        transform = ScoreTransform.fit(value)
        known = reader.learn(pool, rows, transform.forward(value)) if len(rows) else reader.prior(pool.side)
        return cls(rows, unit, value, transform, known)


def _few(score: Float[np.ndarray, " context"], rows: np.ndarray) -> np.ndarray:
    """At most `MOST_ASKED` of the rows, evenly over the ranks of their scores, in their own order."""
    even = np.linspace(0, len(rows) - 1, min(MOST_ASKED, len(rows))).round().astype(int)
    return np.sort(rows[np.argsort(score[rows], kind="stable")[even]])


def _outliers(reader: Reader, pool: Pool, given: Evaluated) -> tuple[Outliers, _Learned | None]:
    """Scores that are no measurements, judged by their size and by a model of the other scores.

    Also what was learned from the other scores, if a model was needed.
    """
    score, learned = given.score, None
    outliers = Outliers.of(score)
    if outliers.asked.any():
        learned = _Learned.of(reader, pool, score, _few(score, np.flatnonzero(~(outliers.low | outliers.high))))
        _, cell, count = np.unique(pool.distinct()[1][: len(score)], return_inverse=True, return_counts=True)
        expected = reader.mean(learned.known, pool, np.arange(len(score)))
        outliers = outliers.unlikely(score, expected, count[cell] > 1)
    for which, taken in ((outliers.low, "taken as failed evaluations"), (outliers.high, "left out")):
        if which.any():
            few = ", ".join(f"{value:g}" for value in np.unique(given.sign * score[which])[:3])
            text = f"{int(which.sum())} of {len(score)} scores are far from all others ({few}): {taken}"
            warnings.warn(text, ScoreWarning, stacklevel=CALLERS)
    return outliers, learned
