"""The kernels of the whitened heads: how alike two cells are, once for each head.

A head's squared distance is a weighted sum of squared distances in blocks of coordinates (graph features in groups,
Weisfeiler-Lehman counts by number of steps, side features; graph and side features once more as the context's `Lens`
shows them) and in a few directions of the learned embedding that are the head's own. On it stands a rational quadratic
kernel, beside it a linear kernel in the same blocks and directions, and a constant. The weights are learned in
meta-training; at search time they are fixed, and the heads are weighed against each other.

Axes: head; a and b, two sets of cells of one task; block, a group of coordinates.

Sources: rational quadratic as a scale mixture of squared exponentials, Rasmussen & Williams 2006, section 4.2.1;
features weighed by their correlation with the scores as in sure independence screening, Fan & Lv 2008; a linear kernel
in learned directions as in ALPaCA, Harrison et al. 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from metanp.encoder import Points

ALL = slice(None)
TINY = 1e-6


FURTHEST = 4.0  # no feature is seen further out than this, in standard deviations of the evaluated cells


@dataclass(frozen=True)
class Lens:
    """How a context looks at features: centred and scaled by its own cells, the larger the more they tell of scores.

    weight: square root of each feature's share, which is its squared correlation with the scores, less what chance
    gives; the shares of a task sum to 1, or are all 0 where nothing correlates.
    """

    centre: Float[Tensor, "task feature"]
    scale: Float[Tensor, "task feature"]
    weight: Float[Tensor, "task feature"]

    @classmethod
    def of(cls, points: Points, score: Float[Tensor, "task context"], mask: Bool[Tensor, "task context"]) -> Lens:
        """From the evaluated cells; rows where `mask` is False have no influence."""
        real = mask.float()
        count = real.sum(-1, keepdim=True).clamp(min=1)
        x = features_and_side(points)
        centre = torch.einsum("tc,tcf->tf", real, x) / count
        away = (x - centre[:, None]) * real[..., None]
        level = (score * real).sum(-1, keepdim=True) / count
        error = (score - level) * real
        variance = away.square().sum(1) / count
        known = variance > TINY
        scale = torch.where(known, variance.clamp(min=TINY).rsqrt(), 0)
        spread = (error.square().sum(-1, keepdim=True) / count).clamp(min=TINY)
        covariance = torch.einsum("tcf,tc->tf", away, error) / count
        share = ((covariance * scale).square() / spread - 1 / count).clamp(min=0)
        total = share.sum(-1, keepdim=True)
        # the gradient of a root at zero is infinite
        weight = torch.where(share > 0, (share / total.clamp(min=TINY)).clamp(min=TINY).sqrt(), 0)
        return cls(centre, scale, weight)

    def __call__(self, points: Points) -> Float[Tensor, "task cell feature"]:
        """Cells as this context sees them."""
        away = (features_and_side(points) - self.centre[:, None]) * self.scale[:, None]
        return away.clamp(-FURTHEST, FURTHEST) * self.weight[:, None]


def features_and_side(points: Points) -> Float[Tensor, "task cell feature"]:
    """Graph features and side features, missing ones average."""
    return torch.cat([points.features, torch.nan_to_num(points.side)], dim=-1)


@dataclass(frozen=True)
class Prepared:
    """Cells as the kernels see them.

    shared: the blocks side by side. own: each head's directions of the embedding, scaled.
    square: squared length in each head's scaled distance. linear_square: in each head's linear kernel.
    """

    shared: Float[Tensor, "task cell coordinate"]
    own: Float[Tensor, "task head cell direction"]
    square: Float[Tensor, "task head cell"]
    linear_square: Float[Tensor, "task head cell"]

    def only(self, heads: Tensor) -> Prepared:
        """Some of the heads."""
        return Prepared(self.shared, self.own[:, heads], self.square[:, heads], self.linear_square[:, heads])


@dataclass
class KernelConfig:
    """How many heads, how many embedding directions each has, how many start from the learned embedding alone."""

    heads: int = 16
    directions: int = 8
    embedding_heads: int = 8


class HeadKernel(nn.Module):
    """Covariances of all heads at once."""

    def __init__(self, config: KernelConfig, d_embed: int, feature_blocks: Sequence[int], wl_blocks: Sequence[int]):
        super().__init__()
        self.feature_blocks, self.wl_blocks = tuple(feature_blocks), tuple(wl_blocks)
        blocks = len(self.feature_blocks) + len(self.wl_blocks) + 2  # side features, and what the lens shows
        heads, own = config.heads, config.embedding_heads
        self.directions = nn.Parameter(torch.randn(heads, config.directions, d_embed) / d_embed**0.5)
        spread = torch.linspace(-1, 1, max(own, 2))[: max(own, 1)]
        rest = torch.linspace(-1.5, 1.5, max(heads - own, 2))[: heads - own]
        scale = torch.cat([spread[:own], rest - 1])
        self.log_embedding_scale = nn.Parameter(scale.clone())
        per_block = torch.full((heads, blocks), -3.0)
        per_block[:own] = -6.0
        per_block[own:] += 2 * rest[:, None]
        per_block[:, -1] = torch.where(torch.arange(heads) % 3 == 0, 0.0, per_block[:, -1])
        self.log_distance_weight = nn.Parameter(per_block)
        self.log_linear_weight = nn.Parameter(torch.full((heads, blocks), -7.0))
        self.log_direction_weight = nn.Parameter(torch.full((heads,), -4.0))
        self.log_amplitude = nn.Parameter(torch.zeros(heads))
        self.log_constant = nn.Parameter(torch.full((heads,), -2.0))
        self.log_alpha = nn.Parameter(torch.zeros(heads))

    def prepare(self, points: Points, lens: Lens, heads: Tensor | slice = ALL) -> Prepared:
        """All that a cell's covariances need to know of it, for some heads or all."""
        side = torch.nan_to_num(points.side)
        # a missing side feature counts as average: leaving its column out cell by cell would not be a valid kernel
        shared = torch.cat([points.features, points.wl.float(), side, lens(points)], dim=-1)
        near, linear = self._weights(heads)
        # squares of whole blocks as one matrix product: many short sums would take longer than the covariances
        squares = shared.square() @ self._spread(torch.cat([near, linear]), shared).mT
        near_square, linear_square = squares.mT.chunk(2, dim=1)
        scale = self.log_embedding_scale[heads].exp() / (2 * self.log_alpha[heads].exp()).sqrt()
        own = torch.einsum("tae,hde->thad", points.embedding, self.directions[heads] * scale[:, None, None])
        own_square = own.square().sum(-1)
        linear_square = linear_square + self._straight(heads)[:, None] * own_square
        return Prepared(shared, own, near_square + own_square, linear_square)

    def forward(self, a: Points, b: Points, lens: Lens, heads: Tensor | slice = ALL) -> Float[Tensor, "task head a b"]:
        """Covariance of every cell of `a` with every cell of `b`, for some heads or all."""
        return self.covariance(self.prepare(a, lens, heads), self.prepare(b, lens, heads), heads)

    def covariance(self, a: Prepared, b: Prepared, heads: Tensor | slice = ALL) -> Float[Tensor, "task head a b"]:
        """The same of cells that were prepared for these heads."""
        sizes = self._sizes(a.shared)
        blocks = zip(a.shared.split(sizes, -1), b.shared.split(sizes, -1), strict=True)
        products = torch.stack([x @ y.mT for x, y in blocks], dim=1)
        near, linear = self._weights(heads)
        mixed = torch.cat([-2 * near, linear]) @ products.flatten(2)
        crossed, along = mixed.unflatten(-1, products.shape[2:]).chunk(2, dim=1)
        square, other = a.square[..., None], b.square[..., None]
        left = torch.cat([-2 * a.own, square, torch.ones_like(square)], dim=-1)
        right = torch.cat([b.own, torch.ones_like(other), other], dim=-1)
        distance = (crossed + left @ right.mT).clamp(min=0)
        along = along + self._straight(heads)[:, None, None] * (a.own @ b.own.mT)
        amplitude, alpha = self.log_amplitude[heads][:, None, None], self.log_alpha[heads].exp()[:, None, None]
        smooth = torch.exp(torch.addcmul(amplitude, -alpha, torch.log1p(distance)))
        return smooth + along + self.log_constant[heads].exp()[:, None, None]

    def diagonal(self, a: Points, lens: Lens, heads: Tensor | slice = ALL) -> Float[Tensor, "task head a"]:
        """Variance of each cell of `a` before anything was measured."""
        return self.variance(self.prepare(a, lens, heads), heads)

    def variance(self, a: Prepared, heads: Tensor | slice = ALL) -> Float[Tensor, "task head a"]:
        """The same of cells that were prepared for these heads."""
        return a.linear_square + (self.log_amplitude[heads].exp() + self.log_constant[heads].exp())[:, None]

    def coordinates(self, a: Prepared, place: int, heads: Tensor | slice = ALL) -> tuple[Tensor, Tensor]:
        """One head's (task, cell, coordinate): squared distances of the first are its distance over twice alpha, inner
        products of the second its linear kernel; `place` counts among the heads that `a` was prepared for."""
        near, linear = (self._spread(weights[place].sqrt(), a.shared) for weights in self._weights(heads))
        own = a.own[:, place]
        straight = self._straight(heads)[place].sqrt() * own
        return torch.cat([a.shared * near, own], dim=-1), torch.cat([a.shared * linear, straight], dim=-1)

    def _straight(self, heads: Tensor | slice) -> Float[Tensor, " head"]:
        """Weight of the head's own directions, as they are scaled in its distance, in the linear kernel."""
        scale = self.log_embedding_scale[heads].exp() / (2 * self.log_alpha[heads].exp()).sqrt()
        return self.log_direction_weight[heads].exp() / scale.square()

    def _weights(self, heads: Tensor | slice) -> tuple[Float[Tensor, "head block"], Float[Tensor, "head block"]]:
        """Of each block in the scaled distance (over twice alpha) and in the linear kernel."""
        alpha = self.log_alpha[heads].exp()[:, None]
        return self.log_distance_weight[heads].exp() / (2 * alpha), self.log_linear_weight[heads].exp()

    def _sizes(self, shared: Tensor) -> list[int]:
        """Widths of the blocks; as many side features as the columns leave room for."""
        sizes, features = [*self.feature_blocks, *self.wl_blocks], sum(self.feature_blocks)
        side = (shared.shape[-1] - sum(sizes) - features) // 2
        return [*sizes, side, features + side]

    def _spread(self, weights: Float[Tensor, "*batch block"], shared: Tensor) -> Float[Tensor, "*batch coordinate"]:
        """The weight of each coordinate's block."""
        each = (weights[..., i : i + 1].expand(*weights.shape[:-1], n) for i, n in enumerate(self._sizes(shared)))
        return torch.cat([*each], dim=-1)
