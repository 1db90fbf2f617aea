"""The kernels of the whitened heads: the similarity of two cells, once for each head.

A head's squared distance is a weighted sum of squared distances in blocks of coordinates, which the context's `Lens`
computes (graph features in groups, Weisfeiler-Lehman counts by number of steps, side features; graph and side features
again, reweighted by how well they predict the scores), and in a few directions of the learned embedding of its own. The
kernel is a rational quadratic of this distance, plus a linear kernel in the same blocks and directions, plus a
constant. The weights are `Scales`, passed with every call: learned in meta-training, adapted to a context
(`metanp.neural_process.scales`).

Axes: head; a and b, two sets of cells of one task; block, a group of coordinates.

Sources: rational quadratic as a scale mixture of squared exponentials, Rasmussen & Williams 2006, section 4.2.1; a
linear kernel in learned directions as in ALPaCA, Harrison et al. 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from metanp.brief import brief
from metanp.encoder import Points
from metanp.neural_process.forest import TREES
from metanp.neural_process.lens import WEIGHINGS, Counts, Lens, Reads, Relevance
from metanp.neural_process.scales import Scales

ALL = slice(None)
PARTS = ("features", "patterns", "weighed", "embedding", "slant")  # of the kernels and of their noise


@dataclass(frozen=True)
class Prepared:
    """Coordinates of cells, before scales are applied.

    blocks: coordinates, one tensor a block; counts: of patterns, a block a step. square: squared length in each.
    own: each head's directions of the embedding; own_square: squared length in them.
    of_graphs: how many blocks, the first, are of graph features; counts follow. leaves: of the forest, the last block;
    None without heads that read them.
    """

    blocks: tuple[Float[Tensor, "task cell _"], ...]
    counts: Counts
    leaves: Counts | None
    square: Float[Tensor, "task cell block"]
    own: Float[Tensor, "task head cell direction"]
    own_square: Float[Tensor, "task head cell"]
    of_graphs: int

    __repr__ = brief

    def only(self, heads: Tensor) -> Prepared:
        """Some of the heads."""
        return replace(self, own=self.own[:, heads], own_square=self.own_square[:, heads])

    def without_leaves(self) -> Prepared:
        """Where no head reads them."""
        return self if self.leaves is None else replace(self, leaves=self.leaves.none())

    def rows(self, index: Int[Tensor, "task row"]) -> Prepared:
        """Some of each task's cells."""
        task = torch.arange(len(index), device=index.device)[:, None]
        own, own_square = self.own.transpose(1, 2), self.own_square.mT
        own, own_square = own[task, index].transpose(1, 2), own_square[task, index].mT
        blocks = tuple(block[task, index] for block in self.blocks)
        counts, leaves = self.counts.rows(index), None if self.leaves is None else self.leaves.rows(index)
        return Prepared(blocks, counts, leaves, self.square[task, index], own, own_square, self.of_graphs)


@dataclass(frozen=True)
class Pairs:
    """Every cell of one set with every cell of another, before any scale: inner products in the blocks."""

    products: Float[Tensor, "task block a b"]
    a: Prepared
    b: Prepared

    __repr__ = brief


@dataclass(frozen=True)
class Compared:
    """Pairs of cells under given scales, from which covariances and their gradients are computed.

    distance: squared, over twice alpha. smooth: covariance by distance. along: inner products of the linear kernel.
    """

    pairs: Pairs
    scales: Scales
    distance: Float[Tensor, "task head a b"]
    smooth: Float[Tensor, "task head a b"]
    along: Float[Tensor, "task head a b"]

    __repr__ = brief


@dataclass
class KernelConfig:
    """How many heads of which kind, and what they read.

    heads: with a prior mean. directions: of the embedding, of each head. embedding_heads: of `heads`, those that start
    from the learned embedding alone. free_heads: further ones, without a prior mean. side_heads: further ones that read
    side features alone. forest_heads: further ones that read the leaves of a random forest alone. hints: whether side
    features with a role move the prior mean. counts_side: whether side features, however many, count together as much
    as one, and prior weights of heads depend on their number. adaptive_steps: that adapt scales to a context. followed:
    context cells that they are adapted to, at most: more take time and change little. parts: of the kernels; all of
    `PARTS`, except in ablations.
    """

    heads: int = 16
    directions: int = 8
    embedding_heads: int = 8
    free_heads: int = 0
    side_heads: int = 0
    forest_heads: int = 0
    hints: bool = False
    counts_side: bool = False
    adaptive_steps: int = 3
    followed: int = 256
    parts: list[str] = field(default_factory=lambda: list(PARTS))


