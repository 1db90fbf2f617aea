"""Boosted trees and a random forest on graph features and Weisfeiler-Lehman counts of the pruned cell.

Settings were chosen for 20 to 100 labels on NAS-Bench-Macro, NAS-Bench-Graph, TransNAS-Bench-101 and NAS-Bench-101.
Mean Kendall tau over these benchmarks and 20, 50 and 100 labels:

    XGBoost  .646 as below; .641 trees of depth 3, .643 subtrees of one step, .632 features alone, .622 hashed counts
             too, .493 one-hot cells
    forest   .638 as below; .635 with 100 trees, .627 features alone, .619 hashed counts too, .477 one-hot cells

Source: Chen & Guestrin 2016 (XGBoost); Breiman 2001 (random forests).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.baselines.base import Baseline, Moments, library
from metanp.baselines.inputs import Inputs


class Trees(Baseline):
    """Args: seed: of the subsamples. n_jobs: threads."""

    def __init__(self, seed: int = 0, n_jobs: int = 1):
        super().__init__(seed)
        self.n_jobs = n_jobs

    def _make(self) -> Any:
        """The unfitted regressor."""
        raise NotImplementedError

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        self._regressor = self._make().fit(self._table(context)[context.graph], value)

    def _predict(self, inputs: Inputs) -> Moments:
        return self._regressor.predict(self._table(inputs)).astype(np.float64), None

    def _table(self, inputs: Inputs) -> Float[np.ndarray, "graph column"]:
        return np.concatenate(inputs.blocks(self._context), axis=1)


class XGBoost(Trees):
    """Many small steps of stumpy trees; no standard deviation."""

    def _make(self) -> Any:
        return library("xgboost").XGBRegressor(
            n_estimators=400,
            learning_rate=0.05,
            max_depth=2,
            subsample=0.8,
            colsample_bynode=0.3,
            n_jobs=self.n_jobs,
            random_state=self.seed,
        )


class RandomForest(Trees):
    """`std` is the spread of the trees."""

    def _make(self) -> Any:
        return library("sklearn.ensemble").RandomForestRegressor(
            n_estimators=300, max_features=1 / 3, n_jobs=self.n_jobs, random_state=self.seed
        )

    def _predict(self, inputs: Inputs) -> Moments:
        table = self._table(inputs)
        trees = np.stack([tree.predict(table) for tree in self._regressor.estimators_])
        return trees.mean(0), trees.std(0)
