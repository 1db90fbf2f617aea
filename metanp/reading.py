"""A model conditioned on evaluated cells, and its predictions for others, in pieces.

Lies between `MetaNP`, in users' units, and the neural process, in tensors. Values here are in the
model's units.

Axes: cell, of a pool; row, some of them; context, the evaluated ones; draw.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.special import logsumexp
from torch import Tensor

from metanp.brief import brief
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.distribution import Mixture
from metanp.encoder import Points
from metanp.features import FEATURE_NAMES, WL_STEPS
from metanp.model import Model
from metanp.pool import Pool, encode
from metanp.side import HINTS, Side, standardise_side

ALL = slice(None)
CHUNK = 2048  # distinct cells predicted at once: their covariances stay in the cache
MIN_HEAD_WEIGHT = 0.01  # heads of less weight after conditioning are dropped: they cost as much and matter little
LARGE_POOL = 100_000  # distinct cells; in larger pools more heads are dropped, those of less weight than
LARGE_POOL_HEAD_WEIGHT = 0.1
MOST_COMPARED = 256  # evaluated cells that views are weighed by
# log-evidence that each further view is due, for each evaluated cell up to a number: most scores depend on what is
# computed alone. Chosen on prior tasks (docs/what-was-tried.md)
VIEW_DUE, VIEW_DUE_MOST = 0.1, 3.0
LEAST_VIEW = 0.1  # weight of a view; those of less are dropped: each takes as long as the first
CONTRADICTION = 4.0  # times the expected variance of one cell's measurements
LEAST_EXPECTED = 0.05  # lower bound of that variance, for models that are very sure
PRIOR_MEASUREMENTS = 2.0  # pseudo-measurements of the expected variance, added to a cell's own

Rows = np.ndarray | slice


@dataclass(frozen=True)
class View:
    """A model's state after reading its context in one of the ways of `Side.views`.

    log_weight: of this view among all. state: of the neural process. side: side features of the context.
    """

    log_weight: float
    state: Any
    side: Side

    __repr__ = brief


@dataclass(frozen=True)
class Knowledge:
    """A model's state after reading its context.

    views: those that predict the context best, the simplest first. contradicted: variance beyond noise of cells whose
    measurements contradict one another, by fingerprint.
    """

    views: tuple[View, ...]
    contradicted: dict[int, float]

    __repr__ = brief

    @property
    def side(self) -> Side:
        """Side features of the context, with the columns of all views."""
        return self.views[-1].side

    @property
    def heaviest(self) -> View:
        """The view of most weight."""
        return max(self.views, key=lambda view: view.log_weight)


@dataclass(frozen=True)
class Reader:
    """A model on a device. checkpoint: its name, which pools carry."""

    model: Model
    device: torch.device
    checkpoint: str

    __repr__ = brief

    def encode(self, cells: list[Cell] | CellArray, side: Side) -> Pool:
        """A pool of these cells."""
        return encode(self.model.encoder, cells, side, self.checkpoint)

    def prior(self, side: Side) -> Knowledge:
        """What is known before any cell was evaluated; side: the names of features, and their roles."""
        side = side.rows(slice(0))
        with torch.inference_mode():
            none = torch.zeros(1, 0, device=self.device)
            state = self.model.process.condition(self._none(side), none, none.bool())
        return Knowledge((View(0.0, state.prune(MIN_HEAD_WEIGHT), side),), {})

    def learn(
        self,
        pool: Pool,
        rows: Rows,
        value: Float[np.ndarray, " context"],
        doubt: Float[np.ndarray, " context"] | None = None,
    ) -> Knowledge:
        """Condition on some of a pool's cells, one at least, and their values.

        Where measurements of one cell differ by far more than noise, their variance is added to that noise: they weigh
        less, and the interval of a new measurement of that cell spans them.

        Args:
            doubt: variance of each value beyond noise; 0 for measurements.
        """
        rows = np.arange(len(pool))[rows]
        doubt = np.zeros(len(value)) if doubt is None else doubt
        pools = [replace(pool, side=side) for side in pool.side.views()]
        asked = _evenly(value, MOST_COMPARED) if len(pools) > 1 else np.arange(len(value))
        read = [self._read(one, rows[asked], value[asked], doubt[asked]) for one in pools]
        weight = self._log_weights([state for state, _ in read], value[asked])
        kept = np.flatnonzero(np.isfinite(weight))
        if len(asked) < len(value):
            read = [self._read(one, rows, value, doubt) if i in kept else read[i] for i, one in enumerate(pools)]
        names = pool.fingerprint[pool.graph[rows]]
        spread = read[kept[0]][1]
        contradicted = {int(name): float(more) for name, more in zip(names, spread, strict=True) if more}
        views = (View(float(weight[i]), read[i][0].prune(MIN_HEAD_WEIGHT), pools[i].side.rows(rows)) for i in kept)
        return Knowledge(tuple(views), contradicted)

    def mixtures(self, known: Knowledge, pool: Pool, rows: Rows = ALL) -> list[Mixture]:
        """Predictive distributions of new measurements of some of the pool's cells, in pieces."""
        wanted = np.arange(len(pool))[rows]
        large, more = len(wanted) > LARGE_POOL, self._spread(known, pool, wanted)
        views = [replace(v, state=v.state.prune(LARGE_POOL_HEAD_WEIGHT)) for v in known.views] if large else known.views
        with torch.inference_mode():
            parts, weights = [], [view.log_weight for view in views]
            for pieces in zip(*(self._pieces(view, pool, wanted) for view in views), strict=True):
                found = [self.model.process.predict(v.state, points) for v, points in zip(views, pieces, strict=True)]
                parts.append(Mixture.joined(found, weights))
        if more is None:
            return parts
        spread = more.split([part.mean.shape[-1] for part in parts])
        return [part.with_noise(own) for part, own in zip(parts, spread, strict=True)]

    def promising(self, known: Knowledge, pool: Pool, n: int) -> Int[np.ndarray, " row"]:
        """Rows of the `n` distinct cells whose value may be highest, about; ascending."""
        first, view, reach = pool.distinct()[0], known.heaviest, self.model.process.reach
        with torch.inference_mode():
            quick = view.state.quick()
            parts = [reach(quick, points)[0] for points in self._pieces(view, pool, first)]
        return np.sort(first[torch.cat(parts).topk(min(n, len(first))).indices.cpu().numpy()])

    def left_out(self, known: Knowledge, value: Float[np.ndarray, " context"]) -> Float[np.ndarray, " context"] | None:
        """What is expected of each cell of the context by all others; None where the process cannot tell."""
        expected = np.zeros(len(value))
        for view in known.views:
            with torch.inference_mode():
                found = self.model.process.left_out(view.state, self._tensor(value))
            if found is None:
                return None
            expected += math.exp(view.log_weight) * to_numpy([found])[0]
        return expected

    def mean(self, known: Knowledge, pool: Pool, rows: Rows = ALL) -> Float[np.ndarray, " row"]:
        """The predicted mean of each."""
        return np.concatenate([to_numpy([m.moments()[0]])[0] for m in self.mixtures(known, pool, rows)])

    def draws(
        self, known: Knowledge, pool: Pool, n: int, rng: torch.Generator, rows: Rows = ALL
    ) -> Float[np.ndarray, "draw row"]:
        """Joint draws, without measurement noise."""
        wanted = np.arange(len(pool))[rows]
        weight = torch.tensor([view.log_weight for view in known.views]).exp()
        one = len(known.views) == 1
        which = np.zeros(n, dtype=int) if one else torch.multinomial(weight, n, True, generator=rng).numpy()
        values = np.empty((n, len(wanted)))
        with torch.inference_mode():
            for i in np.unique(which).tolist():
                view, own = known.views[i], which == i
                draw: Callable[[Points], Tensor] = self.model.process.sampler(view.state, int(own.sum()), rng)
                parts = [draw(points).double().cpu().numpy() for points in self._pieces(view, pool, wanted)]
                values[own] = np.concatenate(parts, axis=1)
        return values

    # --- inside -----------------------------------------------------------------------------------------------

    def _points(
        self, pool: Pool, side: Float[np.ndarray, "row side"], hint: Float[np.ndarray, "row kind"], rows: Rows
    ) -> Points:
        """(1, row) points, with side features already standardised, and hints."""
        index = torch.from_numpy(pool.graph[rows]).to(pool.points.embedding.device)
        taken = pool.points.map(lambda x: x[index][None].to(self.device))
        # padded to the largest of these cells alone, whatever else is in the pool
        nodes = int((taken.patterns != 0).sum(-1).max()) if len(index) else 0
        known = torch.as_tensor(side, dtype=torch.float32, device=self.device)
        said = torch.as_tensor(hint, dtype=torch.float32, device=self.device)
        return replace(taken, patterns=taken.patterns[..., :nodes]).with_side(known[None], said[None])

    def _tensor(self, values: Float[np.ndarray, " context"]) -> Float[Tensor, "1 context"]:
        return torch.as_tensor(values, dtype=torch.float32, device=self.device)[None]

    def _none(self, side: Side) -> Points:
        none = torch.zeros(1, 0, self.model.encoder.d_embed, device=self.device)
        features = none.new_zeros(1, 0, len(FEATURE_NAMES))
        patterns = none.new_zeros(1, 0, WL_STEPS, 0, dtype=torch.long)
        return Points(none, features, patterns, none.new_zeros(1, 0, len(side.names)), none.new_zeros(1, 0, HINTS))

    def _pieces(self, view: View, pool: Pool, wanted: np.ndarray) -> Iterator[Points]:
        """Some of a pool's cells as a view reads them, in pieces."""
        side = standardise_side(view.side.values, pool.side.like(view.side))
        hint = view.side.hint(pool.side)
        for start in range(0, len(wanted), CHUNK):
            rows = wanted[start : start + CHUNK]
            yield self._points(pool, side[rows], hint[rows], rows)

    def _read(
        self, pool: Pool, rows: np.ndarray, value: Float[np.ndarray, " context"], doubt: Float[np.ndarray, " context"]
    ) -> tuple[Any, Float[np.ndarray, " context"]]:
        """The state of the process after reading these cells, and their variance beyond noise (`learn`)."""
        side = pool.side.rows(rows)
        with torch.inference_mode():
            xc = self._points(pool, standardise_side(side.values, side.values), side.hint(side), rows)
            yc = self._tensor(value)
            mask = torch.ones_like(yc, dtype=torch.bool)
            state = self.model.process.condition(xc, yc, mask, self._tensor(doubt) if doubt.any() else None)
            cell, spread = pool.distinct()[1][rows], np.zeros(len(value))
            told = np.flatnonzero(doubt == 0)
            if self.model.process.weighs_measurements and _contradiction(cell[told], value[told], spread[told]).any():
                # more than the least noise explains: compare with the noise that the model expects
                spread[told] = _contradiction(cell[told], value[told], self._noise(state, xc)[told])
            if spread.any():
                state = self.model.process.condition(xc, yc, mask, self._tensor(doubt + spread))
        return state, spread

    def _log_weights(self, states: list[Any], value: Float[np.ndarray, " context"]) -> Float[np.ndarray, " view"]:
        """Logarithms of weights that sum to 1, by the evidence for each view, less what it is due; minus infinity where
        that is little. The first view alone where the process cannot tell."""
        weight = np.full(len(states), -np.inf)
        weight[0] = 0.0
        if len(states) == 1:
            return weight
        with torch.inference_mode():
            found = [self.model.process.evidence(state, self._tensor(value)) for state in states]
        if any(one is None for one in found):
            return weight
        weight = np.array([float(one) for one in found if one is not None])
        weight -= min(VIEW_DUE * len(value), VIEW_DUE_MOST) * np.arange(len(states))
        weight -= logsumexp(weight)
        weight[weight < math.log(LEAST_VIEW)] = -np.inf
        return weight - logsumexp(weight)

    def _noise(self, state: Any, xc: Points) -> Float[np.ndarray, " context"]:
        """Variance that the model expects of measurements of each evaluated cell."""
        mixture = self.model.process.predict(state, xc)
        return to_numpy([(mixture.log_weight.exp()[..., None] * mixture.noise**2).sum(1)])[0]

    def _spread(self, known: Knowledge, pool: Pool, wanted: np.ndarray) -> Tensor | None:
        if not known.contradicted:
            return None
        names = pool.fingerprint[pool.graph[wanted]].tolist()
        return torch.tensor([known.contradicted.get(name, 0.0) for name in names], device=self.device)


