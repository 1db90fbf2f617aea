"""The prediction of a neural process: for each target a mixture of normal distributions, its weights shared by a task.

Axes: task, target; part, the components of the mixture. All in the model's units (`metanp.score_transform`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from metanp.brief import brief

HALVINGS = 26  # steps of the bisection for a quantile: to a part in 10^7, what float32 resolves


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture for each target; `std` includes measurement noise, `noise` is that noise alone."""

    log_weight: Float[Tensor, "task part"]
    mean: Float[Tensor, "task part target"]
    std: Float[Tensor, "task part target"]
    noise: Float[Tensor, "task part target"]

    __repr__ = brief

    @classmethod
    def joined(cls, mixtures: Sequence[Mixture], log_weights: Sequence[float]) -> Mixture:
        """One mixture of several, whose weights sum to 1."""
        if len(mixtures) == 1:
            return mixtures[0]
        weight = torch.cat([one.log_weight + more for one, more in zip(mixtures, log_weights, strict=True)], dim=1)
        return cls(
            weight, *(torch.cat([getattr(one, name) for one in mixtures], 1) for name in ("mean", "std", "noise"))
        )

    def log_prob(self, y: Float[Tensor, "task target"]) -> Float[Tensor, "task target"]:
        """Log-density of a new measurement of each target."""
        z = (y[:, None] - self.mean) / self.std
        part = -0.5 * z**2 - torch.log(self.std) - 0.5 * math.log(2 * math.pi)
        return torch.logsumexp(self.log_weight[..., None] + part, dim=1)

    def cdf(self, y: Float[Tensor, "task target"]) -> Float[Tensor, "task target"]:
        """Probability of a new measurement below `y`."""
        part = torch.special.ndtr((y[:, None] - self.mean) / self.std)
        return (self.log_weight.exp()[..., None] * part).sum(1)

    def quantile(self, probability: float | Float[Tensor, "task target"]) -> Float[Tensor, "task target"]:
        """The value that a new measurement of each target stays below with this probability, by bisection."""
        wanted = torch.as_tensor(probability).to(self.std)
        outermost = self.mean + self.std * torch.special.ndtri(wanted if wanted.ndim == 0 else wanted[:, None])
        low, high = outermost.amin(1), outermost.amax(1)  # a mixture's quantile lies between its parts'
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            below = self.cdf(middle) < probability
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return (low + high) / 2

    def with_noise(self, variance: Float[Tensor, " target"]) -> Mixture:
        """With this variance added to the measurement noise of each target."""
        std, noise = ((x**2 + variance).sqrt() for x in (self.std, self.noise))
        return replace(self, std=std, noise=noise)

    def without_noise(self) -> Mixture:
        """The distribution of the scores themselves instead of new measurements of them."""
        std = (self.std**2 - self.noise**2).clamp(min=1e-8).sqrt()
        return replace(self, std=std, noise=torch.zeros_like(std))

    def moments(self) -> tuple[Float[Tensor, "task target"], Float[Tensor, "task target"]]:
        """Mean and standard deviation."""
        weight = self.log_weight.exp()[..., None]
        mean = (weight * self.mean).sum(1)
        spread = (weight * (self.std**2 + (self.mean - mean[:, None]) ** 2)).sum(1)
        return mean, torch.sqrt(spread)
