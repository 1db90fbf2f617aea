"""A Gaussian process in plain numpy and one task at a time: the oracle of the neural processes' tests.

Source: Rasmussen & Williams 2006, equations 2.23, 2.24 and 2.30.
"""

import math

import numpy as np

LENGTH, NOISE = 0.8, 0.1  # of the known process: length scale, and variance of a measurement (the signal's is 1)


def rbf(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The known process's covariance of (cell, d_x) coordinates."""
    distance = ((a[:, None] - b[None]) ** 2).sum(-1)
    return np.exp(-0.5 * distance / LENGTH**2)


def draw_task(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates in a square and noisy scores of `n` cells."""
    x = rng.uniform(-2, 2, (n, 2))
    signal = np.linalg.cholesky(rbf(x, x) + 1e-9 * np.eye(n)) @ rng.standard_normal(n)
    return x, signal + math.sqrt(NOISE) * rng.standard_normal(n)


def posterior(
    covariance: np.ndarray, cross: np.ndarray, prior: np.ndarray, residual: np.ndarray, noise: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of scores, without noise.

    Args:
        covariance: (context, context), without noise.
        cross: (target, context).
        prior: (target,) variance before anything was measured.
        residual: (context,) scores less their prior mean.
        noise: variance of each measurement, or of any.
    """
    weights = np.linalg.solve(covariance + noise * np.eye(len(covariance)), cross.T)
    return weights.T @ residual, prior - (cross * weights.T).sum(1)


def log_marginal_likelihood(covariance: np.ndarray, residual: np.ndarray, noise: float | np.ndarray) -> float:
    """Without the constant -n/2 log 2 pi."""
    noisy = covariance + noise * np.eye(len(covariance))
    return -0.5 * residual @ np.linalg.solve(noisy, residual) - 0.5 * np.linalg.slogdet(noisy)[1]


def log_density(y: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Of normal distributions."""
    return -0.5 * (y - mean) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)


def exact_log_density(x: np.ndarray, y: np.ndarray, n_context: int) -> np.ndarray:
    """What nobody can beat on average: the known process's own log-density of the cells after the first `n_context`."""
    xc, xt = x[:n_context], x[n_context:]
    mean, variance = posterior(rbf(xc, xc), rbf(xt, xc), np.ones(len(xt)), y[:n_context], NOISE)
    return log_density(y[n_context:], mean, variance + NOISE)
