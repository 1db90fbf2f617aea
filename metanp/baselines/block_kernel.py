"""A scikit-learn kernel on groups of columns, each with a length scale of its own.

    k(x, y) = amplitude exp(-1/2 sum_b weight_b |x_b - y_b|^2) + linear mean_b <x_b, y_b> + constant

A weight is one over a squared length scale. All hyper-parameters are positive; gradients are with respect to their
logarithms, in alphabetical order, as scikit-learn requires.

Axes: a and b, points; block, a group of neighbouring columns.

Source: Rasmussen & Williams 2006, chapter 4; scikit-learn's `Kernel` interface.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel

BOUNDS = (1e-5, 1e5)


class BlockKernel(Kernel):
    """See the module.

    Args:
        sizes: columns of each block, in order.
        weight: one a block.
    """

    def __init__(
        self,
        sizes: Sequence[int] = (1,),
        weight: Sequence[float] = (1.0,),
        amplitude: float = 1.0,
        linear: float = 0.1,
        constant: float = 0.1,
    ):
        self.sizes = sizes
        self.weight = weight
        self.amplitude = amplitude
        self.linear = linear
        self.constant = constant

    @property
    def hyperparameter_amplitude(self) -> Hyperparameter:
        return Hyperparameter("amplitude", "numeric", BOUNDS)

    @property
    def hyperparameter_constant(self) -> Hyperparameter:
        return Hyperparameter("constant", "numeric", BOUNDS)

    @property
    def hyperparameter_linear(self) -> Hyperparameter:
        return Hyperparameter("linear", "numeric", BOUNDS)

    @property
    def hyperparameter_weight(self) -> Hyperparameter:
        return Hyperparameter("weight", "numeric", BOUNDS, len(self.sizes))

    def __call__(
        self,
        X: Float[np.ndarray, "a column"],
        Y: Float[np.ndarray, "b column"] | None = None,
        eval_gradient: bool = False,
    ):
        """Covariance (a, b), and with `eval_gradient` its gradient (a, a, hyper-parameter)."""
        distance, product = self._pairs(X) if Y is None else self._computed_pairs(X, Y)
        weight = np.atleast_1d(self.weight)
        smooth = self.amplitude * np.exp(-0.5 * np.tensordot(weight, distance, 1))
        straight = self.linear * product
        covariance = smooth + straight + self.constant
        if not eval_gradient:
            return covariance
        by_weight = -0.5 * smooth * weight[:, None, None] * distance
        constant = np.full_like(smooth, self.constant)
        return covariance, np.stack([smooth, constant, straight, *by_weight], axis=-1)

    def diag(self, X: Float[np.ndarray, "a column"]) -> Float[np.ndarray, " a"]:
        return self.amplitude + self.constant + self.linear * (X**2).sum(1) / len(self.sizes)

    def is_stationary(self) -> bool:
        return False

    def _pairs(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # the optimiser asks for the same points a hundred times, and their distances have no hyper-parameter
        if getattr(self, "_points", None) is not X:
            self._points, self._kept = X, self._computed_pairs(X, X)
        return self._kept

    def _computed_pairs(self, X: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances (block, a, b), and inner products averaged over blocks (a, b)."""
        ends = np.cumsum(self.sizes)[:-1]
        distances, products = [], np.zeros((len(X), len(Y)))
        for x, y in zip(np.split(X, ends, axis=1), np.split(Y, ends, axis=1), strict=True):
            product = x @ y.T
            products += product / len(self.sizes)
            distances.append(np.maximum((x**2).sum(1)[:, None] + (y**2).sum(1) - 2 * product, 0))
        return np.stack(distances), products
