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

    def forward(self, a: Points, b: Points, heads: Tensor | slice = ALL) -> Float[Tensor, "task head a b"]:
        """Covariance of every cell of `a` with every cell of `b`, for some heads or all."""
        distances, products = self._blocks(a, b)
        distance = torch.einsum("tabk,hk->thab", distances, self.log_distance_weight[heads].exp())
        distance = distance + self._own(a, b, heads)
        alpha = self.log_alpha[heads].exp()[:, None, None]
        smooth = torch.exp(-alpha * torch.log1p(distance / (2 * alpha)))
        linear = torch.einsum("tabk,hk->thab", products, self.log_linear_weight[heads].exp())
        amplitude, constant = (p[heads].exp()[:, None, None] for p in (self.log_amplitude, self.log_constant))
        return amplitude * smooth + linear + constant

    def diagonal(self, a: Points, heads: Tensor | slice = ALL) -> Float[Tensor, "task head a"]:
        """Variance of each cell of `a` before anything was measured."""
        squares = torch.stack([(x**2).sum(-1) for x in self._coordinates(a)], dim=-1)
        linear = torch.einsum("tak,hk->tha", squares, self.log_linear_weight[heads].exp())
        return linear + (self.log_amplitude[heads].exp() + self.log_constant[heads].exp())[:, None]

    def scaled_coordinates(self, a: Points, head: int) -> Float[Tensor, "task a coordinate"]:
        """Coordinates whose squared distances are one head's."""
        weights = (0.5 * self.log_distance_weight[head]).exp()
        blocks = [x * w for x, w in zip(self._coordinates(a), weights, strict=True)]
        own = a.embedding @ self.directions[head].mT * self.log_embedding_scale[head].exp()
        return torch.cat([*blocks, own], dim=-1)

    def linear_coordinates(self, a: Points, head: int) -> Float[Tensor, "task a coordinate"]:
        """Coordinates whose inner products are one head's linear kernel."""
        weights = (0.5 * self.log_linear_weight[head]).exp()
        return torch.cat([x * w for x, w in zip(self._coordinates(a), weights, strict=True)], dim=-1)

    def _coordinates(self, points: Points) -> list[Tensor]:
        # a missing side feature counts as average: leaving its column out cell by cell would not be a valid kernel
        side = torch.nan_to_num(points.side)
        return [*points.features.split(self.feature_blocks, -1), *points.wl.split(self.wl_blocks, -1), side]

    def _blocks(self, a: Points, b: Points) -> tuple[Tensor, Tensor]:
        products, distances = [], []
        for x, y in zip(self._coordinates(a), self._coordinates(b), strict=True):
            product = x @ y.mT
            products.append(product)
            distances.append((x**2).sum(-1)[..., :, None] + (y**2).sum(-1)[..., None, :] - 2 * product)
        return torch.stack(distances, dim=-1).clamp(min=0), torch.stack(products, dim=-1)

    def _own(self, a: Points, b: Points, heads: Tensor | slice) -> Float[Tensor, "task head a b"]:
        x, y = (torch.einsum("tae,hde->thad", p.embedding, self.directions[heads]) for p in (a, b))
        scale = self.log_embedding_scale[heads].exp()[:, None, None]
        x, y = x * scale, y * scale
        return ((x**2).sum(-1)[..., :, None] + (y**2).sum(-1)[..., None, :] - 2 * x @ y.mT).clamp(min=0)
