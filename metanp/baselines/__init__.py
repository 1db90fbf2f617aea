"""Ordinary predictors to be better than, with scikit-learn's conventions and cells in.

    from metanp.baselines.gaussian_process import WLGaussianProcess
    WLGaussianProcess(seed=0).fit(cells, score).predict(candidates, return_std=True)

Each keeps to `metanp.contract`: it says of itself what it is, what it reads and whose it is (`about`), and which
`libraries` it needs (scikit-learn, XGBoost, LightGBM, NGBoost, GPyTorch). These are in the extra `[research]` and are
imported by `fit`, so that the modules here import without them.
"""

from metanp.baselines.base import Baseline
from metanp.baselines.inputs import Inputs
from metanp.contract import About

__all__ = ["About", "Baseline", "Inputs"]
