"""Gaussian processes on cells, hyper-parameters by marginal likelihood: the baselines to beat.

One reads the cell as it is written, one-hot; the other graph features and Weisfeiler-Lehman counts of the pruned cell.
Each block of inputs is centred and scaled by the evaluated cells to squared distances of about one, and gets a length
scale of its own (`metanp.baselines.block_kernel`). With so few labels the marginal likelihood has flat directions; a
wide normal prior on the log hyper-parameters, centred at the start, keeps them within bounds.

Chosen on NAS-Bench-Macro, NAS-Bench-Graph, TransNAS-Bench-101 and NAS-Bench-101: mean Kendall tau over these
benchmarks, 20, 50 and 100 labels, and four label sets each. .657 as implemented; .653 with counts hashed to 512; .652
without the plain features, only their square roots. With square roots and hashed counts .647; without the prior .642,
on standardised instead of transformed scores .609. A rational quadratic or Matern kernel, more restarts, and subtrees
of three steps or along the edges alone were level. One-hot cells: .532.

Source: Rasmussen & Williams 2006, chapters 2 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.special import ndtri

from metanp.baselines.base import Answer, Baseline, Moments, library
from metanp.baselines.computed import computed
from metanp.baselines.encodings import adjacency
from metanp.baselines.inputs import Inputs
from metanp.brief import brief
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.contract import About
from metanp.predicted import Predicted
from metanp.torch_state import usual_torch

RESTARTS = 2  # besides the start itself
PRIOR_PRECISION = 0.3  # of each log hyper-parameter: a standard deviation of 1.8, a factor of 6
JITTER = 1e-6


class GaussianProcess(Baseline):
    """Exact posterior; `std` is of a new measurement, noise included."""

    knows_distribution = True
    libraries = "sklearn.gaussian_process", "threadpoolctl"

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        kernels = library("sklearn.gaussian_process.kernels")
        regressor = library("sklearn.gaussian_process").GaussianProcessRegressor
        from metanp.baselines.block_kernel import BOUNDS, BlockKernel

        blocks = [block[context.graph] for block in self._blocks(context)]
        self._centre = [block.mean(0) for block in blocks]
        self._scale = [_scale(block) for block in blocks]
        sizes = tuple(block.shape[1] for block in blocks)
        kernel = BlockKernel(sizes, weight=[1 / len(sizes)] * len(sizes)) + kernels.WhiteKernel(0.1, BOUNDS)
        search = partial(_most_probable, rng=np.random.default_rng(self.seed))
        self._regressor = regressor(kernel, alpha=JITTER, optimizer=search, copy_X_train=False)
        with _one_thread():
            self._regressor.fit(self._points(context)[context.graph], value)

    @property
    def hyper_parameters(self) -> dict[str, Any]:
        """What the marginal likelihood chose, for scores in the units of the score transform.

        `constant`, `amplitude` and `linear` are variances: of a constant, of the squared exponential and of the linear
        part; `weight` is one over the squared length scale of each block of inputs, `noise` the variance of a
        measurement.

        Raises:
            NotFittedError: before `fit`.
        """
        self.check_fitted()
        found = self._regressor.kernel_.get_params()
        names = ("constant", "amplitude", "linear", "weight")
        return {name: found[f"k1__{name}"] for name in names} | {"noise": found["k2__noise_level"]}

    def _predict(self, inputs: Inputs) -> Moments:
        mean, std = self._latent(inputs)
        return mean, std

    @usual_torch()
    def predict_distribution(self, cells: Iterable[Cell] | CellArray | Inputs, features: Any = None) -> Predicted:
        """Mean, standard deviation and, when asked, quantiles of a new measurement of each cell.

        The posterior is normal in the units of the score transform, so its quantiles go back exactly. Arguments and
        errors as `predict`.
        """
        mean, std = self._answers(cells, features, self._latent)
        expected, deviation = self._transform.inverse_moments(mean, std)
        return Predicted(expected, deviation, NormalQuantiles(mean, std, self._transform))

    def _latent(self, inputs: Inputs) -> Answer:
        with _one_thread():
            return self._regressor.predict(self._points(inputs), return_std=True)

    def _points(self, inputs: Inputs) -> Float[np.ndarray, "graph column"]:
        parts = zip(self._blocks(inputs), self._centre, self._scale, strict=True)
        return np.concatenate([(block - centre) * scale for block, centre, scale in parts], axis=1, dtype=np.float64)

    def _blocks(self, inputs: Inputs) -> list[Float[np.ndarray, "graph column"]]:
        """Features as they are, their square roots, counts; features are never negative."""
        features, *counts = inputs.blocks(self._context)
        return [features, np.sqrt(features), *counts] if features.shape[1] else counts


@dataclass(frozen=True)
class NormalQuantiles:
    """Maps a probability to the values that scores stay below with it; mean and std in the units of the transform."""

    mean: Float[np.ndarray, " cell"]
    std: Float[np.ndarray, " cell"]
    transform: Any

    __repr__ = brief

    def __call__(self, probability: float) -> Float[np.ndarray, " cell"]:
        return self.transform.inverse(self.mean + self.std * ndtri(probability))


class OneHotGaussianProcess(GaussianProcess):
    """On the cell as it is written, one-hot."""

    about = About("GP, one-hot cells", "Rasmussen & Williams 2006")
    read = staticmethod(adjacency)


class WLGaussianProcess(GaussianProcess):
    """On graph features and Weisfeiler-Lehman counts of the pruned cell."""

    about = About("GP, Weisfeiler-Lehman counts and graph features", "after Ru et al. 2021, arXiv:2006.07556")
    read = staticmethod(computed)


def _one_thread() -> Any:
    # matrices this small are slower on several threads, by far when the cores are busy
    return library("threadpoolctl").threadpool_limits(1, user_api="blas")


def _scale(block: Float[np.ndarray, "cell column"]) -> float:
    """One over the root mean squared distance between two of the cells; 1 where all are alike."""
    variance = float(block.var(0).sum())
    return 1 / np.sqrt(2 * variance) if variance > 1e-9 else 1.0


def _most_probable(
    objective: Callable,
    start: Float[np.ndarray, " theta"],
    bounds: Float[np.ndarray, "theta 2"],
    rng: np.random.Generator,
) -> tuple[Float[np.ndarray, " theta"], float]:
    """scikit-learn's optimiser: log hyper-parameters of the highest marginal likelihood times prior, and its value."""

    def penalised(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = objective(theta)
        away = theta - start
        return value + 0.5 * PRIOR_PRECISION * away @ away, gradient + PRIOR_PRECISION * away

    starts = [start, *(start + rng.normal(scale=1.5, size=(RESTARTS, len(start))))]
    found = [minimize(penalised, s, jac=True, method="L-BFGS-B", bounds=bounds) for s in starts]
    best = min(found, key=lambda result: result.fun)
    return best.x, best.fun
