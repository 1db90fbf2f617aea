"""GRAF: features of a cell's paths and degrees, for every set of operations; and trees that read them.

For each set S of operations, seven numbers (`FAMILIES`):

    count        operations of S
    shortest     operations on the shortest path from the input to the output that avoids S; where there is none, one
                 more than the cell has nodes between its ends
    most         operations of S on the path that has most of them
    into_output  operations of S that feed the output
    from_input   operations of S that the input feeds
    mean_in      operations of S that feed a node, mean over all nodes
    mean_out     operations of S that a node feeds, mean over all nodes

Cells are read as their benchmark writes them, `none` being an operation that paths lead through like any other. Nodes
on no path are left out; nodes that lie only on paths with a `none` become `none`.

In NAS-Bench-201 and TransNAS-Bench-101 operations lie on the edges between four states. Here they are nodes, which does
not change paths and degrees of the ends; the authors' mean degree of a state is a quarter of `count`, and our mean
degrees are further columns. In all spaces the authors count single operations only, and their path with the most
operations of S is the one with the most operations of S minus those not of S.

The sets are those of the operations that the evaluated cells have: all sets, or for more than five operations those of
up to two (322 columns for the nine of NAS-Bench-Graph). An operation that no evaluated cell has is in no set. Columns
are computed when the evaluated cells of a fit are known, so that they do not depend on which candidates come together.

Axes: cell, node as in `metanp.cell_array`; set of operations; family of numbers.

Source: Kadlecová et al. 2024, "Surprisingly Strong Performance Prediction with Neural Graph Features"
(arXiv:2408.16871); details and settings from the repository zc_combine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32

from metanp.baselines.base import ZScore
from metanp.baselines.base_trees import Trees
from metanp.baselines.inputs import Inputs
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.contract import About
from metanp.distinct import Distinct
from metanp.operations import INPUT, NONE, OUTPUT, VOCABULARY
from metanp.side import Side

FAMILIES = ("count", "shortest", "most", "into_output", "from_input", "mean_in", "mean_out")
FEW = 5  # operations, up to which all sets of them are used: as many as NAS-Bench-201 has
OF_MANY = 2  # operations in a set, where there are more


@dataclass(frozen=True, repr=False)
class SetInputs(Inputs):
    """Cells whose features are computed for the sets of operations of some evaluated cells.

    cells: of each row, without what is unreachable.
    """

    cells: CellArray

    def rows(self, start: int, stop: int) -> SetInputs:
        """Some of the rows, each as one cell."""
        return SetInputs(**{**vars(super().rows(start, stop)), "cells": self.cells[start:stop]})

    def with_side(self, side: Side) -> SetInputs:
        """The same cells, each a row of its own with its side features; unchanged where there are none."""
        if not side:
            return self
        return SetInputs(**{**vars(super().with_side(side)), "cells": self.cells[self.graph]})

    def blocks(self, context: Inputs) -> list[Float32[np.ndarray, "graph column"]]:
        """The numbers of each set of the operations in `context`, then side features."""
        assert isinstance(context, SetInputs)
        features = set_features(self.cells, sets_of(context.cells))
        return [features.reshape(len(features), -1), *super().blocks(context)[1:]]


def graf(cells: Sequence[Cell] | CellArray) -> SetInputs:
    """Cells without what is unreachable, each distinct one once."""
    distinct = Distinct.of(cells, reachable)
    none, side = np.zeros((len(distinct), 0), dtype=np.float32), Side.of(None, len(distinct))
    return SetInputs(distinct.graph, distinct.fingerprint, none, (), side, distinct.array().in_words())


def reachable(cells: CellArray) -> CellArray:
    """Cells without their nodes on no path; nodes that lie only on paths with a `none` become `none`."""
    real = cells.operation >= 0
    there, alive = _on_a_path(cells, real), _on_a_path(cells, real & (cells.operation != NONE))
    ends = (cells.operation == INPUT) | (cells.operation == OUTPUT)
    operation = np.where(ends | alive, cells.operation, np.where(there, NONE, -1))
    return CellArray(operation.astype(cells.operation.dtype), cells.adjacency & there[:, :, None] & there[:, None, :])


def sets_of(cells: CellArray) -> Bool[np.ndarray, "set vocabulary"]:
    """Which operations each set has, of sets of the operations in `cells`; the first is empty."""
    present = np.unique(cells.operation)
    present = present[~np.isin(present, (-1, INPUT, OUTPUT))].tolist()
    largest = len(present) if len(present) <= FEW else OF_MANY
    sets = [s for size in range(largest + 1) for s in combinations(present, size)]
    member = np.zeros((len(sets), len(VOCABULARY)), dtype=bool)
    for i, operations in enumerate(sets):
        member[i, list(operations)] = True
    return member


def set_features(
    cells: CellArray, sets: Bool[np.ndarray, "set vocabulary"]
) -> Float32[np.ndarray, "cell {len(FAMILIES)} set"]:
    """The numbers of `FAMILIES`, of cells that are `reachable`."""
    operation, edge = cells.operation, cells.adjacency
    rows, last = np.arange(len(cells)), (operation == OUTPUT).argmax(1)
    inside = sets.T[operation] & (operation >= 0)[:, :, None]
    shortest, most = _along_paths(cells, inside)
    inner = cells.size - 2
    n = cells.size[:, None]
    features = [
        inside.sum(1),
        np.minimum(shortest[rows, last], inner[:, None] + 1),
        most[rows, last],
        (edge[rows, :, last][:, :, None] & inside).sum(1),
        (edge[:, 0, :, None] & inside).sum(1),
        (edge.sum(2)[:, :, None] * inside).sum(1) / n,
        (edge.sum(1)[:, :, None] * inside).sum(1) / n,
    ]
    return np.stack(features, axis=1).astype(np.float32)


def _along_paths(cells: CellArray, inside: Bool[np.ndarray, "cell node set"]) -> tuple[np.ndarray, np.ndarray]:
    """Fewest operations on a path to each node that avoids a set, and most operations of the set; (cell, node, set)."""
    far = np.int16(cells.operation.shape[1])  # longer than any path: distances are capped here
    shortest, most = np.full(inside.shape, far), np.zeros(inside.shape, dtype=np.int16)
    shortest[:, 0] = 0
    for v in range(1, inside.shape[1]):
        arrives = cells.adjacency[:, :v, v, None]
        step = (cells.operation[:, v, None] != OUTPUT).astype(np.int16)
        nearest = np.where(arrives, shortest[:, :v], far).min(1) + step
        shortest[:, v] = np.where(inside[:, v], far, nearest)
        most[:, v] = np.where(arrives, most[:, :v], 0).max(1) + inside[:, v]
    return shortest, most


def _on_a_path(cells: CellArray, passes: Bool[np.ndarray, "cell node"]) -> Bool[np.ndarray, "cell node"]:
    """Nodes on a path from the input to the output through such nodes alone."""
    edge, width = cells.adjacency, passes.shape[1]
    forward, backward = np.zeros_like(passes), cells.operation == OUTPUT
    forward[:, 0] = True
    for v in range(1, width):
        forward[:, v] = passes[:, v] & (edge[:, :v, v] & forward[:, :v]).any(1)
    for u in range(width - 2, -1, -1):
        backward[:, u] |= passes[:, u] & (edge[:, u, u + 1 :] & backward[:, u + 1 :]).any(1)
    return forward & backward


class GRAFTrees(Trees):
    """No standard deviation.

    The authors do not transform scores; trees of squared errors learn the same from standardised ones.
    """

    read = staticmethod(graf)
    transform = ZScore
    knows_std = False

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        # many sets split the evaluated cells equally well: rounding errors of the unit must not decide
        super()._fit(context, np.round(value, 9))


class GRAFForest(GRAFTrees):
    """A hundred trees, scikit-learn's own settings."""

    about = About("GRAF + random forest", "Kadlecová et al. 2024 (arXiv:2408.16871)")
    regressor = "sklearn.ensemble", "RandomForestRegressor"
    settings: Mapping[str, Any] = {"n_estimators": 100}


class GRAFXGBoost(GRAFTrees):
    """Ten thousand small steps, the authors' "XGB+"; no early stopping.

    The first step starts far below all scores, as the authors' does, at .5 where accuracies are about 90 percent.
    Starting at the mean, where the library starts now, is worse: tau .701 and .785 instead of .711 and .812 at 20 and
    50 labels of NAS-Bench-Macro, six label sets; -10, -50 and the authors' own scale are alike.
    """

    about = About("GRAF + XGBoost", "Kadlecová et al. 2024 (arXiv:2408.16871)")
    regressor = "xgboost", "XGBRegressor"
    settings: Mapping[str, Any] = {
        "n_estimators": 10_000,
        "learning_rate": 0.01,
        "subsample": 0.9,
        "tree_method": "hist",
        "base_score": -50.0,  # standard deviations of the scores
    }
