"""The answer of a neural process: for each target cell a mixture of normal distributions, the weights shared by a task.

Axes: task, target; part, the components of the mixture. All in the model's units (`metanp.score_transform`).
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Mixture:
    """Parts of a Gaussian mixture a target; `std` includes the noise of a measurement, `noise` is that noise alone."""

    log_weight: Float[Tensor, "task part"]
    mean: Float[Tensor, "task part target"]
    std: Float[Tensor, "task part target"]
    noise: Float[Tensor, "task part target"]

    def log_prob(self, y: Float[Tensor, "task target"]) -> Float[Tensor, "task target"]:
        """Log-density of a new measurement of each target."""
        z = (y[:, None] - self.mean) / self.std
        part = -0.5 * z**2 - torch.log(self.std) - 0.5 * math.log(2 * math.pi)
        return torch.logsumexp(self.log_weight[..., None] + part, dim=1)

    def cdf(self, y: Float[Tensor, "task target"]) -> Float[Tensor, "task target"]:
        """Probability of a new measurement below `y`."""
        part = torch.special.ndtr((y[:, None] - self.mean) / self.std)
        return (self.log_weight.exp()[..., None] * part).sum(1)

    def moments(self, noise: bool = True) -> tuple[Float[Tensor, "task target"], Float[Tensor, "task target"]]:
        """Mean and standard deviation; of the score itself with `noise=False`."""
        weight = self.log_weight.exp()[..., None]
        variance = self.std**2 if noise else (self.std**2 - self.noise**2).clamp(min=1e-8)
        mean = (weight * self.mean).sum(1)
        spread = (weight * (variance + (self.mean - mean[:, None]) ** 2)).sum(1)
        return mean, torch.sqrt(spread)
