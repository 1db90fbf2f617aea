"""A random forest grown on a context, whose leaves are a kernel: cells are as alike as the share of trees they share.

Greedy cuts of single features see thresholds and interactions that a smooth kernel blurs. The forest decides only which
cells are alike: the share of trees in which two fall into the same leaf is a positive definite kernel, on which heads
condition exactly as on any other.

Axes: task; context, its evaluated cells; cell, any; feature; tree; node, of a tree.

Sources: random forests, Breiman 2001, as scikit-learn grows them; leaves as a kernel, Davies & Ghahramani 2014
(arXiv:1402.4293).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from sklearn.ensemble import RandomForestRegressor
from torch import Tensor

from metanp.brief import brief

TREES = 50
FEWEST = 8  # evaluated cells; fewer are one leaf
SETTINGS = {"n_estimators": TREES, "max_features": 1 / 3, "min_samples_leaf": 2, "random_state": 0}


@dataclass(frozen=True)
class Forest:
    """Grown trees. A cell goes left where its feature is at most the threshold.

    left, right: numbers of the nodes below; the node itself where it is a leaf. depth: of the deepest tree.
    """

    feature: Int[Tensor, "task tree node"]
    threshold: Float[Tensor, "task tree node"]
    left: Int[Tensor, "task tree node"]
    right: Int[Tensor, "task tree node"]
    depth: int

    __repr__ = brief

    @classmethod
    @torch.no_grad()
    def grown(
        cls,
        x: Float[Tensor, "task context feature"],
        score: Float[Tensor, "task context"],
        mask: Bool[Tensor, "task context"],
    ) -> Forest:
        """On the evaluated cells; rows where `mask` is False have no influence, the order of the others has none."""
        tables, scores, real = (one.detach().cpu().double().numpy() for one in (x, score, mask))
        trees = [_trees(table[row > 0], y[row > 0]) for table, y, row in zip(tables, scores, real, strict=True)]
        nodes = max(len(tree.feature) for task in trees for tree in task)
        feature, left, right = (
            np.stack([[_padded(getattr(tree, name), nodes) for tree in task] for task in trees])
            for name in ("feature", "children_left", "children_right")
        )
        threshold = np.stack([[np.resize(tree.threshold, nodes) for tree in task] for task in trees])
        leaf, own = left < 0, np.arange(nodes)
        numbers = (np.where(leaf, 0, feature), np.where(leaf, own, left), np.where(leaf, own, right))
        cut, below, above = (torch.from_numpy(each).to(x.device).long() for each in numbers)
        depth = max(tree.max_depth for task in trees for tree in task)
        return cls(cut, torch.from_numpy(threshold).to(x), below, above, depth)

    @torch.no_grad()
    def leaves(self, x: Float[Tensor, "task cell feature"]) -> Int[Tensor, "task cell tree"]:
        """The leaf of each cell in each tree, by a number that no other tree uses."""
        tasks, trees, nodes = self.feature.shape
        node = torch.zeros(tasks, trees, x.shape[1], dtype=torch.long, device=x.device)
        row = torch.arange(x.shape[1], device=x.device) * x.shape[2]
        for _ in range(self.depth):
            value = x.flatten(1).gather(1, (row + self.feature.gather(2, node)).flatten(1)).view(node.shape)
            goes_left = value <= self.threshold.gather(2, node)
            node = torch.where(goes_left, self.left.gather(2, node), self.right.gather(2, node))
        return (node + torch.arange(trees, device=x.device)[:, None] * nodes).mT

    @property
    def width(self) -> int:
        """Numbers of leaves are below this."""
        return self.feature.shape[1] * self.feature.shape[2]


@dataclass(frozen=True)
class _Root:
    """A tree without a cut, as scikit-learn writes trees."""

    feature = threshold = children_left = children_right = np.array([-1])
    max_depth = 0


def _trees(x: Float[np.ndarray, "cell feature"], score: Float[np.ndarray, " cell"]) -> Sequence:
    """Of one task; cells in an order that depends on their contents alone, as a tree draws them by their place."""
    if len(score) < FEWEST or not x.shape[1]:
        return [_Root()] * TREES
    order = np.lexsort((*x.T, score))
    return [one.tree_ for one in RandomForestRegressor(**SETTINGS).fit(x[order], score[order]).estimators_]


def _padded(numbers: np.ndarray, nodes: int) -> np.ndarray:
    return np.pad(numbers, (0, nodes - len(numbers)), constant_values=-1)
