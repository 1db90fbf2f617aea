"""Ordinary predictors to compare with: scikit-learn's conventions, cells as input.

    from metanp.baselines.gaussian_process import WLGaussianProcess
    WLGaussianProcess(seed=0).fit(cells, score).predict(candidates, return_std=True)

Each follows `metanp.contract`: `about` says what it is, what it reads and who proposed it, `libraries` what it needs
(scikit-learn, XGBoost, LightGBM, NGBoost, GPyTorch). These are in the extra `[research]` and are imported by `fit`, so
that the modules here import without them.
"""

from metanp.baselines.base import Baseline
from metanp.baselines.inputs import Inputs
from metanp.contract import About

__all__ = ["About", "Baseline", "Inputs"]
