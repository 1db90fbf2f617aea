"""The scales of kernel heads: length scales, variances and noise, learned in meta-training, adapted to each context.

A few fixed steps up the marginal likelihood, in closed form, fit every head's scales to the evaluated cells. How large
a step may be and how much evidence it needs are learned; no weight of a network changes. A step along gradient g is
rate g / (|g| + damping),  so that little evidence makes small steps and every step is bounded.

Axes: task, 1 until a context has adapted them; head, `some` where one may stand for all; setting, noise, slant,
amplitude, constant, embedding, direction, then a distance and a linear weight a block. All but the slant are
logarithms; scores of unit variance.

The slant says how much less noisy measurements of good cells are than those of bad ones: at a score y the noise
variance is noise * exp(-tanh(slant) * y).

Source: adapting the kernel and nothing else of a meta-learned model to a task, Chen et al. 2023 (arXiv:2205.02708),
there by optimisation to the end; the bounded learned steps are this project's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from metanp.brief import brief

MIN_NOISE = 1e-3  # variance, of scores of unit variance: keeps float32 Cholesky safe up to a thousand evaluated cells
ONE_EACH = 6  # settings that do not belong to a block
UNREAD = 1e-9  # the weight of a block that a head does not read is far below
FURTHEST = 3.0  # scores are clipped to this before they change the noise


@dataclass(frozen=True)
class Scales:
    """See the module; `log_alpha` is the rational quadratic kernels' shape, which is not adapted."""

    log: Float[Tensor, "task head setting"]
    log_alpha: Float[Tensor, " head"]

    __repr__ = brief

    def only(self, heads: Tensor) -> Scales:
        """Some of the heads."""
        return Scales(self.log[:, heads], self.log_alpha[heads])

    def one(self, head: int) -> Scales:
        """One of the heads."""
        return self.only(torch.tensor([head], device=self.log.device))

    def moved(self, step: Float[Tensor, "task head setting"]) -> Scales:
        """The scales with `step` added to the logarithm of every setting."""
        return replace(self, log=self.log + step)

    def noise(self, score: Float[Tensor, "task some cell"]) -> Float[Tensor, "task head cell"]:
        """Variance of a measurement of cells with these scores."""
        return self._noise(score) + MIN_NOISE

    def noise_slopes(
        self, score: Float[Tensor, "task some cell"], weight: Float[Tensor, "task head cell"]
    ) -> Float[Tensor, "task head 2"]:
        """Gradient of sum(weight * noise) by the logarithm of the noise and by the slant."""
        weight = weight * self._noise(score)
        steeper = -(score.clamp(-FURTHEST, FURTHEST) * weight).sum(-1) / self.log[..., 1].cosh() ** 2
        return torch.stack([weight.sum(-1), steeper], dim=-1)

    def _noise(self, score: Float[Tensor, "task some cell"]) -> Float[Tensor, "task head cell"]:
        log, slant = self.log[..., :2, None].unbind(2)
        return torch.exp(log - slant.tanh() * score.clamp(-FURTHEST, FURTHEST))

    @property
    def amplitude(self) -> Float[Tensor, "task head"]:
        """Variance of the smooth part."""
        return self.log[..., 2].exp()

    @property
    def constant(self) -> Float[Tensor, "task head"]:
        """Variance of a task's level."""
        return self.log[..., 3].exp()

    @property
    def reach(self) -> Float[Tensor, "task head"]:
        """Weight of the head's own directions in the distance, over twice alpha."""
        return (2 * self.log[..., 4]).exp() / (2 * self.log_alpha.exp())

    @property
    def straight(self) -> Float[Tensor, "task head"]:
        """Weight of the head's own directions in the linear kernel."""
        return self.log[..., 5].exp()

    @property
    def near(self) -> Float[Tensor, "task head block"]:
        """Weight of each block in the distance, over twice alpha."""
        blocks = (self.log.shape[-1] - ONE_EACH) // 2
        return self.log[..., ONE_EACH : ONE_EACH + blocks].exp() / (2 * self.log_alpha.exp()[:, None])

    @property
    def read_last_block(self) -> bool:
        """Whether some head reads it."""
        return bool((torch.maximum(self.near[..., -1], self.linear[..., -1]) > UNREAD).any())

    @property
    def linear(self) -> Float[Tensor, "task head block"]:
        """Weight of each block in the linear kernel."""
        blocks = (self.log.shape[-1] - ONE_EACH) // 2
        return self.log[..., ONE_EACH + blocks :].exp()


class AdaptiveSteps(nn.Module):
    """Learned steps that adapt scales to the evidence of a context; every step has its own rates."""

    def __init__(self, steps: int, settings: int):
        super().__init__()
        self.steps = steps
        self.log_rate = nn.Parameter(torch.full((steps, settings), -1.2))
        self.log_damping = nn.Parameter(torch.full((steps, settings), 1.5))
        self.log_pull = nn.Parameter(torch.full((settings,), -1.0))

    def forward(
        self, step: int, slope: Float[Tensor, "task head setting"], away: Float[Tensor, "task head setting"]
    ) -> Float[Tensor, "task head setting"]:
        """One step; `away` is the sum of earlier steps, which pulls back towards the start."""
        slope = slope - self.log_pull.exp() * away
        return self.log_rate[step].exp() * slope / (slope.abs() + self.log_damping[step].exp())
