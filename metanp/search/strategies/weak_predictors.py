"""The predictors inside WeakNAS: one-hot cells and standardised scores, in the authors' settings.

The authors standardise by the scores of the whole benchmark, which a search does not have; here evaluated scores are
used. Their perceptron is scikit-learn's: this one has its sizes, optimiser and batches, but no weight decay (1e-4
there) and no early stopping when the loss no longer falls.

Source: Wu et al. 2021 (arXiv:2102.10490); settings from github.com/VITA-Group/WeakNAS, file WeakNAS.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from metanp.baselines.networks import MLP, Training
from metanp.baselines.study_trees import StudyTrees
from metanp.contract import About

SOURCE = "Wu et al. 2021, arXiv:2102.10490"


class WeakMLP(MLP):
    """Four layers of 1,000 units, squared errors."""

    about = About("MLP", SOURCE)
    training = Training(epochs=100, batch=200, rate=1e-3)
    layers, width = 4, 1000

    def loss(self, net: Any, read: list[Tensor], value: Float[Tensor, " cell"], batch: Int[Tensor, " item"]) -> Tensor:
        return functional.mse_loss(net(read[0][batch])[:, 0], value[batch])


class WeakForest(StudyTrees):
    """1,000 trees of depth ten."""

    about = About("random forest", SOURCE)
    regressor = "sklearn.ensemble", "RandomForestRegressor"
    settings: Mapping[str, Any] = {"n_estimators": 1000, "max_depth": 10}


class WeakBoosting(StudyTrees):
    """1,000 rounds of trees of depth 20."""

    about = About("XGBoost", SOURCE)
    regressor = "xgboost", "XGBRegressor"
    settings: Mapping[str, Any] = {"n_estimators": 1000, "max_depth": 20}
