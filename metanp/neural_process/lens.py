"""The context's lens: coordinates of any cell, fitted to a task's evaluated cells, in which kernels compare cells.

There are three groups of coordinates, in blocks of columns. Features as they are. Weisfeiler-Lehman patterns, counted:
each pattern of the evaluated cells has a column, all others share the last as the root of their sum of squares, which
keeps every inner product and distance with an evaluated cell exact. And features reweighted by how well they predict
the evaluated scores, alone or jointly with all others, mildly and sharply, so that few features can matter among many;
with few scores, by how well they usually predict.

Axes: task; context, its evaluated cells; cell, any; feature, graph and side features; step of Weisfeiler-Lehman
refinement; pattern, those of the context; weighing, alone to each of the powers, then jointly to each.

Sources: features weighted by their correlation with the scores as in sure independence screening, Fan & Lv 2008; ridge
regression, Hoerl & Kennard 1970; Weisfeiler-Lehman kernel, Shervashidze et al. 2011. Combining them from the evaluated
cells alone is this project's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from metanp.brief import brief
from metanp.encoder import Points
from metanp.neural_process.forest import Forest

TINY = 1e-6
FURTHEST = 4.0  # features are clipped to this, in standard deviations of the evaluated cells
POWERS = (1.0, 2.0)  # of a feature's share; the second is the better one where few features matter
WEIGHINGS = 2 * len(POWERS)
RIDGE = 0.3  # variance of a direction of the features, in units of one feature's, at which it counts by half
FEW_NODES = 64  # in cells of more, all pairs of nodes would take too much memory
NO_PATTERN = torch.iinfo(torch.long).max  # pads tasks with fewer patterns than another; names are hashes


class Relevance(nn.Module):
    """How well each feature usually predicts, and how many scores that is worth; learned, side features share one."""

    def __init__(self, features: int):
        super().__init__()
        self.log_weight = nn.Parameter(torch.zeros(features + 1))
        self.log_labels = nn.Parameter(torch.full((WEIGHINGS,), 1.5))

    def forward(
        self,
        share: Float[Tensor, "weighing task feature"],
        varying: Int[Tensor, " feature"],
        known: Bool[Tensor, "task feature"],
        count: Float[Tensor, "task 1"],
    ) -> Float[Tensor, "weighing task feature"]:
        """Shares from `count` scores, mixed with the usual ones. `varying`: numbers of the features, side features
        last; `known`: whether a task's cells differ in them."""
        weight = self.log_weight[varying.clamp(max=len(self.log_weight) - 1)].exp() * known
        usual = weight / weight.sum(-1, keepdim=True).clamp(min=TINY)
        labels = self.log_labels.exp()[:, None, None]
        return (count * share + labels * usual + TINY**2) / (count + labels)


@dataclass(frozen=True)
class Reads:
    """What heads read beside features and patterns.

    side_apart: side features weighed among themselves. forest: the leaves of a forest. side_shared: side features that,
    however many, count together as much as one.
    """

    side_apart: bool = False
    forest: bool = False
    side_shared: bool = False


