"""The textbook convolutional processes on learned two-dimensional grids: ConvCNP, and ConvNP with a latent function.

The context reaches the targets by set convolution and a convolutional network alone.

Sources: Gordon et al., "Convolutional Conditional Neural Processes", 2020 (arXiv:1910.13556); Foong et al.,
"Meta-Learning Stationary Stochastic Process Prediction with Convolutional Neural Processes", 2020 (arXiv:2007.01332),
with the maximum-likelihood objective over sampled latent functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor, nn

from metanp.brief import brief
from metanp.encoder import Points
from metanp.neural_process.set_convolution import GridMaps, convolutions
from metanp.neural_process.textbook import Textbook, readout


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
    """The network's signal on the grids: one sample for each latent function, one where there is none."""

    signal: Float[Tensor, "task sample map channel x y"]

    __repr__ = brief

    def prune(self, weight: float) -> GridState:
        """Nothing to drop."""
        return self

    def quick(self) -> GridState:
        """All of it."""
        return self


class ConvCNP(Textbook):
    """Set convolution, network, set convolution; mean and spread read off at the targets."""

    def __init__(self, config: ConvCNPConfig, d_embed: int):
        super().__init__()
        self.latents = config.latents
        self.grids = GridMaps(d_embed, config.maps, config.points)
        width = config.channels
        self.encoder = convolutions(2, width, 2 * width if self.latents else width, config.layers)
        self.decoder = convolutions(width, width, width, config.layers) if self.latents else nn.Identity()
        self.readout = readout(config.maps * width + d_embed)

    def condition(
        self, xc: Points, yc: Float[Tensor, "task context"], mask: Bool[Tensor, "task context"], spread: Any = None
    ) -> GridState:
        grid = self.grids.to_grid(self.grids.weights(xc.embedding), yc[:, None], mask.float())
        signal = self.encoder(grid.flatten(0, 1)).unflatten(0, grid.shape[:2])
        return GridState(self._latent(signal) if self.latents else signal[:, None])

    def read_off(self, state: GridState, xt: Points) -> Float[Tensor, "task sample target 2"]:
        weights = self.grids.weights(xt.embedding)
        parts = [
            self.readout(torch.cat([self.grids.from_grid(weights, signal), xt.embedding], dim=-1))
            for signal in state.signal.unbind(1)
        ]
        return torch.stack(parts, dim=1)

    def _latent(self, signal: Tensor) -> Float[Tensor, "task sample map channel x y"]:
        mean, raw = signal.chunk(2, dim=2)
        std = 0.1 + 0.9 * torch.sigmoid(raw)
        shape = (len(mean), self.latents, *mean.shape[1:])
        # training seeds every step; afterwards the same context always gives the same prediction
        rng = None if self.training else Generator(mean.device).manual_seed(0)
        latent = mean[:, None] + std[:, None] * torch.randn(shape, generator=rng, device=mean.device, dtype=mean.dtype)
        return self.decoder(latent.flatten(0, 2)).unflatten(0, shape[:3])
