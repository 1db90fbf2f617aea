"""MetaNP: evaluated cells in, a distribution and a ranking for all other cells out. No gradient step.

Scikit-learn's conventions: the constructor takes settings, `fit` reads the evaluated cells, `predict` predicts. Fitting
is one forward pass of a neural process that was meta-trained once. Everything a user sees is in the units of the
scores given to `fit`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
import torch
from jaxtyping import Float, Int

from metanp.brief import counted, short
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.checkpoint import load_model
from metanp.contract import About
from metanp.curves.given import read_curves, read_prefixes
from metanp.estimator import Estimator, NotFittedError
from metanp.fitted import Evaluated, Fitted, ScoreWarning
from metanp.given import (
    check_alike,
    read_cells,
    read_count,
    read_evaluated,
    read_flag,
    read_probability,
    read_scores,
    read_torch_generator,
)
from metanp.nearest import nearest
from metanp.pool import Pool
from metanp.predicted import Predicted
from metanp.ranking import Ranking
from metanp.reading import Reader
from metanp.shortlist import CONTENDERS, RULES, chance_of_top, chosen
from metanp.side import Side
from metanp.torch_state import read_device, usual_torch

__all__ = ["MetaNP", "NotFittedError", "Ranking", "ScoreWarning"]

Cells = Iterable[Cell] | CellArray
Candidates = Cells | Pool
KNOWS_ROLES = "label-free"  # a shipped checkpoint that does
DRAWS = 256  # joint draws behind the `p_top` of a ranking


class MetaNP(Estimator):
    """Few-shot performance predictor.

    Args:
        checkpoint: name of a shipped checkpoint, or a path.
        device: where to compute, such as "cuda"; "auto" takes a GPU where there is one.

    Raises:
        metanp.checkpoint.CheckpointError: no such checkpoint, or not a whole one of ours.
        ValueError: no such device here.
    """

    about = About("MetaNP", "this project", "meta-learned", needs=("cells", "side features", "learning-curve prefixes"))
    fewest_labels = 0
    knows_distribution = True
    _fitted: Fitted | None = None

    @usual_torch()
    def __init__(self, checkpoint: str | Path = "default", device: str | torch.device = "cpu"):
        self.checkpoint, self.device = checkpoint, device
        model, self.card = load_model(checkpoint)
        where = read_device(device)
        self.model = model.to(where).requires_grad_(False)
        self._reader = Reader(self.model, where, str(checkpoint))
        self._given: Evaluated | None = None

    @classmethod
    def from_pretrained(cls, checkpoint: str | Path = "default", device: str | torch.device = "cpu") -> MetaNP:
        """The same as the constructor."""
        return cls(checkpoint, device)

    def __repr__(self) -> str:
        evaluated = self._fitted.evaluated if self._fitted else None
        fitted = f", fitted on {counted(len(evaluated) if evaluated else 0, 'cell')}" if self._fitted else ""
        device = "" if self.device == "cpu" else f", device={short(str(self.device))}"
        return f"MetaNP({short(str(self.checkpoint))}{device}{fitted})"

    @property
    def encoding(self) -> Hashable:
        """That of its checkpoint."""
        return MetaNP, self._reader.checkpoint

    @usual_torch()
    def to(self, device: str | torch.device) -> MetaNP:
        """Move the model to a device; what was fitted stays.

        Raises:
            ValueError: no such device here.
        """
        where = read_device(device)
        self.model, self.device = self.model.to(where), device
        self._reader = replace(self._reader, device=where)
        if self._given is not None:
            self._fitted = Fitted.of(self._reader, self._given)
        return self

    @usual_torch()
    def fit(
        self,
        cells: Cells,
        score: Any,
        features: Any = None,
        maximize: bool = True,
        failed: Cells = (),
        roles: Any = None,
        curves: Any = None,
    ) -> MetaNP:
        """Condition on evaluated cells; without any, predictions are those of the prior, in standard deviations.

        A cell may be given several times, with repeated measurements. Where these contradict one another, they weigh
        less, and the cell's interval holds them. Impossible scores (a penalty of -1e6 among percents) are treated as
        failures, or left out where they are too good; both with a warning.

        Args:
            cells: evaluated cells, in any collection with an order.
            score: one a cell, any unit.
            features: DataFrame or mapping of named side features, rows as the cells, NaN where missing; the rows of
                failed cells may follow.
            maximize: False where lower is better.
            failed: cells whose evaluation failed: a failure counts as the worst score that was measured.
            roles: what is known of side features, such as {"accuracy_10": "score", "flops": "size"}: "score" and "loss"
                are of the same network after a shorter or smaller training, "size" and "cost" are larger for networks
                that are mostly better. Read by the checkpoints "default" and "label-free".
            curves: the learning curves that led to the scores, rows as the cells: `metanp.curves.Curves`, or a list of
                numbers each, in the direction of the scores, [] where there is none. They teach what the curves of
                candidates say (`predict`); they need not be of the score itself.

        Raises:
            TypeError, ValueError: wrong input, such as lengths that differ, a score that is not finite, or roles of a
                checkpoint that knows none; names the first such item.

        Warns:
            ScoreWarning: scores that were not taken as measurements.
        """
        check_alike(cells, score, "scores")
        check_alike(cells, features, "features")
        check_alike(score, features, "features")
        measured, broken = read_evaluated(cells), read_cells(failed, "failed cells")
        values = read_scores(score, len(measured))
        sign = 1 if read_flag(maximize, "maximize") else -1
        side = Side.of_both(features, len(measured), len(broken)).with_roles(roles)
        if side.roles and not self.model.process.reads_roles:
            raise ValueError(f"{self._reader.checkpoint!r} knows no roles; load {KNOWS_ROLES!r}, or give no roles")
        whole = read_curves(curves, len(measured), sign > 0, "evaluated cells")
        given = Evaluated(_joined(measured, broken), sign * values, side, sign, whole)
        self._fitted, self._given = Fitted.of(self._reader, given), given
        return self

    @usual_torch()
    def encode(self, candidates: Cells, features: Any = None, curves: Any = None) -> Pool:
        """Encode candidates once for many calls of `predict`, `rank` and `sample`; arguments as `predict`.

        Raises:
            TypeError, ValueError: no candidates, an item that is no cell, or side features or curves that do not fit
                them.
        """
        check_alike(candidates, features, "features")
        cells = read_cells(candidates, "candidates")
        if not len(cells):
            raise ValueError("the pool of candidates is empty")
        running = read_prefixes(curves, len(cells), self._given is None or self._given.sign > 0)
        return replace(self._reader.encode(cells, Side.of(features, len(cells)).of_cells(cells)), curves=running)

    @overload
    def predict(
        self,
        candidates: Candidates,
        return_std: Literal[False] = False,
        noise: bool = True,
        features: Any = None,
        curves: Any = None,
    ) -> Float[np.ndarray, " cell"]: ...

    @overload
    def predict(
        self,
        candidates: Candidates,
        return_std: Literal[True],
        noise: bool = True,
        features: Any = None,
        curves: Any = None,
    ) -> tuple[Float[np.ndarray, " cell"], Float[np.ndarray, " cell"]]: ...

    @overload
    def predict(
        self,
        candidates: Candidates,
        return_std: bool = False,
        noise: bool = True,
        features: Any = None,
        curves: Any = None,
    ) -> Any: ...

    def predict(
        self,
        candidates: Candidates,
        return_std: bool = False,
        noise: bool = True,
        features: Any = None,
        curves: Any = None,
    ) -> Any:
        """Mean score of each candidate, and its standard deviation where asked.

        Args:
            candidates: cells, or what `encode` made of them.
            return_std: also return the standard deviation.
            noise: of a new measurement; False for the score without measurement noise.
            features: side features of the candidates; names that `fit` did not see are refused.
            curves: of candidates whose training runs, as far as it is: prefixes of any lengths, [] for those that have
                not begun; forms as in `fit`. Of these candidates the end of that training is predicted, and all are
                read together: a few epochs of one inform about those like it. Means are then taken on the scale on
                which scores are about normal, which heavy tails of losses do not move.

        Returns:
            (cell,) float64 in the units of `fit`; with `return_std` a pair of them.

        Raises:
            NotFittedError: before `fit`.
            TypeError, ValueError: no candidates, an item that is no cell, a pool of another checkpoint, side features
                that do not fit.
        """
        predicted = self.predict_distribution(candidates, noise, features, curves)
        return (predicted.mean, predicted.std) if read_flag(return_std, "return_std") else predicted.mean

    @usual_torch()
    def predict_distribution(
        self, candidates: Candidates, noise: bool = True, features: Any = None, curves: Any = None
    ) -> Predicted:
        """Mean, standard deviation and, when asked, quantiles of each candidate's score, from one pass over them.

        Arguments and errors as `predict`.
        """
        pool, keep = self._pool(candidates, features, curves), read_flag(noise, "noise")
        return self._require_fit().beside(pool).distribution(pool, keep)

    @usual_torch()
    def predict_failure(self, candidates: Candidates, features: Any = None) -> Float[np.ndarray, " cell"]:
        """Probability that the evaluation of each candidate fails; 0 where no evaluated cell did.

        Arguments and errors as `predict`.
        """
        return self._require_fit().failure(self._pool(candidates, features))

    def predict_quantiles(
        self,
        candidates: Candidates,
        probabilities: Sequence[float],
        noise: bool = True,
        features: Any = None,
        curves: Any = None,
    ) -> Float[np.ndarray, "probability cell"]:
        """The values that each candidate's score stays below with these probabilities, in the units of `fit`.

        Args:
            noise: of a new measurement; False for the score without measurement noise.

        Raises:
            TypeError, ValueError: as `predict`; or a probability that is not between 0 and 1.
        """
        return self.predict_distribution(candidates, noise, features, curves).quantiles(probabilities)

    def predict_interval(
        self, candidates: Candidates, level: float = 0.9, noise: bool = True, features: Any = None, curves: Any = None
    ) -> Float[np.ndarray, "2 cell"]:
        """Lower and upper ends of the central interval that holds each candidate's score with probability `level`.

        The ends are quantiles. They are as skewed as scores are; the mean plus and minus standard deviations would be
        too wide on one side and too narrow on the other. Arguments and errors as `predict_quantiles`.
        """
        level = read_probability(level, "level")
        return self.predict_quantiles(candidates, (0.5 - level / 2, 0.5 + level / 2), noise, features, curves)

    def rank(
        self,
        candidates: Candidates,
        k: int | None = None,
        features: Any = None,
        include_evaluated: bool = False,
        curves: Any = None,
    ) -> Ranking:
        """The `k` best candidates by predicted mean, best first; all of them without `k`.

        Cells that compute the same as an evaluated or failed one are left out, unless `include_evaluated`. Of
        candidates that compute the same, and so are predicted alike, the first given comes first.

        Raises:
            TypeError, ValueError: as `predict`; or `k` below 1 or above the number of candidates that are left.
        """
        fitted, pool, left, k = self._to_rank(candidates, k, features, include_evaluated, curves)
        with usual_torch():
            predicted = fitted.distribution(pool, noise=True)
            mean, std = predicted.mean, predicted.std
            order = left[np.argsort(-fitted.sign * mean[left], kind="stable")]
            # of the others, the chance to be among the best is negligible
            likely = order[: max(CONTENDERS, 4 * k)]
            p_top = np.ones(k)
            if k < len(order):
                values = fitted.draws(pool, DRAWS, torch.Generator().manual_seed(0), likely)
                p_top = chance_of_top(values, k)[:k]
            lower, upper = fitted.distribution(pool.only(order[:k]), noise=True).quantiles((0.05, 0.95))
        best = order[:k]
        return Ranking([pool.cell(int(i)) for i in best], best, mean[best], std[best], p_top, lower, upper)

    def shortlist(
        self,
        candidates: Candidates,
        k: int | None = 10,
        features: Any = None,
        include_evaluated: bool = False,
        curves: Any = None,
        by: str = "best",
    ) -> Ranking:
        """The `k` candidates to train next, chosen as a set of which the best will be kept.

        They differ from the first `k` of `rank`, in which an unsure candidate counts less than a sure one; the best of
        a shortlist is better. Their order is that in which they were chosen: the first few are the shortlist of so
        many. Candidates that compute the same are one, unless there are too few others. Where all that are left are
        asked for, there is nothing to choose, and they are ordered by mean.

        Args:
            k: how many; all without.
            include_evaluated: whether cells that compute the same as an evaluated or failed one may be chosen.
            by: "best" takes in turns the candidate that adds most to the expected best of the set, the one most often
                the best of all in joint draws, and the one whose score may be highest; "expected_best" the first alone;
                "top" raises the expected number of candidates that are truly among the best `k`; "thompson" takes the
                best of `k` joint draws.

        Raises:
            TypeError, ValueError: as `rank`; or another `by`.

        Source: this project; see `metanp.shortlist`.
        """
        if not isinstance(by, str) or by not in RULES:
            raise ValueError(f"shortlist by={str(by)!r:.80}; {nearest(str(by), RULES)}")
        fitted, pool, left, k = self._to_rank(candidates, k, features, include_evaluated, curves)
        if k == len(left):
            return self.rank(pool, k, include_evaluated=include_evaluated)
        with usual_torch():
            best, p_top = chosen(fitted, pool, left, k, by)
            measured = fitted.distribution(pool.only(best), noise=True)
            lower, high = measured.quantiles((0.05, 0.95))
        cells = [pool.cell(int(i)) for i in best]
        return Ranking(cells, best, measured.mean, measured.std, p_top, lower, high, f"The {k:,} to train next")

    @property
    def highest_measured(self) -> float:
        """The best score that was taken as a measurement, negated where lower is better; minus infinity without any.

        Raises:
            NotFittedError: before `fit`.
        """
        return self._require_fit().best / self._require_fit().unit

    def left(self, candidates: Candidates) -> int:
        """How many candidates `rank` ranks: those that compute something else than every evaluated or failed cell.

        Errors as `predict`.
        """
        fitted = self._require_fit()
        return int((~fitted.known(self._pool(candidates, None))).sum())

    @usual_torch()
    def promising(self, candidates: Candidates, n: int) -> Int[np.ndarray, " row"]:
        """Rows of `n` candidates whose score may be highest, from one quick pass; ascending, fewer where fewer differ.

        For pools of hundreds of thousands: predict these alone. By an approximation, so ask for several times as many
        as are wanted. Of candidates that compute the same, the first. Errors as `predict`; or `n` below 1.
        """
        fitted, pool = self._require_fit(), self._pool(candidates, None)
        return self._reader.promising(fitted.knowledge, pool, read_count(n, "n"))

    @usual_torch()
    def sample(
        self, candidates: Candidates, n: int = 1, rng: Any = None, features: Any = None, curves: Any = None
    ) -> Float[np.ndarray, "draw cell"]:
        """Joint draws of the candidates' scores, without measurement noise, in the user's units; of candidates with a
        curve, of the end of that training.

        Memory grows linearly with the candidates. `rng` is a seed or a generator (`torch`, CPU, or numpy); without one,
        every call draws anew.

        Raises:
            TypeError, ValueError: as `predict`; or `n` below 1.
        """
        fitted = self._require_fit()
        pool, rng = self._pool(candidates, features, curves), read_torch_generator(rng)
        fitted = fitted.beside(pool)
        return fitted.sign / fitted.unit * fitted.draws(pool, read_count(n, "n"), rng)

    # --- inside -----------------------------------------------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        return self._fitted is not None

    def _require_fit(self) -> Fitted:
        if self._fitted is None:
            raise NotFittedError("call fit(cells, scores) first; fit([], []) asks for the prior")
        return self._fitted

    def _pool(self, candidates: Candidates, features: Any, curves: Any = None) -> Pool:
        fitted = self._require_fit()
        if not isinstance(candidates, Pool):
            candidates = self.encode(candidates, features, curves)
        elif features is not None or curves is not None:
            what = "curves" if features is None else "side features"
            raise ValueError(f"give {what} to encode(), not beside an encoded pool")
        elif candidates.checkpoint != self._reader.checkpoint:
            raise ValueError(f"the pool was encoded by {candidates.checkpoint!r}, this is {self._reader.checkpoint!r}")
        candidates.side.check_known(fitted.knowledge.side.names)
        return fitted.seen(candidates)

    def _to_rank(
        self, candidates: Candidates, k: int | None, features: Any, include_evaluated: bool, curves: Any
    ) -> tuple[Fitted, Pool, np.ndarray, int]:
        """What was fitted, having read the pool's curves; the pool; candidates that are left; how many are wanted."""
        fitted, keep = self._require_fit(), read_flag(include_evaluated, "include_evaluated")
        pool = self._pool(candidates, features, curves)
        with usual_torch():
            fitted = fitted.beside(pool)
        left = np.arange(len(pool)) if keep else np.flatnonzero(~fitted.known(pool))
        k = len(left) if k is None else read_count(k, "k", least=None)
        if not 1 <= k <= len(left):
            raise ValueError(f"k is {k}, but there are {len(left)} candidates to rank (evaluated ones left out)")
        return fitted, pool, left, k


def _joined(first: list[Cell] | CellArray, second: list[Cell] | CellArray) -> list[Cell] | CellArray:
    """One after the other."""
    if not len(second):
        return first
    lists = [part.to_cells() if isinstance(part, CellArray) else part for part in (first, second)]
    return [*lists[0], *lists[1]]
