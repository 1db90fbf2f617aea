"""Boosted trees and a random forest on graph features and Weisfeiler-Lehman counts of the pruned cell.

Settings were chosen on NAS-Bench-Macro, NAS-Bench-Graph, TransNAS-Bench-101 and NAS-Bench-101: mean Kendall tau over
these benchmarks, 20, 50 and 100 labels, and three label sets each (differences below .005 are noise):

    XGBoost  .646 as below; .643 with counts of one step only, .641 those and trees of depth 3, .632 features alone,
             .623 hashed counts, .493 one-hot cells
    forest   .638 with counts of one step, .635 the same with 100 trees, .627 features alone, .619 hashed counts,
             .477 one-hot cells

Source: Chen & Guestrin 2016 (XGBoost); Breiman 2001 (random forests).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.baselines.base import About, Baseline, Moments, library
from metanp.baselines.inputs import Inputs


class Trees(Baseline):
    """Args: seed: of the subsamples. n_jobs: threads.

    A subclass says which library's regressor it is, and its settings.
    """

    regressor: tuple[str, str]  # module and class
    settings: Mapping[str, Any]

    def __init__(self, seed: int = 0, n_jobs: int = 1):
        super().__init__(seed)
        self.n_jobs = n_jobs

    def _make(self, cells: int) -> Any:
        """The unfitted regressor for so many evaluated cells."""
        module, name = self.regressor
        return getattr(library(module), name)(**self.settings, n_jobs=self.n_jobs, random_state=self.seed)

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        self._regressor = self._make(len(value)).fit(self._table(context)[context.graph], value)

    def _predict(self, inputs: Inputs) -> Moments:
        return self._regressor.predict(self._table(inputs)).astype(np.float64), None

    def _table(self, inputs: Inputs) -> Float[np.ndarray, "graph column"]:
        return np.concatenate(inputs.blocks(self._context), axis=1)


class XGBoost(Trees):
    """Many small steps of stumpy trees; no standard deviation."""

    about = About("XGBoost", "Chen & Guestrin 2016, on this project's features")
    knows_std = False
    regressor = "xgboost", "XGBRegressor"
    settings: Mapping[str, Any] = {
        "n_estimators": 400,
        "learning_rate": 0.05,
        "max_depth": 2,
        "subsample": 0.8,
        "colsample_bynode": 0.3,
    }


class RandomForest(Trees):
    """`std` is the spread of the trees."""

    about = About("random forest", "Breiman 2001, on this project's features")
    regressor = "sklearn.ensemble", "RandomForestRegressor"
    settings: Mapping[str, Any] = {"n_estimators": 300, "max_features": 1 / 3}

    def _predict(self, inputs: Inputs) -> Moments:
        table = self._table(inputs)  # float32, as the trees themselves want it: asking them directly skips 300 checks
        trees = np.stack([tree.tree_.predict(table)[:, 0] for tree in self._regressor.estimators_])
        return trees.mean(0), trees.std(0)
