"""What the textbook processes share: a network's mean and spread for every target and latent function.

They use no exact linear algebra: the context reaches the targets through a network alone. They are here for comparison
with the whitened process on the same episodes. They read the embeddings of cells, and no side features.

Axes: as in `metanp.neural_process.base`; sample, a latent function, one where there is none.
"""

from __future__ import annotations

import functools
import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor, nn

from metanp.distribution import Mixture
from metanp.encoder import Points
from metanp.neural_process.base import NeuralProcess

MIN_STD = 0.05  # of scores of unit variance; bounds the density at a repeated score


class Textbook(NeuralProcess):
    """A process whose network gives a mean and a spread; its samples have equal weights."""

    def __init__(self) -> None:
        super().__init__()
        self.log_noise = nn.Parameter(torch.tensor(-1.0))

    @abstractmethod
    def read_off(self, state: Any, xt: Points) -> Float[Tensor, "task sample target 2"]:
        """Mean, and a number whose softplus is the standard deviation without noise."""

    def predict(self, state: Any, xt: Points) -> Mixture:
        mean, raw = self.read_off(state, xt).float().unbind(-1)
        noise = (self.log_noise.exp() * 0.1 + MIN_STD).expand(mean.shape)
        std = torch.sqrt(nn.functional.softplus(raw) ** 2 + noise**2)
        return Mixture(mean.new_full(mean.shape[:2], -math.log(mean.shape[1])), mean, std, noise)

    def sampler(self, state: Any, n: int, rng: Generator) -> Callable[[Points], Tensor]:
        """Draws, (draw, task, target), share a latent function if there is one; a conditional process has marginals."""
        uniform = torch.rand(n, generator=rng)
        seed = int(torch.randint(2**31, (1,), generator=rng))
        return functools.partial(self._sample, state, uniform, seed)

    def log_likelihood(
        self, mixture: Mixture, yt: Float[Tensor, "task target"], mask: Bool[Tensor, "task target"]
    ) -> Float[Tensor, " task"]:
        """Of all targets together, so that one latent function has to explain them all; a mean over the targets."""
        z = (yt[:, None] - mixture.mean) / mixture.std
        part = -0.5 * z**2 - torch.log(mixture.std) - 0.5 * math.log(2 * math.pi)
        joint = torch.logsumexp(mixture.log_weight + (part * mask[:, None]).sum(-1), dim=1)
        return joint / mask.sum(-1).clamp(min=1)

    def _sample(self, state: Any, uniform: Tensor, seed: int, xt: Points) -> Float[Tensor, "draw target"]:
        mixture = self.predict(state, xt)
        latent = (uniform * mixture.mean.shape[1]).long()
        spread = torch.sqrt((mixture.std[0] ** 2 - mixture.noise[0] ** 2).clamp(min=0))
        # the same cell gets the same draw whatever is predicted beside it: the error is a function of its embedding
        rng = torch.Generator().manual_seed(seed)
        direction = torch.randn(xt.embedding.shape[-1], len(latent), generator=rng).to(xt.embedding)
        error = (1000 * xt.embedding[0] @ direction).sin().mT * math.sqrt(2)
        return mixture.mean[0, latent] + spread[latent] * error


def readout(d_in: int, width: int = 64) -> nn.Sequential:
    """The network that gives a mean and a spread."""
    return nn.Sequential(nn.Linear(d_in, width), nn.GELU(), nn.Linear(width, 2))
