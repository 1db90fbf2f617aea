"""The kernels of the whitened heads: how alike two cells are, once for each head.

A head's squared distance is a weighted sum of squared distances in blocks of coordinates (graph features in groups,
Weisfeiler-Lehman counts by number of steps, side features) and in a few directions of the learned embedding that are
the head's own. On it stands a rational quadratic kernel, beside it a linear kernel in the same blocks and a constant.
The weights are learned in meta-training; at search time they are fixed, and the heads are weighed against each other.

Axes: head; a and b, two sets of cells of one task; block, a group of coordinates.

Source: rational quadratic as a scale mixture of squared exponentials, Rasmussen & Williams 2006, section 4.2.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from metanp.encoder import Points

ALL = slice(None)


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
        blocks = len(self.feature_blocks) + len(self.wl_blocks) + 1
        sizes = torch.tensor([*self.feature_blocks, *self.wl_blocks])
        self.block: Tensor
        self.register_buffer("block", torch.arange(blocks - 1).repeat_interleave(sizes), persistent=False)
        heads, own = config.heads, config.embedding_heads
        self.directions = nn.Parameter(torch.randn(heads, config.directions, d_embed) / d_embed**0.5)
        spread = torch.linspace(-1, 1, max(own, 2))[: max(own, 1)]
        rest = torch.linspace(-1.5, 1.5, max(heads - own, 2))[: heads - own]
        scale = torch.cat([spread[:own], rest - 1])
        self.log_embedding_scale = nn.Parameter(scale.clone())
        per_block = torch.full((heads, blocks), -3.0)
        per_block[:own] = -6.0
        per_block[own:] += 2 * rest[:, None]
        self.log_distance_weight = nn.Parameter(per_block)
        self.log_linear_weight = nn.Parameter(torch.full((heads, blocks), -7.0))
        self.log_amplitude = nn.Parameter(torch.zeros(heads))
        self.log_constant = nn.Parameter(torch.full((heads,), -2.0))
        self.log_alpha = nn.Parameter(torch.zeros(heads))

    def prepare(self, points: Points, heads: Tensor | slice = ALL) -> Prepared:
        """All that a cell's covariances need to know of it, for some heads or all."""
        shared = self._shared(points)
        near, linear = self._weights(heads)
        # squares of whole blocks as one matrix product: many short sums would take longer than the covariances
        squares = shared.square() @ self._spread(torch.cat([near, linear]), shared).mT
        near_square, linear_square = squares.mT.chunk(2, dim=1)
        scale = self.log_embedding_scale[heads].exp() / (2 * self.log_alpha[heads].exp()).sqrt()
        own = torch.einsum("tae,hde->thad", points.embedding, self.directions[heads] * scale[:, None, None])
        return Prepared(shared, own, near_square + own.square().sum(-1), linear_square)

    def forward(self, a: Points, b: Points, heads: Tensor | slice = ALL) -> Float[Tensor, "task head a b"]:
        """Covariance of every cell of `a` with every cell of `b`, for some heads or all."""
        return self.covariance(self.prepare(a, heads), self.prepare(b, heads), heads)

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
        amplitude, alpha = self.log_amplitude[heads][:, None, None], self.log_alpha[heads].exp()[:, None, None]
        smooth = torch.exp(torch.addcmul(amplitude, -alpha, torch.log1p(distance)))
        return smooth + along + self.log_constant[heads].exp()[:, None, None]

    def diagonal(self, a: Points, heads: Tensor | slice = ALL) -> Float[Tensor, "task head a"]:
        """Variance of each cell of `a` before anything was measured."""
        return self.variance(self.prepare(a, heads), heads)

    def variance(self, a: Prepared, heads: Tensor | slice = ALL) -> Float[Tensor, "task head a"]:
        """The same of cells that were prepared for these heads."""
        return a.linear_square + (self.log_amplitude[heads].exp() + self.log_constant[heads].exp())[:, None]

    def coordinates(self, a: Prepared, place: int, heads: Tensor | slice = ALL) -> tuple[Tensor, Tensor]:
        """One head's (task, cell, coordinate): squared distances of the first are its distance over twice alpha, inner
        products of the second its linear kernel; `place` counts among the heads that `a` was prepared for."""
        near, linear = (self._spread(weights[place].sqrt(), a.shared) for weights in self._weights(heads))
        return torch.cat([a.shared * near, a.own[:, place]], dim=-1), a.shared * linear

    def _weights(self, heads: Tensor | slice) -> tuple[Float[Tensor, "head block"], Float[Tensor, "head block"]]:
        """Of each block in the scaled distance (over twice alpha) and in the linear kernel."""
        alpha = self.log_alpha[heads].exp()[:, None]
        return self.log_distance_weight[heads].exp() / (2 * alpha), self.log_linear_weight[heads].exp()

    def _shared(self, points: Points) -> Float[Tensor, "task a coordinate"]:
        # a missing side feature counts as average: leaving its column out cell by cell would not be a valid kernel
        return torch.cat([points.features, points.wl.float(), torch.nan_to_num(points.side)], dim=-1)

    def _sizes(self, shared: Tensor) -> list[int]:
        """Widths of the blocks; the side features take what is left."""
        sizes = [*self.feature_blocks, *self.wl_blocks]
        return [*sizes, shared.shape[-1] - sum(sizes)]

    def _spread(self, weights: Float[Tensor, "*batch block"], shared: Tensor) -> Float[Tensor, "*batch coordinate"]:
        """The weight of each coordinate's block."""
        side = shared.shape[-1] - len(self.block)
        return torch.cat([weights[..., self.block], weights[..., -1:].expand(*weights.shape[:-1], side)], dim=-1)
