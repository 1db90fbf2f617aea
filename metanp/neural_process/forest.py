"""A random forest grown on a context, whose leaves are a kernel: cells are as alike as the share of trees they share.

Greedy cuts of single features see thresholds and interactions that a smooth kernel blurs. The forest decides only which
cells are alike: the share of trees in which two fall into the same leaf is a positive definite kernel, on which heads
condition exactly as on any other.

Axes: task; context, its evaluated cells; cell, any; feature; tree; node, of a tree.

Sources: random forests, Breiman 2001, as scikit-learn grows them; leaves as a kernel, Davies & Ghahramani 2014
(arXiv:1402.4293).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from metanp.brief import brief

TREES = 50
FEWEST = 8  # evaluated cells; fewer are one leaf
DIGITS = 4  # of scores, which differ by less only by rounding
BESIDE = 1e-4  # a cut lies halfway between evaluated cells, where other cells may lie: rounding must not decide
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
        cut, below, above = (
            np.stack([[_padded(getattr(tree, name), nodes) for tree in task] for task in trees])
            for name in ("feature", "left", "right")
        )
        threshold = np.stack([[np.resize(tree.threshold, nodes) for tree in task] for task in trees])
        leaf, own = below < 0, np.arange(nodes)
        numbers = (np.where(leaf, 0, cut), np.where(leaf, own, below), np.where(leaf, own, above))
        feature, left, right = (torch.from_numpy(each).to(x.device).long() for each in numbers)
        depth = max(tree.depth for task in trees for tree in task)
        return cls(feature, torch.from_numpy(threshold).to(x), left, right, depth)

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

    def none(self) -> Forest:
        """No tree."""
        return Forest(self.feature[:, :0], self.threshold[:, :0], self.left[:, :0], self.right[:, :0], 0)

    @property
    def width(self) -> int:
        """Numbers of leaves are below this."""
        return self.feature.shape[1] * self.feature.shape[2]


class _Tree(NamedTuple):
    """As scikit-learn writes trees: -1 for the nodes below a leaf."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    depth: int


def _trees(x: Float[np.ndarray, "cell feature"], score: Float[np.ndarray, " cell"]) -> tuple[_Tree, ...]:
    """Of one task, from the features in which its cells differ; in an order of cells that depends on their contents
    alone, as a tree draws them by their place."""
    differ = np.flatnonzero(x.max(0, initial=-np.inf) > x.min(0, initial=np.inf))
    if len(score) < FEWEST or not len(differ):
        none = np.array([-1])
        return (_Tree(none, none, none, none, 0),) * TREES
    x, score = x[:, differ], score.round(DIGITS)
    order = np.lexsort((*x.T, score))
    return _grown(x[order].tobytes(), score[order].tobytes(), differ.tobytes())


@functools.lru_cache(maxsize=8)
def _grown(x: bytes, score: bytes, differ: bytes) -> tuple[_Tree, ...]:
    """Kept: a fit may condition on the same cells several times."""
    from sklearn.ensemble import RandomForestRegressor  # takes a second: nothing else here needs it

    table, y, place = np.frombuffer(x), np.frombuffer(score), np.frombuffer(differ, dtype=np.intp)
    fitted = RandomForestRegressor(**SETTINGS).fit(table.reshape(len(y), -1), y)
    trees = [one.tree_ for one in fitted.estimators_]
    return tuple(
        _Tree(
            place[np.maximum(t.feature, 0)], t.threshold + BESIDE, t.children_left, t.children_right, int(t.max_depth)
        )
        for t in trees
    )


def _padded(numbers: np.ndarray, nodes: int) -> np.ndarray:
    return np.pad(numbers, (0, nodes - len(numbers)), constant_values=-1)