def _evenly(value: Float[np.ndarray, " context"], most: int) -> Int[np.ndarray, " row"]:
    """At most so many, evenly over the ranks of their values; ascending."""
    even = np.linspace(0, len(value) - 1, min(most, len(value))).round().astype(int)
    return np.sort(np.argsort(value, kind="stable")[even])


def _contradiction(
    cell: np.ndarray, value: Float[np.ndarray, " context"], noise: Float[np.ndarray, " context"]
) -> Float[np.ndarray, " context"]:
    """Variance beyond noise of each measurement; 0 where a cell's measurements agree as they should."""
    spread = np.zeros(len(value))
    names, count = np.unique(cell, return_counts=True)
    for one in names[count > 1]:
        same = np.flatnonzero(cell == one)
        expected, free = max(noise[same].mean(), LEAST_EXPECTED), len(same) - 1
        own = (free * value[same].var(ddof=1) + PRIOR_MEASUREMENTS * expected) / (free + PRIOR_MEASUREMENTS)
        if own > CONTRADICTION * expected:
            spread[same] = own - expected
    return spread


def to_numpy(values: list[Float[Tensor, "1 row"]]) -> Float[np.ndarray, "value row"]:
    """Tensors of one task, one after the other, in double precision."""
    return torch.cat(values).double().cpu().numpy()
