"""Boosted trees and a random forest on graph features and Weisfeiler-Lehman counts of the pruned cell.

Settings were chosen on NAS-Bench-Macro, NAS-Bench-Graph, TransNAS-Bench-101 and NAS-Bench-101: mean Kendall tau over
these benchmarks, 20, 50 and 100 labels, and three label sets each (differences below .005 are noise):

    XGBoost  .646 as it is; .643 with counts of one step only, .641 those and trees of depth 3, .632 features alone,
             .623 hashed counts, .493 one-hot cells
    forest   .638 with counts of one step, .635 the same with 100 trees, .627 features alone, .619 hashed counts,
             .477 one-hot cells

Source: Chen & Guestrin 2016 (XGBoost); Breiman 2001 (random forests).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from metanp.baselines.base import Moments
from metanp.baselines.base_trees import Trees
from metanp.baselines.computed import computed
from metanp.baselines.inputs import Inputs
from metanp.contract import About


class XGBoost(Trees):
    """Many small steps of shallow trees; no standard deviation."""

    about = About("XGBoost", "Chen & Guestrin 2016, on this project's features")
    read = staticmethod(computed)
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
    read = staticmethod(computed)
    regressor = "sklearn.ensemble", "RandomForestRegressor"
    settings: Mapping[str, Any] = {"n_estimators": 300, "max_features": 1 / 3}

    def _predict(self, inputs: Inputs) -> Moments:
        table = self._table(inputs)  # float32, as the trees require: calling them directly skips 300 checks
        trees = np.stack([tree.tree_.predict(table)[:, 0] for tree in self._regressor.estimators_])
        return trees.mean(0), trees.std(0)
