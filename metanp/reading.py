"""A model conditioned on evaluated cells, and its predictions for others, in pieces.

Lies between `MetaNP`, in users' units, and the neural process, in tensors. Values here are in the
model's units.

Axes: cell, of a pool; row, some of them; context, the evaluated ones; draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
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
CONTRADICTION = 4.0  # times the expected variance of one cell's measurements
LEAST_EXPECTED = 0.05  # lower bound of that variance, for models that are very sure
PRIOR_MEASUREMENTS = 2.0  # pseudo-measurements of the expected variance, added to a cell's own

Rows = np.ndarray | slice


@dataclass(frozen=True)
class Knowledge:
    """A model's state after reading its context.

    state: of the neural process. side: side features of the context. contradicted: variance beyond noise of cells whose
    measurements contradict one another, by fingerprint.
    """

    state: Any
    side: Side
    contradicted: dict[int, float]

    __repr__ = brief


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
        return Knowledge(state.prune(MIN_HEAD_WEIGHT), side, {})

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
        side = pool.side.rows(rows)
        with torch.inference_mode():
            xc = self._points(pool, standardise_side(side.values, side.values), side.hint(side), rows)
            yc = torch.as_tensor(value, dtype=torch.float32, device=self.device)[None]
            mask = torch.ones_like(yc, dtype=torch.bool)
            doubt = np.zeros(len(value)) if doubt is None else doubt
            state = self.model.process.condition(xc, yc, mask, self._tensor(doubt) if doubt.any() else None)
            cell, spread = pool.distinct()[1][rows], np.zeros(len(value))
            told = np.flatnonzero(doubt == 0)
            if self.model.process.weighs_measurements and _contradiction(cell[told], value[told], spread[told]).any():
                # more than the least noise explains: compare with the noise that the model expects
                spread[told] = _contradiction(cell[told], value[told], self._noise(state, xc)[told])
            if spread.any():
                state = self.model.process.condition(xc, yc, mask, self._tensor(doubt + spread))
        names = pool.fingerprint[pool.graph[rows]]
        contradicted = {int(name): float(more) for name, more in zip(names, spread, strict=True) if more}
        return Knowledge(state.prune(MIN_HEAD_WEIGHT), side, contradicted)

    def mixtures(self, known: Knowledge, pool: Pool, rows: Rows = ALL) -> list[Mixture]:
        """Predictive distributions of new measurements of some of the pool's cells, in pieces."""
        wanted = np.arange(len(pool))[rows]
        state = known.state.prune(LARGE_POOL_HEAD_WEIGHT) if len(wanted) > LARGE_POOL else known.state
        more = self._spread(known, pool, wanted)
        with torch.inference_mode():
            parts = []
            for start, points in self._pieces(known, pool, wanted):
                mixture = self.model.process.predict(state, points)
                if more is not None:
                    mixture = mixture.with_noise(more[start : start + CHUNK])
                parts.append(mixture)
        return parts

    def promising(self, known: Knowledge, pool: Pool, n: int) -> Int[np.ndarray, " row"]:
        """Rows of the `n` distinct cells whose value may be highest, about; ascending."""
        first, reach = pool.distinct()[0], self.model.process.reach
        with torch.inference_mode():
            parts = [reach(known.state, points)[0] for _, points in self._pieces(known, pool, first)]
        return np.sort(first[torch.cat(parts).topk(min(n, len(first))).indices.cpu().numpy()])

    def left_out(self, known: Knowledge, value: Float[np.ndarray, " context"]) -> Float[np.ndarray, " context"] | None:
        """What is expected of each cell of the context by all others; None where the process cannot tell."""
        with torch.inference_mode():
            found = self.model.process.left_out(known.state, self._tensor(value))
        return None if found is None else to_numpy([found])[0]

    def evidence(self, known: Knowledge, value: Float[np.ndarray, " context"]) -> float | None:
        """Log-density of the context's values, each as all others predict it; None where the process cannot tell."""
        with torch.inference_mode():
            found = self.model.process.evidence(known.state, self._tensor(value))
        return None if found is None else float(found)

    def mean(self, known: Knowledge, pool: Pool, rows: Rows = ALL) -> Float[np.ndarray, " row"]:
        """The predicted mean of each."""
        return np.concatenate([to_numpy([m.moments()[0]])[0] for m in self.mixtures(known, pool, rows)])

    def draws(
        self, known: Knowledge, pool: Pool, n: int, rng: torch.Generator, rows: Rows = ALL
    ) -> Float[np.ndarray, "draw row"]:
        """Joint draws, without measurement noise."""
        wanted = np.arange(len(pool))[rows]
        with torch.inference_mode():
            draw: Callable[[Points], Tensor] = self.model.process.sampler(known.state, n, rng)
            parts = [draw(points).double().cpu().numpy() for _, points in self._pieces(known, pool, wanted)]
        return np.concatenate(parts, axis=1)

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

    def _pieces(self, known: Knowledge, pool: Pool, wanted: np.ndarray) -> Iterator[tuple[int, Points]]:
        side = standardise_side(known.side.values, pool.side.like(known.side))
        hint = known.side.hint(pool.side)
        for start in range(0, len(wanted), CHUNK):
            rows = wanted[start : start + CHUNK]
            yield start, self._points(pool, side[rows], hint[rows], rows)

    def _noise(self, state: Any, xc: Points) -> Float[np.ndarray, " context"]:
        """Variance that the model expects of measurements of each evaluated cell."""
        mixture = self.model.process.predict(state, xc)
        return to_numpy([(mixture.log_weight.exp()[..., None] * mixture.noise**2).sum(1)])[0]

    def _spread(self, known: Knowledge, pool: Pool, wanted: np.ndarray) -> Tensor | None:
        if not known.contradicted:
            return None
        names = pool.fingerprint[pool.graph[wanted]].tolist()
        return torch.tensor([known.contradicted.get(name, 0.0) for name in names], device=self.device)


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
