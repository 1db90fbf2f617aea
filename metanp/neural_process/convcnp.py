"""The textbook convolutional processes on learned two-dimensional grids: ConvCNP, and ConvNP with a latent function.

No exact linear algebra: the context reaches the targets by set convolution and a convolutional network alone. Here to
be compared with the whitened process on the same episodes, and measured to learn far more slowly.

Sources: Gordon et al., "Convolutional Conditional Neural Processes", 2020 (arXiv:1910.13556); Foong et al.,
"Meta-Learning Stationary Stochastic Process Prediction with Convolutional Neural Processes", 2020 (arXiv:2007.01332),
with the maximum-likelihood objective over sampled latent functions.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor, nn

from metanp.distribution import Mixture
from metanp.encoder import Points
from metanp.neural_process.base import NeuralProcess
from metanp.neural_process.set_convolution import GridMaps, convolutions

MIN_STD = 0.05  # of scores of unit variance; a density cannot run off to infinity on a repeated score


@dataclass
class ConvCNPConfig:
    """Grids and channels; the latent process samples `latents` functions of each task, 0 makes it conditional."""

    maps: int = 4
    points: int = 20
    channels: int = 32
    layers: int = 4
    latents: int = 0


@dataclass(frozen=True)
class GridState:
    """The network's signal on the grids, one sample of it a latent function (one sample where there is none)."""

    signal: Float[Tensor, "task sample map channel x y"]

    def prune(self, weight: float) -> GridState:
        """Nothing to leave out."""
        return self


class ConvCNP(NeuralProcess):
    """Set convolution, network, set convolution; mean and spread read off at the targets."""

    def __init__(self, config: ConvCNPConfig, d_embed: int):
        super().__init__()
        self.latents = config.latents
        self.grids = GridMaps(d_embed, config.maps, config.points)
        width = config.channels
        self.encoder = convolutions(2, width, 2 * width if self.latents else width, config.layers)
        self.decoder = convolutions(width, width, width, config.layers) if self.latents else nn.Identity()
        self.readout = nn.Sequential(nn.Linear(config.maps * width + d_embed, 64), nn.GELU(), nn.Linear(64, 2))
        self.log_noise = nn.Parameter(torch.tensor(-1.0))

    def condition(self, xc: Points, yc: Float[Tensor, "task context"], mask: Bool[Tensor, "task context"]) -> GridState:
        grid = self.grids.to_grid(self.grids.weights(xc.embedding), yc[:, None], mask.float())
        signal = self.encoder(grid.flatten(0, 1)).unflatten(0, grid.shape[:2])
        return GridState(self._latent(signal) if self.latents else signal[:, None])

    def predict(self, state: GridState, xt: Points) -> Mixture:
        samples = state.signal.shape[1]
        weights = self.grids.weights(xt.embedding)
        parts = [
            self.readout(torch.cat([self.grids.from_grid(weights, state.signal[:, s]), xt.embedding], dim=-1))
            for s in range(samples)
        ]
        mean, raw = torch.stack(parts, dim=1).float().unbind(-1)
        noise = (self.log_noise.exp() * 0.1 + MIN_STD).expand(len(mean), samples)
        std = torch.sqrt(nn.functional.softplus(raw) ** 2 + noise[..., None] ** 2)
        return Mixture(mean.new_full((len(mean), samples), -math.log(samples)), mean, std, noise)

    def sampler(self, state: GridState, n: int, rng: Generator) -> Callable[[Points], Tensor]:
        """Draws share a latent function where there is one; a conditional process knows no more than its marginals."""
        latent = torch.randint(state.signal.shape[1], (n,), generator=rng)
        seed = int(torch.randint(2**31, (1,), generator=rng))
        return functools.partial(self._sample, state, latent, seed)

    def log_likelihood(
        self, mixture: Mixture, yt: Float[Tensor, "task target"], mask: Bool[Tensor, "task target"]
    ) -> Float[Tensor, " task"]:
        """Of all targets together, so that one latent function has to explain them all; a mean over the targets."""
        z = (yt[:, None] - mixture.mean) / mixture.std
        part = -0.5 * z**2 - torch.log(mixture.std) - 0.5 * math.log(2 * math.pi)
        joint = torch.logsumexp(mixture.log_weight + (part * mask[:, None]).sum(-1), dim=1)
        return joint / mask.sum(-1).clamp(min=1)

    def _latent(self, signal: Tensor) -> Float[Tensor, "task sample map channel x y"]:
        mean, raw = signal.chunk(2, dim=2)
        std = 0.1 + 0.9 * torch.sigmoid(raw)
        shape = (len(mean), self.latents, *mean.shape[1:])
        # training seeds every step; afterwards the same context always gets the same answer
        rng = None if self.training else Generator(mean.device).manual_seed(0)
        latent = mean[:, None] + std[:, None] * torch.randn(shape, generator=rng, device=mean.device, dtype=mean.dtype)
        return self.decoder(latent.flatten(0, 2)).unflatten(0, shape[:3])

    def _sample(self, state: GridState, latent: Tensor, seed: int, xt: Points) -> Float[Tensor, "draw target"]:
        mixture = self.predict(state, xt)
        spread = torch.sqrt((mixture.std[0] ** 2 - mixture.noise[0, :, None] ** 2).clamp(min=0))
        # the same cell gets the same draw whatever is asked beside it: the error is a function of its embedding
        rng = torch.Generator().manual_seed(seed)
        direction = torch.randn(xt.embedding.shape[-1], len(latent), generator=rng).to(xt.embedding)
        error = (1000 * xt.embedding[0] @ direction).sin().mT * math.sqrt(2)
        return mixture.mean[0, latent] + spread[latent] * error
