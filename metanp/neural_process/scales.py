"""The scales of kernel heads: length scales, variances and noise, learned in meta-training, adapted to each context.

A few fixed steps up the marginal likelihood, in closed form, bring every head's scales nearer to what the evaluated
cells say. How far a step may go and how much evidence it takes are learned; no weight of a network moves. A step along
gradient g is  rate g / (|g| + damping),  so that little evidence moves little and none runs away.

Axes: task, 1 until a context has adapted them; head; setting, noise, amplitude, constant, embedding, direction, then a
distance and a linear weight a block. All logarithms; scores of unit variance.

Source: adapting the kernel and nothing else of a meta-learned model to a task, Chen et al. 2023 (arXiv:2205.02708),
there by optimisation to the end; the bounded learned steps are this project's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

MIN_NOISE = 1e-3  # variance, of scores of unit variance: keeps float32 Cholesky safe up to a thousand evaluated cells
ONE_EACH = 5  # settings that are no block's


@dataclass(frozen=True)
class Scales:
    """See the module; `log_alpha` is the rational quadratic kernels' shape, which is not adapted."""

    log: Float[Tensor, "task head setting"]
    log_alpha: Float[Tensor, " head"]

    def only(self, heads: Tensor) -> Scales:
        """Some of the heads."""
        return Scales(self.log[:, heads], self.log_alpha[heads])

    def moved(self, step: Float[Tensor, "task head setting"]) -> Scales:
        """Every setting's logarithm and `step` added."""
        return replace(self, log=self.log + step)

    @property
    def noise(self) -> Float[Tensor, "task head"]:
        """Variance of a measurement."""
        return self.log[..., 0].exp() + MIN_NOISE

    @property
    def amplitude(self) -> Float[Tensor, "task head"]:
        """Variance of the smooth part."""
        return self.log[..., 1].exp()

    @property
    def constant(self) -> Float[Tensor, "task head"]:
        """Variance of a task's level."""
        return self.log[..., 2].exp()

    @property
    def reach(self) -> Float[Tensor, "task head"]:
        """Weight of the head's own directions in the distance, over twice alpha."""
        return (2 * self.log[..., 3]).exp() / (2 * self.log_alpha.exp())

    @property
    def straight(self) -> Float[Tensor, "task head"]:
        """Weight of the head's own directions in the linear kernel."""
        return self.log[..., 4].exp()

    @property
    def near(self) -> Float[Tensor, "task head block"]:
        """Weight of each block in the distance, over twice alpha."""
        blocks = (self.log.shape[-1] - ONE_EACH) // 2
        return self.log[..., ONE_EACH : ONE_EACH + blocks].exp() / (2 * self.log_alpha.exp()[:, None])

    @property
    def linear(self) -> Float[Tensor, "task head block"]:
        """Weight of each block in the linear kernel."""
        blocks = (self.log.shape[-1] - ONE_EACH) // 2
        return self.log[..., ONE_EACH + blocks :].exp()


class AdaptiveSteps(nn.Module):
    """How far scales follow the evidence of a context; every step has rates of its own."""

    def __init__(self, steps: int, settings: int):
        super().__init__()
        self.steps = steps
        self.log_rate = nn.Parameter(torch.full((steps, settings), -1.2))
        self.log_damping = nn.Parameter(torch.full((steps, settings), 1.5))
        self.log_pull = nn.Parameter(torch.full((settings,), -1.0))

    def forward(
        self, step: int, slope: Float[Tensor, "task head setting"], away: Float[Tensor, "task head setting"]
    ) -> Float[Tensor, "task head setting"]:
        """One step; `away` is how far earlier steps have led from the start, which pulls back."""
        slope = slope - self.log_pull.exp() * away
        return self.log_rate[step].exp() * slope / (slope.abs() + self.log_damping[step].exp())
