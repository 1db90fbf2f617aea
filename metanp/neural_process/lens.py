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
from torch import Tensor

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

    def sizes(self, side: int) -> list[int]:
        """Columns of each block where there are so many side features; graph features are one block."""
        graph = self.centre.shape[1] - side
        counts = [self.patterns.shape[2] + 1] * self.patterns.shape[1]
        return [graph, *counts, side, *[graph + side] * len(POWERS)]

    def __call__(self, points: Points) -> Float[Tensor, "task cell column"]:
        """Cells as this context sees them: graph features, counts step by step, side features, weighed features."""
        plain = features_and_side(points)
        away = ((plain - self.centre[:, None]) * self.scale[:, None]).clamp(-FURTHEST, FURTHEST)
        side = torch.nan_to_num(points.side)
        weighed = [away * weight[:, None] for weight in self.weight]
        return torch.cat([points.features, self._counts(points.patterns), side, *weighed], dim=-1)

    def _counts(self, names: Int[Tensor, "task cell step node"]) -> Float[Tensor, "task cell columns"]:
        tasks, cells, steps, nodes = names.shape
        by_step = names.permute(0, 2, 1, 3).flatten(2)
        width = self.patterns.shape[2]
        place = torch.searchsorted(self.patterns, by_step.contiguous()).clamp(max=max(width - 1, 0))
        found = self.patterns.gather(2, place) == by_step if width else torch.zeros_like(by_step, dtype=torch.bool)
        # n nodes of one unknown pattern are to add n squared: n of them add n each
        alike = (names[..., :, None] == names[..., None, :]).sum(-1).permute(0, 2, 1, 3).flatten(2)
        value = torch.where(found, 1, alike).float() * (by_step != 0)
        place = torch.where(found, place, width).unflatten(2, (cells, nodes)).permute(0, 2, 1, 3)
        counts = value.new_zeros(tasks, cells, steps, width + 1)
        counts.scatter_add_(3, place, value.unflatten(2, (cells, nodes)).permute(0, 2, 1, 3))
        counts[..., width] = counts[..., width].sqrt()
        return counts.flatten(2)


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
