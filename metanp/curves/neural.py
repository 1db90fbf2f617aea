"""The neural process that reads curves: prefixes in, distributions of ends out, from any number of whole curves on.

The same exact heads that read cells (`metanp.neural_process`) read what a prefix says in numbers (`traits`): as they
are, and embedded by a small network, which also gives each head a prior mean. It was meta-trained once, on synthesized
curves alone (`tasks.curves`); without whole curves it answers by that prior.

Each quantity of the curves is read alone, and they are joined (`metanp.curves.stacking`); test data and times are not
read. Nothing of architectures is read here; `metanp.running` joins what curves and what architectures say.

Axes: task; context, whole curves; target, prefixes; trait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.special import ndtri
from torch import Tensor, nn

from metanp.brief import brief
from metanp.checkpoint import CheckpointError, from_dict, read_tensors, write_tensors
from metanp.contract import About
from metanp.curves.curves import Curves, Scores
from metanp.curves.predictor import CurvePredictor, Moments
from metanp.curves.stacking import ENOUGH, FEWEST, Reading, read_beside, stacked, with_last, with_prior
from metanp.curves.traits import N_KINDS, N_TRAITS, NUMBERS, Prefixes, kinds, traits
from metanp.distribution import Mixture
from metanp.encoder import Points
from metanp.neural_process.kernel import KernelConfig
from metanp.neural_process.whitened import WhitenedConfig, WhitenedConvCNP
from metanp.score_transform import ScoreTransform
from metanp.side import HINTS
from metanp.torch_state import usual_torch

Rows = Int[np.ndarray, " prefix"]

SHIPPED = Path(__file__).with_name("curves.safetensors")
MOST_LENGTHS = 16
FEWEST_SURPRISES = 5  # whole curves from which on quantiles are held against them
LAST, AHEAD = len(NUMBERS) + NUMBERS.index("last"), len(NUMBERS) + NUMBERS.index("ahead")


@dataclass
class CurveConfig:
    """Sizes of the network that embeds traits, and the heads."""

    width: int = 64
    d_embed: int = 16
    kernel: KernelConfig = field(
        default_factory=lambda: KernelConfig(
            8, 6, embedding_heads=4, free_heads=4, side_heads=4, hints=True, followed=48
        )
    )


@dataclass(frozen=True)
class CurveBatch:
    """A meta-batch of tasks with equally many whole curves and prefixes; ends in the model's units.

    xc, xt: traits, and behind them what architectures say of the end, 0 where they say nothing.
    """

    xc: Float[Tensor, "task context trait"]
    yc: Float[Tensor, "task context"]
    kind: Float[Tensor, "task kind"]
    xt: Float[Tensor, "task target trait"]
    yt: Float[Tensor, "task target"]

    __repr__ = brief

    def to(self, device: torch.device | str) -> CurveBatch:
        """The same on another device."""
        return CurveBatch(**{name: value.to(device) for name, value in vars(self).items()})


class CurveModel(nn.Module):
    """Traits to points, and the process over them."""

    def __init__(self, config: CurveConfig):
        super().__init__()
        self.config, width = config, config.width
        self.embed = nn.Sequential(
            nn.Linear(N_TRAITS + 1 + N_KINDS, width),
            nn.GELU(),
            nn.Linear(width, width),
            nn.GELU(),
            nn.Linear(width, config.d_embed),
            nn.LayerNorm(config.d_embed, elementwise_affine=False),
        )
        self.process = WhitenedConvCNP(WhitenedConfig(config.kernel, maps=0), config.d_embed, graphs=False)

    def points(self, x: Float[Tensor, "task curve trait"], kind: Float[Tensor, "task kind"]) -> Points:
        """What the process reads of prefixes; the last value and the line ahead move prior means directly."""
        embedding = self.embed(torch.cat([x, kind[:, None].expand(-1, x.shape[1], -1)], dim=-1))
        hint = torch.cat([x[..., [LAST, AHEAD]], x.new_zeros(*x.shape[:-1], HINTS - 2)], dim=-1)
        return Points.of_embedding(embedding).with_side(x, hint)

    def forward(self, batch: CurveBatch) -> Mixture:
        """The distribution of every prefix's end."""
        return self.read(batch)[0]

    def read(
        self, batch: CurveBatch
    ) -> tuple[Mixture, Float[Tensor, "task context"] | None, Float[Tensor, "task context"]]:
        """The distributions of ends; what is expected of each end of the context from the others, None of more than are
        read exactly; and how far that end lies above it, in standard deviations."""
        mask = torch.ones_like(batch.yc, dtype=torch.bool)
        state = self.process.condition(self.points(batch.xc, batch.kind), batch.yc, mask)
        mixture = self.process.predict(state, self.points(batch.xt, batch.kind))
        left_out, weight = state.posterior.left_out(batch.yc), state.posterior.log_weight.exp()[..., None]
        surprise = (weight * state.posterior.loo_residual).sum(1)
        return mixture, None if left_out is None else (weight * left_out).sum(1), surprise

    def log_likelihood(self, batch: CurveBatch) -> Float[Tensor, " task"]:
        """Mean log-density of each task's ends."""
        return self(batch).log_prob(batch.yt).mean(-1)


