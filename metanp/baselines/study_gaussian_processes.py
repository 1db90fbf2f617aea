"""Gaussian processes as White et al. ran them: one-hot adjacency, standardised scores, 200 steps of Adam.

One length scale for all columns, started where the study starts it; the stronger processes of this project are in
`metanp.baselines.gaussian_process`. The two sparse ones represent the evaluated cells by ten inducing points, which
Adam moves too. They start at ten of the evaluated cells, drawn at random; the study put them on the diagonal of the
cube, the same value in every column, where no cell is.

Source: White et al. 2021, "How Powerful are Performance Predictors in Neural Architecture Search?" (arXiv:2104.01177);
settings from the NASLib repository, folder naslib/predictors/gp, which runs Pyro. Here GPyTorch does
(`metanp.baselines.gpytorch_models`).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from metanp.baselines.base import Baseline, Moments, ZScore, library
from metanp.baselines.encodings import adjacency
from metanp.baselines.inputs import Inputs
from metanp.contract import About

INDUCING = 10


class GPyTorchProcess(Baseline):
    """`std` is of a new measurement, noise included. A subclass defines the process."""

    libraries = ("gpytorch",)
    read = staticmethod(adjacency)
    transform = ZScore

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        library("gpytorch")
        from metanp.baselines import gpytorch_models

        x, y = self._points(context)[context.graph], torch.from_numpy(value)
        with torch.random.fork_rng(devices=[]):  # GPyTorch draws starting values, even where it multiplies them by zero
            self._model, objective = self._make(gpytorch_models, x, y)
            gpytorch_models.train(self._model, objective, x, y)

    @property
    def model(self) -> Any:
        """The fitted process, one of `metanp.baselines.gpytorch_models`, with its kernel and its likelihood.

        Raises:
            NotFittedError: before `fit`.
        """
        self.check_fitted()
        return self._model

    def _predict(self, inputs: Inputs) -> Moments:
        from metanp.baselines.gpytorch_models import predict

        mean, std = predict(self._model, self._points(inputs))
        return mean.numpy(), std.numpy()

    @abstractmethod
    def _make(self, models: Any, x: Float64[Tensor, "cell column"], y: Float64[Tensor, " cell"]) -> tuple[Any, Any]:
        """The unfitted process, one of `metanp.baselines.gpytorch_models`, and the objective to maximise."""

    def _points(self, inputs: Inputs) -> Float64[Tensor, "graph column"]:
        return torch.from_numpy(np.concatenate(inputs.blocks(self._context), axis=1, dtype=np.float64))


class StudyGaussianProcess(GPyTorchProcess):
    """Exact posterior; the priors on length scale and variance are log-normal about 1."""

    about = About("GP", "Rasmussen & Williams 2006; as run by White et al. 2021")

    def _make(self, models: Any, x: Float64[Tensor, "cell column"], y: Float64[Tensor, " cell"]) -> tuple[Any, Any]:
        return models.exact(x, y)


class SparseGaussianProcess(GPyTorchProcess):
    """Ten inducing points, the distribution of their values in closed form; no priors on the hyper-parameters."""

    about = About("Sparse GP", "Titsias 2009; as run by White et al. 2021")

    def _make(self, models: Any, x: Float64[Tensor, "cell column"], y: Float64[Tensor, " cell"]) -> tuple[Any, Any]:
        return models.sparse(x, y, inducing_points(x, self.seed))


class VariationalSparseGaussianProcess(GPyTorchProcess):
    """Ten inducing points, the distribution of their values found by Adam too; no priors on the hyper-parameters."""

    about = About("Variational sparse GP", "Hensman et al. 2013; as run by White et al. 2021")

    def _make(self, models: Any, x: Float64[Tensor, "cell column"], y: Float64[Tensor, " cell"]) -> tuple[Any, Any]:
        return models.variational(y, inducing_points(x, self.seed))


def inducing_points(x: Float64[Tensor, "cell column"], seed: int) -> Float64[Tensor, "inducing column"]:
    """Evaluated cells to start from, no two alike; all of them where there are no more."""
    distinct = torch.unique(x, dim=0)
    return distinct[np.random.default_rng(seed).permutation(len(distinct))[:INDUCING]]
