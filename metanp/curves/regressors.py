"""Four regressors for features of curves, each with settings that are drawn at random.

    ols          least squares; of all exact solutions, the one of minimum norm
    forest       random forest: 10 to 800 trees, .1 to .5 of the features a split
    svr_linear   nu-SVR, C 1e-5 to 10 (log), nu 0 to 1
    svr_rbf      the same with a radial kernel, gamma 1e-5 to 10 (log)

Features and target are standardised by those of training. The best of some random settings is chosen by 3-fold
cross-validation, the usual one among them. scikit-learn is imported when something is fitted.

Sources: Baker et al. 2018 (arXiv:1705.10823) for the regressors; the ranges are those of NASLib's `lcsvr.py` and of the
code of Ru et al. 2021, which say that they are Baker's.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float64

from metanp.libraries import library

Table = Float64[np.ndarray, "config feature"]
Column = Float64[np.ndarray, " config"]
FOLDS = 3  # of the choice of settings
LEAST_NU = 1e-3  # nu = 0 has no solution
MOST_ITERATIONS = 20_000  # of libsvm: settings that would take longer are poor ones


class Regressor(ABC):
    """Settings in, something with `fit` and `predict` out; `usual` are tried first."""

    libraries: tuple[str, ...] = ("sklearn",)
    usual: Mapping[str, Any] = {}

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """Random settings."""

    @abstractmethod
    def make(self, settings: Mapping[str, Any], seed: int) -> Any:
        """An unfitted model."""


class OLS(Regressor):
    """Has no settings."""

    libraries = ()

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {}

    def make(self, settings: Mapping[str, Any], seed: int) -> Any:
        return MinimumNorm()


class Forest(Regressor):
    usual: Mapping[str, Any] = {"n_estimators": 100, "max_features": 1 / 3}

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"n_estimators": int(rng.integers(10, 801)), "max_features": float(rng.uniform(0.1, 0.5))}

    def make(self, settings: Mapping[str, Any], seed: int) -> Any:
        return library("sklearn.ensemble", "curves").RandomForestRegressor(**settings, random_state=seed)


class SVR(Regressor):
    usual: Mapping[str, Any] = {"C": 1.0, "nu": 0.5}

    def __init__(self, kernel: str):
        self.kernel = kernel

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        settings = {"C": float(10 ** rng.uniform(-5, 1)), "nu": float(rng.uniform(LEAST_NU, 1))}
        return settings | ({"gamma": float(10 ** rng.uniform(-5, 1))} if self.kernel == "rbf" else {})

    def make(self, settings: Mapping[str, Any], seed: int) -> Any:
        return library("sklearn.svm", "curves").NuSVR(kernel=self.kernel, max_iter=MOST_ITERATIONS, **settings)


REGRESSORS: dict[str, Regressor] = {
    "ols": OLS(),
    "forest": Forest(),
    "svr_linear": SVR("linear"),
    "svr_rbf": SVR("rbf"),
}


class MinimumNorm:
    """Least squares with an intercept; more features than rows give the exact solution of minimum norm."""

    def fit(self, x: Table, y: Column) -> MinimumNorm:
        self.centre, self.intercept = x.mean(0), float(y.mean())
        self.weight = np.linalg.lstsq(x - self.centre, y - self.intercept, rcond=None)[0]
        return self

    def predict(self, x: Table) -> Column:
        return self.intercept + (x - self.centre) @ self.weight


class Standardised:
    """A model that sees features and target standardised, and answers in the unit of the target."""

    def __init__(self, model: Any):
        self.model = model

    def fit(self, x: Table, y: Column) -> Standardised:
        self.centre, scale = x.mean(0), x.std(0)
        self.scale = np.where(scale > 1e-12 * np.abs(self.centre).clip(1e-300), scale, 1.0)
        self.offset, self.unit = float(y.mean()), float(y.std()) or 1.0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # settings that do not converge lose in the cross-validation
            self.model.fit((x - self.centre) / self.scale, (y - self.offset) / self.unit)
        return self

    def predict(self, x: Table) -> Column:
        return self.offset + self.unit * self.model.predict((x - self.centre) / self.scale)


def choose(regressor: Regressor, x: Table, y: Column, draws: int, rng: np.random.Generator) -> dict[str, Any]:
    """The settings with the highest R^2 in `FOLDS`-fold cross-validation, averaged over folds.

    Each fold's R^2 is relative to its own spread, so that one far curve does not decide for all: on NAS-Bench-NLP,
    whose losses have heavy tails, the error over all folds together chose worse.
    """
    settings = [dict(regressor.usual), *(regressor.draw(rng) for _ in range(draws))]
    if len(y) < 2 * FOLDS or len(settings) == 1 or not settings[-1]:
        return settings[0]
    fold = rng.permutation(len(y)) % FOLDS
    return max(settings, key=lambda one: _mean_r2(y, held_out(regressor, one, x, y, fold), fold))


def _mean_r2(truth: Column, found: Column, fold: np.ndarray) -> float:
    """R^2 of each fold, averaged; a fold whose truths are all equal says nothing."""
    scores = []
    for number in np.unique(fold):
        true, error = truth[fold == number], (truth - found)[fold == number]
        if spread := ((true - true.mean()) ** 2).sum():
            scores.append(1 - (error**2).sum() / spread)
    return float(np.mean(scores)) if scores else 0.0


def held_out(regressor: Regressor, settings: Mapping[str, Any], x: Table, y: Column, fold: np.ndarray) -> Column:
    """What each row is predicted by a model that was fitted on the other folds; `fold` says which one a row is in."""
    found = np.empty(len(y))
    for number in np.unique(fold):
        out = fold == number
        found[out] = Standardised(regressor.make(settings, 0)).fit(x[~out], y[~out]).predict(x[out])
    return found