def save_curve_model(path: Path, model: CurveModel, card: Mapping[str, Any]) -> None:
    """Write a model with its configuration and its card."""
    write_tensors(path, model.state_dict(), {**card, "curve_model": asdict(model.config)})


def load_curve_model(path: Path = SHIPPED) -> tuple[CurveModel, dict[str, Any]]:
    """A model and its card.

    Raises:
        CheckpointError: no such file, or one that is not whole or holds no model of curves.
    """
    tensors, card = read_tensors(path)
    if "curve_model" not in card:
        raise CheckpointError(f"{path}: holds no model of curves")
    try:
        with torch.random.fork_rng(devices=[]):
            model = CurveModel(from_dict(CurveConfig, card["curve_model"]))
        model.load_state_dict(tensors)
    except (RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: does not fit this version of metanp: {error}") from None
    return model.eval().requires_grad_(False), card


@cache
def _shipped() -> CurveModel:
    return load_curve_model()[0]


class NeuralCurves(CurvePredictor):
    """MetaNP's reading of curves alone. Its means are those on the model's scale, which heavy tails do not move.

    Args:
        checkpoint: of `scripts.meta_train_curves`; the shipped one unless given.
        peers: whether prefixes that are asked about together tell of one another's scale.
    """

    about = About("MetaNP, curves alone", "this project", "learning-curve", ("learning-curve prefixes",))

    _guess: Scores | None = None

    def __init__(self, checkpoint: str | Path | None = None, peers: bool = True):
        self.checkpoint, self.peers = checkpoint, peers
        self._model = _shipped() if checkpoint is None else load_curve_model(Path(checkpoint))[0]

    def fit_scaled(self, whole: Curves, end: Scores, guess: Scores | None = None) -> NeuralCurves:
        """As `fit`, of ends that have about mean 0 and variance 1 already; answers are on the same scale.

        Args:
            guess: what something else expected of each end, without having seen it, on the same scale.
        """
        self.fit(whole, end)
        self._transform, self._guess = ScoreTransform.fit(np.zeros(0)), guess
        if guess is not None:
            self._guess = guess[~whole.failed]
        return self

    def mixtures(
        self, prefixes: Curves, guess: Scores | None = None, lengths: int = MOST_LENGTHS
    ) -> list[tuple[Rows, Mixture]]:
        """Distributions on the scale of `fit_scaled`: rows of the prefixes, those of one length together, and theirs.

        Prefixes without an epoch of training, and failed ones, are left out.

        Args:
            guess: as in `fit_scaled`; needs one there.
            lengths: where prefixes have more different ones, some are read without their last epochs, as each takes
                time.

        Raises:
            NotFittedError, ValueError: as `predict`.
        """
        known = (prefixes.lengths > self._untrained(prefixes)) & ~prefixes.failed
        self._check(prefixes[known])
        found, read = [], _as_read(prefixes.lengths, prefixes.lengths[known], lengths)
        for n in np.unique(read[known]):
            rows = np.flatnonzero(known & (read == n))
            told = None if guess is None else guess[rows]
            found.append((rows, self._mixture(prefixes[rows].prefix(int(n)), told)))
        return found

    def _fit(self) -> None:
        self._transform, self._guess = ScoreTransform.fit(self._end), None

    def _moments(self, prefixes: Curves) -> Moments:
        mean, std = (part[0].double().numpy() for part in self._mixture(prefixes).moments())
        return self._transform.inverse(mean), self._transform.inverse_moments(mean, std)[1]

    def _quantile(self, prefixes: Curves, p: float) -> Scores:
        """As far out as the ends of whole curves lay, each predicted from the others: rules ask for extreme quantiles,
        where the best ends are what no curve before was like. What is expected of any curves is not mixed in: so far
        out it would only widen, and rules would stop half as much."""
        reading = self._read(prefixes, mixed=False)
        mixture, surprise = reading.mixture, reading.surprise
        value, middle = (part[0].double().numpy() for part in (mixture.quantile(p), mixture.moments()[0]))
        return self._transform.inverse(middle + _wider(surprise, p) * (value - middle))

    def _mixture(self, prefixes: Curves, guess: Scores | None = None) -> Mixture:
        """Of prefixes of one length."""
        return self._read(prefixes, guess).mixture

    @usual_torch()
    @torch.inference_mode()
    def _read(self, prefixes: Curves, guess: Scores | None = None, mixed: bool = True) -> Reading:
        """Of prefixes of one length: of the main quantity, joined with the others where there are enough ends.

        mixed: whether what is expected of any curves counts, too.
        """
        n, first = prefixes.n_epochs, self._untrained(prefixes)
        long = self._whole.lengths >= n
        starts, end = self._whole[long].prefix(n), self._transform.forward(self._end[long])
        names: list[str | None] = [None, *(read_beside(starts, prefixes) if len(starts) >= FEWEST else ())]
        both = ((starts.scores(name)[:, first:], prefixes.scores(name)[:, first:]) for name in names)
        return stacked([self._read_one(*one, long, end, guess, mixed) for one in both], end)

    def _read_one(
        self, starts: Prefixes, asked_of: Prefixes, long: np.ndarray, end: Scores, guess: Scores | None, mixed: bool
    ) -> Reading:
        """Of one quantity, without epochs before training: of whole curves and of prefixes."""
        n, first = asked_of.shape[1], self._untrained(self._whole)
        horizon = max((int(self._whole.lengths.max(initial=0)) or self._whole.n_epochs) - first, n)
        known, asked, told = np.zeros(len(starts)), np.zeros(len(asked_of)), False
        if guess is not None and self._guess is not None:
            known, asked, told = self._guess[long], guess, True

        def usual() -> Mixture:
            """Of all, without any end."""
            x = traits(starts[:0], np.concatenate([starts, asked_of]), horizon, self.peers)[1]
            x = np.column_stack([x, np.r_[known, asked]])
            mixture = self._model(_batch(x[:0], end[:0], kinds(n, horizon, 0, told), x))
            return with_last(mixture, x[:, NUMBERS.index("last")], n / horizon)

        if not len(end):
            return Reading(usual(), end, end)
        xc, xt = traits(starts, asked_of, horizon, self.peers)
        xc, xt = np.column_stack([xc, known]), np.column_stack([xt, asked])
        mixture, left_out, surprise = self._model.read(_batch(xc, end, kinds(n, horizon, len(end), told), xt))
        expected = np.full(len(end), np.nan) if left_out is None else left_out[0].double().numpy()
        reading = Reading(mixture, expected, surprise[0].double().numpy())
        return with_prior(reading, usual(), end) if mixed and self.peers and len(end) < ENOUGH else reading

    @staticmethod
    def _untrained(curves: Curves) -> int:
        """Columns before the first epoch of training."""
        return int(curves.epochs[0] == 0)


def _batch(xc: np.ndarray, yc: Scores, kind: np.ndarray, xt: np.ndarray) -> CurveBatch:
    """One task, whose targets' ends are not known."""
    parts = (torch.as_tensor(part, dtype=torch.float32)[None] for part in (xc, yc, kind, xt, np.zeros(0)))
    return CurveBatch(*parts)


def _as_read(lengths: Rows, known: Rows, most: int) -> Rows:
    """How much of each prefix is read, so that there are at most so many lengths among the `known` ones."""
    there = np.unique(known)
    if len(there) > most:  # about evenly spaced in their logarithms
        there = np.unique(there[np.searchsorted(there, np.geomspace(there[0], there[-1], most).round())])
    return there[np.searchsorted(there, lengths, side="right").clip(min=1) - 1] if len(there) else lengths


def _wider(surprise: Scores, p: float) -> float:
    """By how much a quantile has to lie further out for the whole curves to have kept to it; at least 1."""
    n, normal = len(surprise), abs(ndtri(p))
    if n < FEWEST_SURPRISES or normal == 0:
        return 1.0
    outward = np.sort(surprise if p > 0.5 else -surprise)
    place = min(int(np.ceil((n + 1) * max(p, 1 - p))), n)
    return float(max(1.0, outward[place - 1] / normal))