class HeadKernel(nn.Module):
    """Covariances of all heads at once."""

    def __init__(self, config: KernelConfig, d_embed: int, feature_blocks: Sequence[int], steps: int):
        super().__init__()
        self.feature_blocks, self.config = tuple(feature_blocks), config
        self.reads = Reads(config.side_heads > 0, config.forest_heads > 0, config.counts_side)
        # graph features, counts, side features, both weighed; side features weighed among themselves; leaves
        weighed = WEIGHINGS * (1 + self.reads.side_apart)
        blocks = len(self.feature_blocks) + steps + 1 + weighed + self.reads.forest
        self.relevance = Relevance(sum(self.feature_blocks))
        heads = config.heads + config.free_heads + config.side_heads + config.forest_heads
        self.with_mean: Tensor
        with_mean = (torch.arange(heads) < config.heads).float()
        self.register_buffer("with_mean", with_mean[:, None], persistent=False)
        self.directions = nn.Parameter(torch.randn(heads, config.directions, d_embed) / d_embed**0.5)
        embedding, distance, linear = _starting_weights(config, blocks, weighed)
        self.log_embedding_scale = nn.Parameter(embedding)
        self.log_distance_weight = nn.Parameter(distance)
        self.log_linear_weight = nn.Parameter(linear)
        self.log_direction_weight = nn.Parameter(torch.full((heads,), -4.0))
        # neighbouring heads differ in their noise, so that every kind of kernel has a quiet and a noisy one
        self.log_noise = nn.Parameter(torch.tensor([-4.0, -3.0, -2.0, -1.2]).repeat(heads // 4 + 1)[:heads].clone())
        self.log_slant = nn.Parameter(torch.zeros(heads))
        self.log_amplitude = nn.Parameter(torch.zeros(heads))
        self.log_constant = nn.Parameter(torch.full((heads,), -2.0))
        self.log_alpha = nn.Parameter(torch.zeros(heads))
        self.used: Tensor
        used = _used(config, len(self.feature_blocks), steps)
        self.register_buffer("used", used, persistent=False)
        self.unused: Tensor  # logarithms of almost zero, and no slant
        self.register_buffer("unused", torch.tensor([-30.0, 0.0] + [-30.0] * (used.shape[1] - 2)), persistent=False)

    def scales(self) -> Scales:
        """The scales as meta-training left them."""
        names = (self.log_noise, self.log_slant, self.log_amplitude, self.log_constant, self.log_embedding_scale)
        one_each = torch.stack([*names, self.log_direction_weight], dim=-1)
        log = torch.cat([one_each, self.log_distance_weight, self.log_linear_weight], dim=-1)
        return Scales(torch.where(self.used, log, self.unused)[None], self.log_alpha)

    def prepare(self, points: Points, lens: Lens, heads: Tensor | slice = ALL) -> Prepared:
        """Everything that covariances of these cells need, for some heads or all."""
        (features, *rest), counts, leaves = lens(points)
        blocks = (*features.split(self.feature_blocks, -1), *rest)
        graphs = len(self.feature_blocks)
        square = _in_order([block.square().sum(-1) for block in blocks], counts.square(), graphs)
        if leaves is not None:
            square.append(leaves.square()[:, 0] / TREES)
        own = torch.einsum("tae,hde->thad", points.embedding, self.directions[heads])
        return Prepared(blocks, counts, leaves, torch.stack(square, dim=-1), own, own.square().sum(-1), graphs)

    @staticmethod
    def pairs(a: Prepared, b: Prepared) -> Pairs:
        """The part of a comparison that does not depend on scales; `b` are cells of the context."""
        products = [x @ y.mT for x, y in zip(a.blocks, b.blocks, strict=True)]
        products = _in_order(products, a.counts.products(b.counts), a.of_graphs)
        if a.leaves is not None and b.leaves is not None:
            products.append(a.leaves.products(b.leaves)[:, 0] / TREES)
        return Pairs(torch.stack(products, dim=1), a, b)

    @staticmethod
    def compare(pairs: Pairs, scales: Scales) -> Compared:
        """Every pair under these scales."""
        mixed = torch.cat([-2 * scales.near, scales.linear], dim=1) @ pairs.products.flatten(2)
        crossed, along = mixed.unflatten(-1, pairs.products.shape[2:]).chunk(2, dim=1)
        reach = scales.reach[..., None]
        square, other = ((scales.near @ x.square.mT + reach * x.own_square)[..., None] for x in (pairs.a, pairs.b))
        left = torch.cat([-2 * reach[..., None] * pairs.a.own, square, torch.ones_like(square)], dim=-1)
        right = torch.cat([pairs.b.own, torch.ones_like(other), other], dim=-1)
        distance = _plus_products(crossed, left, right).clamp(min=0)
        alpha = scales.log_alpha.exp()[:, None, None]
        smooth = torch.exp(torch.addcmul(scales.log[..., 2, None, None], -alpha, torch.log1p(distance)))
        return Compared(pairs, scales, distance, smooth, along)

    @staticmethod
    def covariance(compared: Compared) -> Float[Tensor, "task head a b"]:
        """Covariance of every cell of one set with every cell of the other."""
        pairs, scales = compared.pairs, compared.scales
        # sums as one more matrix product each: fewer passes over matrices that are larger than the cache
        a, level = scales.straight[..., None, None] * pairs.a.own, scales.constant[..., None, None]
        left = torch.cat([a, level.expand(*a.shape[:-1], 1)], dim=-1)
        right = torch.cat([pairs.b.own, torch.ones_like(pairs.b.own_square)[..., None]], dim=-1)
        return compared.smooth + _plus_products(compared.along, left, right)

    @staticmethod
    def slopes(compared: Compared, weight: Float[Tensor, "task head a a"]) -> Float[Tensor, "task head _"]:
        """Gradient of sum(weight * covariance) by the logarithms of scales, from the amplitude on; `weight` is
        symmetric."""
        pairs, scales = compared.pairs, compared.scales
        own = pairs.a.own @ pairs.b.own.mT
        smooth = weight * compared.smooth
        closer = smooth * (scales.log_alpha.exp()[:, None, None] / (1 + compared.distance))
        count = closer.shape[1]
        sums = torch.cat([closer, weight], dim=1).flatten(2) @ pairs.products.flatten(2).mT
        each = closer.sum(-1)
        near = 2 * scales.near * (sums[:, :count] - each @ pairs.a.square)
        reach = 4 * scales.reach * ((closer * own).sum((-2, -1)) - (each * pairs.a.own_square).sum(-1))
        straight = scales.straight * (weight * own).sum((-2, -1))
        one_each = [smooth.sum((-2, -1)), scales.constant * weight.sum((-2, -1)), reach, straight]
        return torch.cat([torch.stack(one_each, dim=-1), near, scales.linear * sums[:, count:]], dim=-1)

    @staticmethod
    def variance(a: Prepared, scales: Scales) -> Float[Tensor, "task head a"]:
        """Prior variance of each cell."""
        level = scales.amplitude + scales.constant
        return level[..., None] + scales.linear @ a.square.mT + scales.straight[..., None] * a.own_square

    @staticmethod
    def coordinates(a: Prepared, scales: Scales, head: int) -> tuple[Tensor, Tensor]:
        """One head's (cell, coordinate) in the first task: squared distances of the first are its distance over twice
        alpha, inner products of the second its linear kernel. Without leaves, of which there would be thousands."""
        parts = [part[0] for part in (*_in_order(a.blocks, a.counts.dense(), a.of_graphs), a.own[:, head])]

        def scaled(weights: Tensor, of_own: Tensor) -> Tensor:
            roots = torch.cat([weights[0, head, : len(parts) - 1], of_own[0, head, None]]).sqrt()
            return torch.cat([root * part for root, part in zip(roots, parts, strict=True)], dim=-1)

        return scaled(scales.near, scales.reach), scaled(scales.linear, scales.straight)


def _starting_weights(
    config: KernelConfig, blocks: int, weighed: int
) -> tuple[Float[Tensor, " head"], Float[Tensor, "head block"], Float[Tensor, "head block"]]:
    """Logarithms: the embedding's scale, and the blocks' weights in the distance and in the linear kernel.

    Heads differ in their length scales; the last `weighed` blocks are those of weighed features.
    """
    own = config.embedding_heads
    spread = torch.linspace(-1, 1, max(own, 2))[:own]
    rest = torch.linspace(-1.5, 1.5, max(config.heads - own, 2))[: config.heads - own]
    free = torch.linspace(-1.0, 1.0, max(config.free_heads, 2))[: config.free_heads]
    rest = torch.cat([rest, free, torch.zeros(config.side_heads + config.forest_heads)])
    heads, first = own + len(rest), blocks - weighed - (config.forest_heads > 0)
    distance, linear = torch.full((heads, blocks), -3.0), torch.full((heads, blocks), -7.0)
    distance[:own] = -6.0
    distance[own:] += 2 * rest[:, None]
    for i in range(WEIGHINGS):
        distance[i :: WEIGHINGS + 1, first + i] = 0.0
    for i in range(config.forest_heads):
        row = heads - config.forest_heads + i
        distance[row, -1] = 0.0 if i % 2 == 0 else -3.0
        linear[row, -1] = -7.0 if i % 2 == 0 else 0.0
    for i in range(config.side_heads):  # a curved and a straight one for each way to weigh, in turns
        row, place = heads - config.forest_heads - config.side_heads + i, first + WEIGHINGS + (i // 2) % WEIGHINGS
        distance[row, place] = 0.0 if i % 2 == 0 else -3.0
        linear[row, place] = -7.0 if i % 2 == 0 else 0.0
    return torch.cat([spread, rest - 1]), distance, linear


def _used(config: KernelConfig, feature_blocks: int, steps: int) -> Bool[Tensor, "head setting"]:
    """Which settings each head uses.

    Raises:
        ValueError: a part that kernels do not have; names it.
    """
    if unknown := set(config.parts) - set(PARTS):
        raise ValueError(f"kernels have no part {sorted(unknown)}; their parts: {', '.join(PARTS)}")
    features, patterns, weighed, embedding, slant = (part in config.parts for part in PARTS)
    graphs, apart, forest = feature_blocks + steps, config.side_heads > 0, config.forest_heads > 0

    def heads(count: int, embedding: bool, blocks: Sequence[bool]) -> Bool[Tensor, "some setting"]:
        return torch.tensor([True, slant, True, True, embedding, embedding, *blocks, *blocks]).repeat(count, 1)

    of_side = [True] * WEIGHINGS * apart
    of_graphs = [features] * feature_blocks + [patterns] * steps + [True] + [weighed] * WEIGHINGS
    return torch.cat(
        [
            heads(config.heads + config.free_heads, embedding, [*of_graphs, *of_side, *([False] * forest)]),
            heads(
                config.side_heads,
                False,
                [*([False] * graphs), True, *([False] * WEIGHINGS), *of_side, *([False] * forest)],
            ),
            heads(
                config.forest_heads, False, [*([False] * (graphs + 1 + WEIGHINGS + len(of_side))), *([True] * forest)]
            ),
        ]
    )


def _in_order(blocks: Sequence[Tensor], counts: Float[Tensor, "task step *axes"], of_graphs: int) -> list[Tensor]:
    """Blocks in the order of their scales: graph features, counts, side features, weighed features."""
    return [*blocks[:of_graphs], *counts.unbind(1), *blocks[of_graphs:]]


def _plus_products(
    matrix: Float[Tensor, "task head a b"], left: Float[Tensor, "task head a d"], right: Float[Tensor, "task head b d"]
) -> Float[Tensor, "task head a b"]:
    """matrix + left @ right.T, in one pass."""
    parts = (matrix, left, right.mT)
    return torch.baddbmm(*(part.flatten(0, 1) for part in parts)).view_as(matrix)
