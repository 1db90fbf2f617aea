"""Ordinary predictors to be better than, with scikit-learn's conventions and cells in.

    from metanp.baselines.gaussian_process import WLGaussianProcess
    WLGaussianProcess(seed=0).fit(cells, score).predict(candidates, return_std=True)

Each class says of itself what it is, what it reads and whose it is (`about`). Their libraries (scikit-learn, XGBoost,
LightGBM, NGBoost, GPyTorch) are in the extra `[research]` and are imported by `fit`, so that the modules here import
without them.
"""

from metanp.baselines.base import About, Baseline
from metanp.baselines.inputs import Inputs

__all__ = ["About", "Baseline", "Inputs"]