@dataclass(frozen=True)
class Lens:
    """What a context determines; call it with cells for their coordinates.

    varying: features in which some task's evaluated cells differ; no other is reweighted.
    centre, scale: of each of them among the evaluated cells.
    side_weight: the same for side features among themselves, None without.
    weight: square roots of each feature's share. Alone, the share is its squared correlation with the scores, less what
        chance gives; jointly, its squared coefficient in a ridge regression. Either to a power, mixed with what
        `Relevance` expects; the shares of a task sum to 1, or to less where nothing correlates.
    patterns: names of the context's patterns, ascending.
    forest: grown on these features and scores, None without heads that read it.
    side_share: root of the share that each side feature has. varied: how many graph features and how many side features
    differ among the evaluated cells.
    """

    varying: Int[Tensor, " feature"]
    centre: Float[Tensor, "task feature"]
    scale: Float[Tensor, "task feature"]
    weight: Float[Tensor, "weighing task feature"]
    side_weight: Float[Tensor, "weighing task side"] | None
    patterns: Int[Tensor, "task step pattern"]
    forest: Forest | None
    side_share: Float[Tensor, "task 1"]
    varied: Float[Tensor, "task 2"]

    __repr__ = brief

    @classmethod
    def of(
        cls,
        points: Points,
        score: Float[Tensor, "task context"],
        mask: Bool[Tensor, "task context"],
        relevance: Relevance,
        reads: Reads = Reads(),
    ) -> Lens:
        """From the evaluated cells; rows where `mask` is False have no influence."""
        # standardised features do not depend on the learned scale of a feature: no gradient is needed
        points = points.map(Tensor.detach)
        real = mask.float()
        count = real.sum(-1, keepdim=True).clamp(min=1)
        x = features_and_side(points)
        centre = torch.einsum("tc,tcf->tf", real, x) / count
        away = (x - centre[:, None]) * real[..., None]
        variance = away.square().sum(1) / count
        varying = torch.nonzero((variance > TINY).any(0)).flatten()
        centre, variance = centre[:, varying], variance[:, varying]
        scale = torch.where(variance > TINY, variance.clamp(min=TINY).rsqrt(), 0)
        unit = away[..., varying] * scale[:, None] / count.sqrt()[..., None]
        level = (score * real).sum(-1, keepdim=True) / count
        error = (score - level) * real
        error = error / error.square().sum(-1, keepdim=True).clamp(min=TINY).sqrt()
        alone, differ = torch.einsum("tcf,tc->tf", unit, error).square() - 1 / count, variance > TINY
        weight = _weights(alone, _jointly(unit, error), relevance, varying, differ, count)
        few = int((varying < points.features.shape[-1]).sum())  # graph features; side features follow
        side_weight = None
        if reads.side_apart:
            beside = _jointly(unit[..., few:], error)
            side_weight = _weights(alone[:, few:], beside, relevance, varying[few:], differ[:, few:], count)
        forest = Forest.grown(away[..., varying] * scale[:, None], score, mask) if reads.forest else None
        varied = torch.stack([differ[:, :few].sum(-1), differ[:, few:].sum(-1)], dim=-1).float()
        share = varied[:, 1:].clamp(min=1).rsqrt() if reads.side_shared else torch.ones_like(varied[:, 1:])
        return cls(varying, centre, scale, weight, side_weight, _names(points, mask), forest, share, varied)

    def knowing(self, points: Points, mask: Bool[Tensor, "task context"]) -> Lens:
        """The same for a context of these cells instead: their patterns have columns."""
        return replace(self, patterns=_names(points, mask))

    def without_forest(self) -> Lens:
        """Where no head reads its leaves."""
        return self if self.forest is None else replace(self, forest=self.forest.none())

    def __call__(self, points: Points) -> tuple[tuple[Float[Tensor, "task cell _"], ...], Counts, Counts | None]:
        """Coordinates of cells under this context: blocks of graph features, side features and features in every
        weighing; counts of patterns; and counts of leaves of the forest."""
        plain = features_and_side(points).detach()[..., self.varying]
        apart = (plain - self.centre[:, None]) * self.scale[:, None]
        away = apart.clamp(-FURTHEST, FURTHEST)
        weighed = [away * weight[:, None] for weight in self.weight]
        if self.side_weight is not None:
            side = away[..., away.shape[-1] - self.side_weight.shape[-1] :]
            weighed += [side * weight[:, None] for weight in self.side_weight]
        blocks = (points.features, torch.nan_to_num(points.side) * self.side_share[:, None], *weighed)
        leaves = None if self.forest is None else Counts.of_leaves(self.forest.leaves(apart), self.forest.width)
        return blocks, Counts.of(points.patterns, self.patterns), leaves


