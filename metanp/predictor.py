"""MetaNP: evaluated cells in, a distribution and a ranking for all other cells out. No gradient step.

Scikit-learn's conventions: the constructor takes settings, `fit` reads the evaluated cells, `predict` answers. Fitting
is one forward pass of a neural process that was meta-trained once. Everything a user sees is in the units of the
scores given to `fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.checkpoint import load_model
from metanp.distribution import Mixture
from metanp.encoder import Points
from metanp.features import FEATURE_NAMES, WL_STEPS
from metanp.pool import Pool, encode
from metanp.predicted import Predicted
from metanp.score_transform import ScoreTransform
from metanp.side import Side, standardise_side

Candidates = Sequence[Cell] | CellArray | Pool
ALL = slice(None)
CHUNK = 2048  # distinct cells answered for at once: their covariances stay in the cache
MIN_HEAD_WEIGHT = 0.01  # heads that a context gives less are left out: they cost as much as the others and say little
LARGE_POOL = 100_000  # distinct cells; in pools larger than this, heads say little that weigh less than
LARGE_POOL_HEAD_WEIGHT = 0.1
DRAWS = 256  # joint draws behind `p_top`
CONTENDERS = 1024  # cells that can be among the first at all are looked for among this many, at least


class NotFittedError(ValueError, AttributeError):
    """Asked for a prediction before `fit`; as in scikit-learn."""


@dataclass(frozen=True)
class Ranking:
    """The best candidates, best first.

    index: position among the candidates. mean, std: of a new measurement, in the user's units.
    p_top: probability to be in the true top k of the candidates ranked, from joint draws.
    """

    cells: list[Cell]
    index: Int[np.ndarray, " k"]
    mean: Float[np.ndarray, " k"]
    std: Float[np.ndarray, " k"]
    p_top: Float[np.ndarray, " k"]

    def __len__(self) -> int:
        return len(self.cells)


@dataclass(frozen=True)
class _Fitted:
    state: Any
    transform: ScoreTransform
    sign: int
    side: Side
    evaluated: Pool | None


class MetaNP:
    """Few-shot performance predictor.

    Args:
        checkpoint: name of a shipped checkpoint, or a path.
        device: where to compute, e.g. "cuda".

    Raises:
        metanp.checkpoint.CheckpointError: no such checkpoint, or not a whole one of ours.
    """

    def __init__(self, checkpoint: str | Path = "default", device: str = "cpu"):
        self.checkpoint, self.device = checkpoint, device
        model, self.card = load_model(checkpoint)
        self.model = model.to(device).requires_grad_(False)
        self._fitted: _Fitted | None = None

    @classmethod
    def from_pretrained(cls, checkpoint: str | Path = "default", device: str = "cpu") -> MetaNP:
        """The same as the constructor."""
        return cls(checkpoint, device)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Settings, for scikit-learn's `clone`."""
        return {"checkpoint": self.checkpoint, "device": self.device}

    def set_params(self, **params: Any) -> MetaNP:
        """Change settings; loads anew and forgets the evaluated cells.

        Raises:
            ValueError: no such setting.
        """
        if unknown := set(params) - set(self.get_params()):
            raise ValueError(f"MetaNP has no setting {sorted(unknown)}; it has {sorted(self.get_params())}")
        self.__init__(**{**self.get_params(), **params})  # type: ignore[misc]
        return self

    def fit(
        self,
        cells: Sequence[Cell] | CellArray,
        score: Sequence[float] | np.ndarray,
        features: Any = None,
        maximize: bool = True,
    ) -> MetaNP:
        """Condition on evaluated cells; none is legal and asks for the prior, in units of standard deviations.

        Args:
            cells: evaluated cells; the same cell may come several times, as repeated measurements.
            score: one a cell, any unit.
            features: DataFrame or mapping of named side features, rows as the cells, NaN where missing.
            maximize: False where lower is better.

        Raises:
            ValueError: lengths that differ, or a score that is not finite (names the first such cell).
        """
        values = np.asarray(score, dtype=np.float64)
        if values.ndim != 1 or len(values) != len(cells):
            raise ValueError(f"{len(cells)} cells but scores of shape {values.shape}; expected one score a cell")
        if not np.isfinite(values).all():
            bad = int(np.flatnonzero(~np.isfinite(values))[0])
            raise ValueError(f"the score of cell {bad} is {values[bad]}; leave failed cells out or give them a number")
        sign = 1 if maximize else -1
        transform = ScoreTransform.fit(sign * values)
        side = Side.of(features, len(cells))
        pool = encode(self.model.encoder, cells, side, str(self.checkpoint)) if len(values) else None
        with torch.inference_mode():
            yc = torch.as_tensor(transform.forward(sign * values), dtype=torch.float32, device=self.device)[None]
            xc = self._points(pool, standardise_side(side.values, side.values)) if pool else self._no_points(side)
            state = self.model.process.condition(xc, yc, torch.ones_like(yc, dtype=torch.bool))
            self._fitted = _Fitted(state.prune(MIN_HEAD_WEIGHT), transform, sign, side, pool)
        return self

    def encode(self, candidates: Sequence[Cell] | CellArray, features: Any = None) -> Pool:
        """Candidates made ready for many `predict`, `rank` and `sample`.

        Raises:
            ValueError: no candidates, or side features that do not fit them.
        """
        if not len(candidates):
            raise ValueError("the pool of candidates is empty")
        side = Side.of(features, len(candidates))
        return encode(self.model.encoder, candidates, side, str(self.checkpoint))

    def predict(
        self, candidates: Candidates, return_std: bool = False, noise: bool = True, features: Any = None
    ) -> Any:
        """Mean score of each candidate, and its standard deviation where asked.

        Args:
            candidates: cells, or what `encode` made of them.
            return_std: also return the standard deviation.
            noise: of a new measurement; False for the score without measurement noise.
            features: side features of the candidates; names that `fit` did not see are refused.

        Returns:
            (cell,) float64 in the units of `fit`; with `return_std` a pair of them.

        Raises:
            NotFittedError: before `fit`.
            ValueError: no candidates, a pool of another checkpoint, side features that do not fit.
        """
        predicted = self.predict_distribution(candidates, noise, features)
        return (predicted.mean, predicted.std) if return_std else predicted.mean

    def predict_distribution(self, candidates: Candidates, noise: bool = True, features: Any = None) -> Predicted:
        """Mean, standard deviation and, when asked, quantiles of each candidate's score, from one pass over them.

        Arguments and errors as `predict`.
        """
        pool, fitted = self._pool(candidates, features), self._require_fit()
        sign, transform = fitted.sign, fitted.transform
        first, inverse = pool.distinct()
        mixtures = self._mixtures(pool, fitted, noise, first)
        parts = [transform.inverse_moments(*_numpy(mixture.moments())) for mixture in mixtures]
        mean, std = np.concatenate(parts, axis=1)[:, inverse]

        def quantile(probability: float) -> Float[np.ndarray, " cell"]:
            wanted = probability if sign > 0 else 1 - probability
            values = np.concatenate([_numpy([mixture.quantile(wanted)])[0] for mixture in mixtures])
            return sign * transform.inverse(values)[inverse]

        return Predicted(sign * mean, std, quantile)

    def predict_quantiles(
        self, candidates: Candidates, probabilities: Sequence[float], noise: bool = True, features: Any = None
    ) -> Float[np.ndarray, "probability cell"]:
        """The values that each candidate's score stays below with these probabilities, in the units of `fit`.

        Args:
            noise: of a new measurement; False for the score without measurement noise.

        Raises:
            ValueError: as `predict`; or a probability that is not between 0 and 1.
        """
        return self.predict_distribution(candidates, noise, features).quantiles(probabilities)

    def predict_interval(
        self, candidates: Candidates, level: float = 0.9, noise: bool = True, features: Any = None
    ) -> Float[np.ndarray, "2 cell"]:
        """Lower and upper ends of the central interval that holds each candidate's score with probability `level`.

        Between quantiles: as skewed as scores are, where the mean plus and minus some standard deviations would be too
        wide on one side and too narrow on the other. Arguments and errors as `predict_quantiles`.
        """
        if not 0 < level < 1:
            raise ValueError(f"level is {level}; expected a probability between 0 and 1, such as 0.9")
        return self.predict_quantiles(candidates, (0.5 - level / 2, 0.5 + level / 2), noise, features)

    def rank(
        self, candidates: Candidates, k: int | None = None, features: Any = None, include_evaluated: bool = False
    ) -> Ranking:
        """The `k` best candidates by predicted mean, best first; all of them without `k`.

        Cells that compute the same as an evaluated one are left out, unless `include_evaluated`. Of candidates that
        compute the same, and so are predicted alike, the first given stands first.

        Raises:
            ValueError: as `predict`; or `k` below 1 or above the number of candidates that are left.
        """
        pool, fitted = self._pool(candidates, features), self._require_fit()
        left = np.arange(len(pool)) if include_evaluated else np.flatnonzero(~pool.among(fitted.evaluated))
        k = len(left) if k is None else k
        if not 1 <= k <= len(left):
            raise ValueError(f"k is {k}, but there are {len(left)} candidates to rank (evaluated ones left out)")
        mean, std = self.predict(pool, return_std=True)
        order = left[np.argsort(-fitted.sign * mean[left], kind="stable")]
        best = order[:k]
        p_top = self._probability_of_top(pool, fitted, order, k)
        return Ranking([pool.cell(int(i)) for i in best], best, mean[best], std[best], p_top)

    def sample(
        self, candidates: Candidates, n: int = 1, rng: torch.Generator | None = None, features: Any = None
    ) -> Float[np.ndarray, "draw cell"]:
        """Joint draws of the candidates' scores, without measurement noise, in the user's units.

        Memory grows linearly with the candidates. `rng` is a CPU generator; without one, every call draws anew.

        Raises:
            ValueError: as `predict`; or `n` below 1.
        """
        pool, fitted = self._pool(candidates, features), self._require_fit()
        if n < 1:
            raise ValueError(f"n is {n}; expected at least one draw")
        if rng is None:
            rng = torch.Generator()
            rng.seed()
        values = self._draws(pool, fitted, n, rng)
        return fitted.sign * fitted.transform.inverse(values)

    # --- inside -----------------------------------------------------------------------------------------------

    def _require_fit(self) -> _Fitted:
        if self._fitted is None:
            raise NotFittedError("call fit(cells, scores) first; fit([], []) asks for the prior")
        return self._fitted

    def _pool(self, candidates: Candidates, features: Any) -> Pool:
        fitted = self._require_fit()
        if not isinstance(candidates, Pool):
            candidates = self.encode(candidates, features)
        elif features is not None:
            raise ValueError("give side features to encode(), not beside an encoded pool")
        elif candidates.checkpoint != str(self.checkpoint):
            raise ValueError(f"the pool was encoded by {candidates.checkpoint!r}, this is {str(self.checkpoint)!r}")
        if unknown := set(candidates.side.names) - set(fitted.side.names):
            raise ValueError(f"side features {sorted(unknown)} were not given to fit, which saw {fitted.side.names}")
        return candidates

    def _points(self, pool: Pool, side: Float[np.ndarray, "cell side"], rows: np.ndarray | slice = ALL) -> Points:
        """(1, cell) points of some of the pool's cells, with side features already standardised."""
        index = torch.from_numpy(pool.graph[rows]).to(self.device)
        taken = pool.points.map(lambda x: x[index][None])
        # padded to the largest of these cells alone, whatever else is in the pool
        nodes = int((taken.patterns != 0).sum(-1).max()) if len(index) else 0
        known = torch.as_tensor(side[rows], dtype=torch.float32, device=self.device)
        return Points(taken.embedding, taken.features, taken.patterns[..., :nodes], known[None])

    def _no_points(self, side: Side) -> Points:
        none = torch.zeros(1, 0, self.model.encoder.d_embed, device=self.device)
        features = none.new_zeros(1, 0, len(FEATURE_NAMES))
        patterns = none.new_zeros(1, 0, WL_STEPS, 0, dtype=torch.long)
        return Points(none, features, patterns, none.new_zeros(1, 0, len(side.names)))

    def _pieces(self, pool: Pool, fitted: _Fitted, rows: np.ndarray | slice = ALL) -> Iterator[Points]:
        """The points of some of the pool's cells, a piece at a time."""
        side = standardise_side(fitted.side.values, pool.side.in_order(fitted.side.names))
        wanted = np.arange(len(pool))[rows]
        for start in range(0, len(wanted), CHUNK):
            yield self._points(pool, side, wanted[start : start + CHUNK])

    def _mixtures(self, pool: Pool, fitted: _Fitted, noise: bool, rows: np.ndarray) -> list[Mixture]:
        """What the model says of some of the pool's cells, a piece at a time."""
        state = fitted.state.prune(LARGE_POOL_HEAD_WEIGHT) if len(rows) > LARGE_POOL else fitted.state
        with torch.inference_mode():
            parts = (self.model.process.predict(state, points) for points in self._pieces(pool, fitted, rows))
            return [part if noise else part.without_noise() for part in parts]

    def _draws(
        self, pool: Pool, fitted: _Fitted, n: int, rng: torch.Generator, rows: np.ndarray | slice = ALL
    ) -> Float[np.ndarray, "draw cell"]:
        with torch.inference_mode():
            draw: Callable[[Points], Tensor] = self.model.process.sampler(fitted.state, n, rng)
            parts = [draw(points).double().cpu().numpy() for points in self._pieces(pool, fitted, rows)]
        return np.concatenate(parts, axis=1)

    def _probability_of_top(self, pool: Pool, fitted: _Fitted, order: np.ndarray, k: int) -> Float[np.ndarray, " k"]:
        """Share of joint draws in which each of the first k is truly among the k best of all in `order`.

        Only the candidates most likely to be there are drawn; the others' chances are negligible.
        """
        if k == len(order):
            return np.ones(k)
        contenders = order[: max(CONTENDERS, 4 * k)]
        values = self._draws(pool, fitted, DRAWS, torch.Generator().manual_seed(0), contenders)
        threshold = -np.partition(-values, k - 1, axis=1)[:, k - 1 : k]
        return (values[:, :k] >= threshold).mean(0)


def _numpy(values: Sequence[Float[Tensor, "1 target"]]) -> Float[np.ndarray, "value target"]:
    return torch.cat(list(values)).double().cpu().numpy()
