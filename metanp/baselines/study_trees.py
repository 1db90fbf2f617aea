"""Tree ensembles as White et al. ran them: one-hot adjacency, standardised scores, the settings of their NASLib.

No early stopping and no split of the labels, as in the study. `metanp.baselines.trees` has the stronger forest and
boosted trees of this project, on graph features, with settings for few labels.

Source: White et al. 2021, "How Powerful are Performance Predictors in Neural Architecture Search?" (arXiv:2104.01177);
settings from the NASLib repository, folder naslib/predictors/trees. LightGBM as a predictor: Luo et al. 2020
(arXiv:2007.04785); NGBoost: Duan et al. 2020 (arXiv:1910.03225); the forest and NGBoost were tuned by Siems et al. 2020
(arXiv:2008.09777).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.baselines.base import Moments, ZScore, library
from metanp.baselines.base_trees import Trees
from metanp.baselines.encodings import adjacency
from metanp.baselines.inputs import Inputs
from metanp.contract import About


class StudyTrees(Trees):
    """One-hot adjacency and standardised scores; no standard deviation unless a subclass gives one."""

    read = staticmethod(adjacency)
    transform = ZScore
    knows_std = False


class StudyForest(StudyTrees):
    """116 trees, each on all evaluated cells, a sixth of the columns at each split."""

    about = About("random forest, one-hot cells", "Breiman 2001; as in arXiv:2104.01177")
    regressor = "sklearn.ensemble", "RandomForestRegressor"
    settings: Mapping[str, Any] = {
        "n_estimators": 116,
        "max_features": 0.17055852159745608,
        "min_samples_leaf": 2,
        "min_samples_split": 2,
        "bootstrap": False,
    }


class StudyXGBoost(StudyTrees):
    """500 rounds of trees of depth six."""

    about = About("XGBoost, one-hot cells", "Chen & Guestrin 2016; as in arXiv:2104.01177")
    regressor = "xgboost", "XGBRegressor"
    settings: Mapping[str, Any] = {"n_estimators": 500, "max_depth": 6, "min_child_weight": 1, "learning_rate": 0.3}


class StudyLightGBM(StudyTrees):
    """500 rounds of up to 31 leaves of at least five cells: below ten cells it predicts their mean."""

    about = About("LightGBM, one-hot cells", "Luo et al. 2020, arXiv:2007.04785; as in arXiv:2104.01177")
    fewest_labels = 2
    regressor = "lightgbm", "LGBMRegressor"
    settings: Mapping[str, Any] = {
        "n_estimators": 500,
        "num_leaves": 31,
        "min_child_samples": 5,
        "learning_rate": 0.05,
        "colsample_bytree": 0.9,
        "subsample": 0.8,
        "subsample_freq": 5,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }


class StudyNGBoost(StudyTrees):
    """505 rounds of natural gradient boosting of a normal distribution; `std` is that of a new measurement."""

    about = About("NGBoost, one-hot cells", "Duan et al. 2020, arXiv:1910.03225; as in arXiv:2104.01177")
    knows_std = True
    fewest_labels = 2
    libraries = "ngboost", "sklearn.tree"
    settings: Mapping[str, Any] = {
        "n_estimators": 505,
        "learning_rate": 0.08127053060223186,
        "minibatch_frac": 0.5081694143793387,
        "max_depth": 6,
        "max_features": 0.7920456318712875,
        "min_samples_leaf": 15,
        "min_samples_split": 20,
    }

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        self._all_equal = not np.ptp(value)
        if not self._all_equal:  # a normal distribution without spread has no gradient
            super()._fit(context, value)

    def _make(self, cells: int) -> Any:
        settings = dict(self.settings)
        # the study's criterion, Friedman's, is that of squared errors in this library
        tree = library("sklearn.tree").DecisionTreeRegressor(
            max_depth=settings.pop("max_depth"),
            max_features=settings.pop("max_features"),
            min_samples_leaf=min(max(cells // 2, 1), settings.pop("min_samples_leaf")),
            min_samples_split=min(max(cells // 2, 2), settings.pop("min_samples_split")),
            random_state=self.seed,
        )
        return library("ngboost").NGBRegressor(Base=tree, **settings, verbose=False, random_state=self.seed)

    def _predict(self, inputs: Inputs) -> Moments:
        if self._all_equal:
            return np.zeros(inputs.n_rows), np.zeros(inputs.n_rows)
        normal = self._regressor.pred_dist(self._table(inputs))
        return normal.loc, normal.scale
