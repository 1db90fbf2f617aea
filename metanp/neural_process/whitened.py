"""The whitened convolutional process: exact heads off the grid, and a convolution over their errors.

The heads predict first (`metanp.neural_process.heads`). Their leave-one-out residuals, the scores and the density of
the evaluated cells go onto two-dimensional grids of learned coordinates; a convolutional network reads them, and each
target takes from the grids a correction of its mean and of its spread. The correction is zero when training starts.
Without the grids (`maps: 0`) the heads predict alone.

Source: this project's; set convolution after Gordon et al. 2020, pathwise draws after Wilson et al. 2020.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor, nn

from metanp.brief import brief
from metanp.distribution import Mixture
from metanp.encoder import Points
from metanp.features import FEATURE_GROUPS, WL_STEPS
from metanp.neural_process.base import NeuralProcess
from metanp.neural_process.heads import Posterior, WhitenedHeads, spread_over
from metanp.neural_process.kernel import HeadKernel, KernelConfig
from metanp.neural_process.landmarks import absorb
from metanp.neural_process.pathwise import PathwiseSampler
from metanp.neural_process.set_convolution import GridMaps, convolutions

EXACT = 1000  # cells on which heads are conditioned exactly; further ones are absorbed
ABSORBING = 0.05  # heads of less weight do not
FEATURE_BLOCKS = tuple(map(len, FEATURE_GROUPS.values()))  # groups of graph features share a length scale


@dataclass
class WhitenedConfig:
    """Kernel heads, and the grids of the correction (`maps: 0` for the heads alone)."""

    kernel: KernelConfig = field(default_factory=KernelConfig)
    maps: int = 4
    points: int = 20
    channels: int = 16


@dataclass(frozen=True)
class State:
    """The heads' posterior and the network's signal on the grids."""

    posterior: Posterior
    signal: Float[Tensor, "task map channel x y"] | None

    __repr__ = brief

    def quick(self) -> State:
        """The heaviest head alone."""
        return State(self.posterior.quick(), self.signal)

    def prune(self, weight: float) -> State:
        """Drop heads that no task gives at least this weight."""
        return State(self.posterior.prune(weight), self.signal)


class WhitenedConvCNP(NeuralProcess):
    """Exact heads and a convolutional correction."""

    weighs_measurements = True

    @property
    def reads_roles(self) -> bool:
        return self.heads.hint is not None

    def __init__(self, config: WhitenedConfig, d_embed: int, graphs: bool = True):
        super().__init__()
        blocks = (FEATURE_BLOCKS, WL_STEPS) if graphs else ((0,), 0)
        self.heads = WhitenedHeads(HeadKernel(config.kernel, d_embed, *blocks), d_embed)
        self.grids = None
        if config.maps:
            self.grids = GridMaps(d_embed, config.maps, config.points)
            self.network = convolutions(3, config.channels, config.channels)
            last = nn.Linear(32, 2)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            self.correct = nn.Sequential(nn.Linear(config.maps * config.channels + 2, 32), nn.GELU(), last)

    def condition(
        self,
        xc: Points,
        yc: Float[Tensor, "task context"],
        mask: Bool[Tensor, "task context"],
        spread: Float[Tensor, "task context"] | None = None,
    ) -> State:
        if yc.shape[1] > EXACT:
            return self._of_landmarks(xc, yc, mask, spread)
        posterior = self.heads.condition(xc, yc, mask, spread)
        if self.grids is None:
            return State(posterior, None)
        surprise = (posterior.log_weight.exp()[..., None] * posterior.loo_residual).sum(1)
        channels = torch.stack([yc, surprise], dim=1)
        grid = self.grids.to_grid(self.grids.weights(xc.embedding), channels, mask.float())
        signal = self.network(grid.flatten(0, 1)).unflatten(0, grid.shape[:2])
        return State(posterior, signal)

    def _of_landmarks(
        self,
        xc: Points,
        yc: Float[Tensor, "task context"],
        mask: Bool[Tensor, "task context"],
        spread: Float[Tensor, "task context"] | None,
    ) -> State:
        """Exact for `EXACT` cells, which are spread over the scores; the others are absorbed (`landmarks`)."""
        rows, there = spread_over(yc, mask, EXACT)
        task = torch.arange(len(rows), device=rows.device)[:, None]
        few, more = xc.map(lambda x: x[task, rows]), None if spread is None else spread.gather(1, rows)
        state = self.condition(few, yc.gather(1, rows), there, more).prune(ABSORBING)
        return replace(state, posterior=absorb(self.heads, state.posterior, xc, yc, mask, spread))

    def predict(self, state: State, xt: Points) -> Mixture:
        mixture = self.heads.predict(state.posterior, xt)
        if self.grids is None:
            return mixture
        shift, stretch = self._correction(state, xt, mixture)
        mean = mixture.mean + shift[:, None]
        noise = mixture.noise
        # noise is not stretched, so that a new measurement is never predicted more surely than its noise allows
        std = torch.sqrt((mixture.std**2 - noise**2).clamp(min=1e-8) * stretch[:, None] ** 2 + noise**2)
        return Mixture(mixture.log_weight, mean, std, noise)

    def reach(self, state: State, xt: Points) -> Float[Tensor, "task target"]:
        """Without the correction."""
        mean, std = self.heads.predict(state.posterior, xt).without_noise().moments()
        return mean + 2 * std

    def left_out(self, state: State, yc: Float[Tensor, "task context"]) -> Float[Tensor, "task context"] | None:
        """By the heads; without the correction."""
        posterior = state.posterior
        if posterior.unknown is not None:
            return None
        precision = posterior.whitener.square().sum(-2).clamp(min=1e-6)
        mean = yc[:, None] - posterior.alpha / precision
        return (posterior.log_weight.exp()[..., None] * mean).sum(1)

    def evidence(self, state: State, yc: Float[Tensor, "task context"]) -> Float[Tensor, " task"] | None:
        """By the heads; None also from those to which many side features are more than one."""
        posterior = state.posterior
        if posterior.unknown is not None or not self.heads.kernel.config.counts_side:
            return None
        precision = posterior.whitener.square().sum(-2).clamp(min=1e-6)
        density = 0.5 * (precision / (2 * math.pi)).log() - 0.5 * posterior.alpha.square() / precision
        return torch.logsumexp(posterior.log_weight[..., None] + density, 1).sum(-1)

    def sampler(self, state: State, n: int, rng: Generator) -> Callable[[Points], Tensor]:
        draw = PathwiseSampler(self.heads, state.posterior, n, rng)
        return functools.partial(self._sample, state, draw)

    def _sample(self, state: State, draw: PathwiseSampler, xt: Points) -> Float[Tensor, "draw target"]:
        values, head = draw(xt)
        if self.grids is None:
            return values
        mixture = self.heads.predict(state.posterior, xt)
        shift, stretch = self._correction(state, xt, mixture)
        centre = mixture.mean[0, head]
        return centre + shift[0] + (values - centre) * stretch[0]

    def _correction(self, state: State, xt: Points, mixture: Mixture) -> tuple[Tensor, Tensor]:
        assert self.grids is not None
        assert state.signal is not None
        local = self.grids.from_grid(self.grids.weights(xt.embedding), state.signal)
        mean, std = mixture.moments()
        raw = self.correct(torch.cat([local, mean[..., None], std.log()[..., None]], dim=-1)).float()
        return std * raw[..., 0], torch.exp(raw[..., 1].clamp(-2, 2))