@dataclass(frozen=True)
class Counts:
    """How often each of the context's patterns occurs in cells, stored by node, as a cell has few of them.

    place: column of the pattern at each node; the last, `width` - 1, where the context does not have it or there is no
        node. alike: number of nodes of the cell with the same pattern, itself included; 0 where there is no node.
    """

    place: Int[Tensor, "task step cell node"]
    alike: Float[Tensor, "task step cell node"]
    width: int

    __repr__ = brief

    @classmethod
    def of(cls, names: Int[Tensor, "task cell step node"], known: Int[Tensor, "task step pattern"]) -> Counts:
        """Counts in cells with patterns `names`, for a context with patterns `known`."""
        names, last = names.transpose(1, 2).contiguous(), known.shape[2]
        alike = _occurrences(names) * (names != 0)
        if not last:
            return cls(torch.zeros_like(names), alike.float(), 1)
        flat = names.flatten(2)
        place = torch.searchsorted(known, flat).clamp(max=last - 1)
        place = torch.where(known.gather(2, place) == flat, place, last)
        return cls(place.view_as(names), alike.float(), last + 1)

    @classmethod
    def of_leaves(cls, leaves: Int[Tensor, "task cell tree"], width: int) -> Counts:
        """Leaves as patterns of one step, one in each tree; numbers are below `width`."""
        place = leaves[:, None]
        return cls(place, torch.ones(place.shape, device=place.device), width + 1)

    def none(self) -> Counts:
        """The same cells without a pattern."""
        return Counts(self.place[..., :0], self.alike[..., :0], 1)

    def rows(self, index: Int[Tensor, "task row"]) -> Counts:
        """Some of each task's cells."""
        index = index[:, None, :, None].expand(-1, self.place.shape[1], -1, self.place.shape[3])
        return Counts(self.place.gather(2, index), self.alike.gather(2, index), self.width)

    def square(self) -> Float[Tensor, "task step cell"]:
        """Sum of squared counts, of all patterns: n nodes of one pattern add n each."""
        return self.alike.sum(-1)

    def dense(self) -> Float[Tensor, "task step cell pattern"]:
        """A column for each known pattern, and the root of the others' sum of squares."""
        unknown = self.place == self.width - 1
        counts = self.alike.new_zeros(*self.place.shape[:3], self.width)
        counts.scatter_add_(3, self.place, torch.where(unknown, self.alike, 1.0))
        counts[..., -1] = counts[..., -1].sqrt()
        return counts

    def sums(self, table: Float[Tensor, "pattern column"]) -> Float[Tensor, "cell column"]:
        """For each cell of the first task, the rows of its patterns of the first step, added up."""
        return nn.functional.embedding_bag(self.place[0, 0], table, mode="sum")

    def products(self, context: Counts) -> Float[Tensor, "task step cell context"]:
        """Inner products with cells of the context: each node adds the context's counts of its pattern."""
        table = context.by_pattern
        tasks, steps, cells, _ = self.place.shape
        first = torch.arange(tasks * steps, device=table.device).view(tasks, steps, 1, 1) * self.width
        if not self.place.numel() or not table.numel():
            return table.new_zeros(tasks, steps, cells, table.shape[-1])
        places = (self.place + first).flatten(0, 2)
        return nn.functional.embedding_bag(places, table, mode="sum").view(tasks, steps, cells, -1)

    @cached_property
    def by_pattern(self) -> Float[Tensor, "pattern cell"]:
        """Known patterns of all tasks and steps, one after the other: how often each cell has each; unknown ones 0."""
        counts = self.dense()
        counts[..., -1] = 0
        return counts.mT.flatten(0, 2).contiguous()


def _occurrences(names: Int[Tensor, "*axes node"]) -> Int[Tensor, "*axes node"]:
    """How often each node's name occurs among the nodes of its cell."""
    if names.shape[-1] <= FEW_NODES:
        return (names[..., :, None] == names[..., None, :]).sum(-1)
    ordered = names.sort(-1).values
    return torch.searchsorted(ordered, names, right=True) - torch.searchsorted(ordered, names)


def features_and_side(points: Points) -> Float[Tensor, "task cell feature"]:
    """Graph features and side features, missing ones average."""
    # a missing side feature counts as average: leaving its column out cell by cell would not be a valid kernel
    return torch.cat([points.features, torch.nan_to_num(points.side)], dim=-1)


def _jointly(
    unit: Float[Tensor, "task context feature"], error: Float[Tensor, "task context"]
) -> Float[Tensor, "task feature"]:
    """Squared coefficients of a ridge regression on all features."""
    ridge = RIDGE * torch.eye(error.shape[1], device=error.device)
    dual = torch.linalg.solve(unit @ unit.mT + ridge, error[..., None])[..., 0]
    return torch.einsum("tcf,tc->tf", unit, dual).square()


def _weights(
    alone: Float[Tensor, "task feature"],
    beside: Float[Tensor, "task feature"],
    relevance: Relevance,
    varying: Int[Tensor, " feature"],
    known: Bool[Tensor, "task feature"],
    count: Float[Tensor, "task 1"],
) -> Float[Tensor, "weighing task feature"]:
    """Square roots of shares, from the evidence of each feature alone and beside the others."""
    share = torch.stack([_shares(evidence, power) for evidence in (alone, beside) for power in POWERS])
    return relevance(share, varying, known, count).sqrt()


def _shares(evidence: Float[Tensor, "task feature"], power: float) -> Float[Tensor, "task feature"]:
    """Values above 0 as shares, to a power, that sum to 1."""
    evidence = evidence.clamp(min=0)
    evidence = (evidence / evidence.sum(-1, keepdim=True).clamp(min=TINY)) ** power
    return evidence / evidence.sum(-1, keepdim=True).clamp(min=TINY**2)


def _names(points: Points, mask: Bool[Tensor, "task context"]) -> Int[Tensor, "task step pattern"]:
    """The distinct patterns at the nodes of each task's real cells, ascending."""
    names = points.patterns * mask[..., None, None]
    names = names.permute(0, 2, 1, 3).flatten(2).sort(-1).values
    again = torch.zeros_like(names, dtype=torch.bool)
    again[..., 1:] = names[..., 1:] == names[..., :-1]
    names = names.masked_fill(again | (names == 0), NO_PATTERN).sort(-1).values
    width = int((names != NO_PATTERN).sum(-1).max()) if names.numel() else 0
    return names[..., :width].contiguous()
