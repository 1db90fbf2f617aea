"""Ordinary predictors to be better than, with scikit-learn's conventions and cells in.

    BASELINES["gp_wl"](seed=0).fit(cells, score).predict(candidates, return_std=True)

Their libraries (scikit-learn, XGBoost, LightGBM, NGBoost) are in the extra `[research]` and are imported by `fit`, so
that this package imports without them.
"""

from metanp.baselines.base import Baseline
from metanp.baselines.gaussian_process import OneHotGaussianProcess, WLGaussianProcess
from metanp.baselines.inputs import Inputs
from metanp.baselines.random_order import RandomOrder
from metanp.baselines.study_trees import StudyForest, StudyLightGBM, StudyNGBoost, StudyXGBoost
from metanp.baselines.trees import RandomForest, XGBoost

__all__ = ["BASELINES", "Baseline", "Inputs"]

BASELINES: dict[str, type[Baseline]] = {
    "gp_onehot": OneHotGaussianProcess,
    "gp_wl": WLGaussianProcess,
    "xgboost": XGBoost,
    "random_forest": RandomForest,
    "study_random_forest": StudyForest,
    "study_xgboost": StudyXGBoost,
    "study_lightgbm": StudyLightGBM,
    "study_ngboost": StudyNGBoost,
    "random": RandomOrder,
}
