"""The kernel on blocks of columns: worked by hand, its gradient, and the posterior that scikit-learn makes of it."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import WhiteKernel

from metanp.baselines.block_kernel import BlockKernel


def test_the_kernel_of_two_points_worked_by_hand():
    kernel = BlockKernel((1, 2), weight=(0.5, 2.0), amplitude=3.0, linear=0.4, constant=0.7)
    x, y = np.array([[1.0, 0.0, 2.0]]), np.array([[3.0, 1.0, 2.0]])
    # squared distances 4 and 1, weighted 0.5 * 4 + 2 * 1 = 4; inner products 3 and 4, averaged 3.5
    assert kernel(x, y) == pytest.approx(np.array([[3 * np.exp(-2) + 0.4 * 3.5 + 0.7]]))
    # squares 1 and 4, averaged 2.5
    assert kernel.diag(x) == pytest.approx(np.array([3 + 0.4 * 2.5 + 0.7]))


def test_the_kernel_s_gradient_is_that_of_finite_differences():
    points = np.random.default_rng(0).normal(size=(5, 4))
    kernel = BlockKernel((1, 3), weight=(0.5, 2.0), amplitude=3.0, linear=0.4, constant=0.7)
    value, gradient = kernel(points, eval_gradient=True)
    assert value == pytest.approx(kernel(points, points.copy()))
    assert np.diag(value) == pytest.approx(kernel.diag(points))
    for i, step in enumerate(1e-6 * np.eye(len(kernel.theta))):
        above, below = (kernel.clone_with_theta(kernel.theta + sign * step)(points) for sign in (1, -1))
        assert gradient[:, :, i] == pytest.approx((above - below) / 2e-6, abs=1e-7)


def test_the_kernel_notices_other_points():
    kernel = BlockKernel()
    assert kernel(np.array([[0.0], [1.0]]))[0, 1] != kernel(np.array([[0.0], [2.0]]))[0, 1]


def test_the_posterior_of_two_measurements_worked_by_hand():
    # k(0, 0) = 1, k(0, 1) = exp(-1/2) = r, noise s: by symmetry the two weights are +-1 / (1 + s - r)
    kernel = BlockKernel((1,), (1.0,), amplitude=1.0, linear=1e-5, constant=1e-5) + WhiteKernel(0.2)
    x = np.array([[0.0], [1.0]])
    gp = GaussianProcessRegressor(kernel, alpha=0, optimizer=None).fit(x, [1.0, -1.0])
    r, s = np.exp(-0.5), 0.2
    mean, std = gp.predict(x, return_std=True)
    assert mean == pytest.approx([(1 - r) / (1 + s - r), -(1 - r) / (1 + s - r)], abs=1e-4)
    # inverse of [[a, r], [r, a]] with a = 1 + s
    a = 1 + s
    explained = (a * 1 - 2 * r * r + a * r * r) / (a * a - r * r)
    assert std**2 == pytest.approx([1 + s - explained] * 2, abs=1e-4)
