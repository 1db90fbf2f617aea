"""The context's lens: how a task's evaluated cells look at any cell, before a kernel compares two of them.

Three views stand side by side, a block of columns each. Features as they are. Weisfeiler-Lehman patterns, counted one
by one: the evaluated cells' own patterns have a column each, all others share the last, as the root of their sum of
squares, which leaves every inner product and distance with an evaluated cell exact. And features weighed by how much
they tell of the scores, mildly and sharply, so that few features can matter among many.

Axes: task; context, its evaluated cells; cell, any; feature, graph and side features; step of Weisfeiler-Lehman
refinement; pattern, those of the context; power, how sharply features are weighed.

Sources: features weighed by their correlation with the scores as in sure independence screening, Fan & Lv 2008;
Weisfeiler-Lehman kernel, Shervashidze et al. 2011. Making one of an evaluated set alone is this project's.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from metanp.encoder import Points

TINY = 1e-6
FURTHEST = 4.0  # no feature is seen further out than this, in standard deviations of the evaluated cells
POWERS = (1.0, 2.0)  # of a feature's share; the second is the better one where few features matter
NO_PATTERN = torch.iinfo(torch.long).max  # stands where a task has fewer patterns than another; names are hashes


@dataclass(frozen=True)
class Lens:
    """What a context knows; call it with cells to see them.

    centre, scale: of each feature among the evaluated cells.
    weight: square roots of each feature's share. The share is its squared correlation with the scores, less what chance
        gives, to a power; the shares of a task sum to 1, or are all 0 where nothing correlates.
    patterns: names of the context's patterns, ascending.
    """

    centre: Float[Tensor, "task feature"]
    scale: Float[Tensor, "task feature"]
    weight: Float[Tensor, "power task feature"]
    patterns: Int[Tensor, "task step pattern"]

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
        share = share / share.sum(-1, keepdim=True).clamp(min=TINY)
        return cls(centre, scale, torch.stack([_root(share**power) for power in POWERS]), _names(points, mask))

    def __call__(self, points: Points) -> tuple[tuple[Float[Tensor, "task cell _"], ...], Counts]:
        """Cells as this context sees them: blocks of graph features, side features, all features weighed to each of the
        powers; and patterns."""
        plain = features_and_side(points)
        away = ((plain - self.centre[:, None]) * self.scale[:, None]).clamp(-FURTHEST, FURTHEST)
        weighed = (away * weight[:, None] for weight in self.weight)
        return (points.features, torch.nan_to_num(points.side), *weighed), Counts.of(points.patterns, self.patterns)


@dataclass(frozen=True)
class Counts:
    """How often each of the context's patterns occurs in cells, kept node by node, as most occur in few.

    place: column of the pattern at each node; the last, `width` - 1, where the context does not have it or there is no
        node. alike: nodes of its cell with the same pattern, itself among them; 0 where there is no node.
    """

    place: Int[Tensor, "task step cell node"]
    alike: Float[Tensor, "task step cell node"]
    width: int

    @classmethod
    def of(cls, names: Int[Tensor, "task cell step node"], known: Int[Tensor, "task step pattern"]) -> Counts:
        """Of cells whose patterns have these names, for a context that has those."""
        names, last = names.transpose(1, 2).contiguous(), known.shape[2]
        alike = (names[..., :, None] == names[..., None, :]).sum(-1) * (names != 0)
        if not last:
            return cls(torch.zeros_like(names), alike.float(), 1)
        flat = names.flatten(2)
        place = torch.searchsorted(known, flat).clamp(max=last - 1)
        place = torch.where(known.gather(2, place) == flat, place, last)
        return cls(place.view_as(names), alike.float(), last + 1)

    def rows(self, index: Int[Tensor, "task row"]) -> Counts:
        """Some of each task's cells."""
        index = index[:, None, :, None].expand(-1, self.place.shape[1], -1, self.place.shape[3])
        return Counts(self.place.gather(2, index), self.alike.gather(2, index), self.width)

    def square(self) -> Float[Tensor, "task step cell"]:
        """Sum of squared counts, of patterns known and unknown: n nodes of one pattern add n each."""
        return self.alike.sum(-1)

    def dense(self) -> Float[Tensor, "task step cell pattern"]:
        """A column for each known pattern, and the root of the others' sum of squares."""
        unknown = self.place == self.width - 1
        counts = self.alike.new_zeros(*self.place.shape[:3], self.width)
        counts.scatter_add_(3, self.place, torch.where(unknown, self.alike, 1.0))
        counts[..., -1] = counts[..., -1].sqrt()
        return counts

    def products(self, context: Counts) -> Float[Tensor, "task step cell context"]:
        """Inner products with cells of the context: each node adds the context's counts of its pattern."""
        table = context.dense()
        table[..., -1] = 0
        tasks, steps, cells, _ = self.place.shape
        first = torch.arange(tasks * steps, device=table.device).view(tasks, steps, 1, 1) * self.width
        table = table.mT.flatten(0, 2)
        if not self.place.numel() or not table.numel():
            return table.new_zeros(tasks, steps, cells, table.shape[-1])
        places = (self.place + first).flatten(0, 2)
        return nn.functional.embedding_bag(places, table.contiguous(), mode="sum").view(tasks, steps, cells, -1)


def features_and_side(points: Points) -> Float[Tensor, "task cell feature"]:
    """Graph features and side features, missing ones average."""
    # a missing side feature counts as average: leaving its column out cell by cell would not be a valid kernel
    return torch.cat([points.features, torch.nan_to_num(points.side)], dim=-1)


def _root(share: Float[Tensor, "task feature"]) -> Float[Tensor, "task feature"]:
    share = share / share.sum(-1, keepdim=True).clamp(min=TINY**2)
    # the gradient of a root at zero is infinite
    return torch.where(share > TINY, share.clamp(min=TINY).sqrt(), 0)


def _names(points: Points, mask: Bool[Tensor, "task context"]) -> Int[Tensor, "task step pattern"]:
    """The distinct patterns at the nodes of each task's real cells, ascending."""
    names = points.patterns * mask[..., None, None]
    names = names.permute(0, 2, 1, 3).flatten(2).sort(-1).values
    again = torch.zeros_like(names, dtype=torch.bool)
    again[..., 1:] = names[..., 1:] == names[..., :-1]
    names = names.masked_fill(again | (names == 0), NO_PATTERN).sort(-1).values
    width = int((names != NO_PATTERN).sum(-1).max()) if names.numel() else 0
    return names[..., :width].contiguous()
