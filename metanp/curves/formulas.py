"""Domhan et al.'s eleven formulas of learning curves, vectorised over parameters.

Each rises, for suitable parameters, from a low value towards an asymptote; x is an epoch from 1 on, y lies in 0 to 1.
`low` and `high` bound each parameter; they are this project's, wide enough for curves of 10 to 1,000 epochs.

Two faults of the code of White et al. are not repeated: its Hill-3 has kappa * eta for kappa ** eta, its vapour
pressure lacks the exponential.

Axes: draw, parameter sets; epoch, values of x.

Source: Domhan, Springenberg and Hutter 2015, "Speeding up Automatic Hyperparameter Optimization of Deep Neural Networks
by Extrapolation of Learning Curves" (IJCAI), and its code, automl/pylearningcurvepredictor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

X = Float64[np.ndarray, "1 epoch"]
Parameter = Float64[np.ndarray, "draw 1"]
Y = Float64[np.ndarray, "draw epoch"]


class Formula(NamedTuple):
    """A formula, where a search for its parameters begins, and what bounds them."""

    curve: Callable[..., Y]
    start: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def __call__(self, x: Float64[np.ndarray, " epoch"], parameters: Float64[np.ndarray, "draw parameter"]) -> Y:
        """Values at x; not finite where the formula has none."""
        with np.errstate(all="ignore"):
            return self.curve(x[None, :], *(column[:, None] for column in parameters.T))


def vapour_pressure(x: X, a: Parameter, b: Parameter, c: Parameter) -> Y:
    """exp(a + b / x + c ln x)"""
    return np.exp(a + b / x + c * np.log(x))


def ilog2(x: X, c: Parameter, a: Parameter) -> Y:
    """c - a / ln(x + 1)"""
    return c - a / np.log(x + 1)


def weibull(x: X, alpha: Parameter, beta: Parameter, kappa: Parameter, delta: Parameter) -> Y:
    """alpha - (alpha - beta) exp(-(kappa x) ^ delta)"""
    return alpha - (alpha - beta) * np.exp(-((kappa * x) ** delta))


def pow3(x: X, c: Parameter, a: Parameter, alpha: Parameter) -> Y:
    """c - a x ^ -alpha"""
    return c - a * x**-alpha


def pow4(x: X, c: Parameter, a: Parameter, b: Parameter, alpha: Parameter) -> Y:
    """c - (a x + b) ^ -alpha"""
    return c - (a * x + b) ** -alpha


def log_log_linear(x: X, a: Parameter, b: Parameter) -> Y:
    """ln(a ln x + b)"""
    return np.log(a * np.log(x) + b)


def mmf(x: X, alpha: Parameter, beta: Parameter, kappa: Parameter, delta: Parameter) -> Y:
    """alpha - (alpha - beta) / (1 + (kappa x) ^ delta)"""
    return alpha - (alpha - beta) / (1 + (kappa * x) ** delta)


def janoschek(x: X, alpha: Parameter, beta: Parameter, kappa: Parameter, delta: Parameter) -> Y:
    """alpha - (alpha - beta) exp(-kappa x ^ delta)"""
    return alpha - (alpha - beta) * np.exp(-kappa * x**delta)


def hill3(x: X, theta: Parameter, kappa: Parameter, eta: Parameter) -> Y:
    """theta x ^ eta / (kappa ^ eta + x ^ eta)"""
    return theta * x**eta / (kappa**eta + x**eta)


def log_power(x: X, a: Parameter, b: Parameter, c: Parameter) -> Y:
    """a / (1 + (x / e ^ b) ^ c)"""
    return a / (1 + (x / np.exp(b)) ** c)


def exp4(x: X, c: Parameter, a: Parameter, b: Parameter, alpha: Parameter) -> Y:
    """c - exp(-a x ^ alpha + b)"""
    return c - np.exp(-a * x**alpha + b)


FORMULAS: dict[str, Formula] = {
    "vapour_pressure": Formula(vapour_pressure, (-0.6, -0.5, 0.04), (-8, -8, -2), (3, 4, 2)),
    "ilog2": Formula(ilog2, (0.8, 0.4), (-1, -1), (2, 2)),
    "weibull": Formula(weibull, (0.7, 0.1, 0.1, 1.0), (0, -1, 1e-6, 0.05), (1.2, 1, 10, 5)),
    "pow3": Formula(pow3, (0.8, 0.5, 0.5), (-1, -1, 0.01), (2, 3, 3)),
    "pow4": Formula(pow4, (0.8, 1.0, 1.0, 0.5), (-1, 1e-6, 0.1, 0.01), (2, 50, 50, 3)),
    "log_log_linear": Formula(log_log_linear, (0.3, 1.2), (0, 0.5), (1, 3)),
    "mmf": Formula(mmf, (0.7, 0.1, 0.1, 1.0), (0, -1, 1e-6, 0.05), (1.2, 1, 10, 5)),
    "janoschek": Formula(janoschek, (0.7, 0.1, 0.1, 1.0), (0, -1, 1e-6, 0.05), (1.2, 1, 10, 3)),
    "hill3": Formula(hill3, (0.7, 2.0, 0.8), (0, 1e-3, 0.05), (1.5, 1e3, 5)),
    "log_power": Formula(log_power, (0.7, 1.0, -0.8), (0, -5, -5), (1.5, 8, -0.05)),
    "exp4": Formula(exp4, (0.7, 0.5, -0.3, 0.5), (-1, 1e-3, -4, 0.05), (2, 10, 3, 3)),
}
STUDY = ("log_log_linear", "log_power", "mmf", "hill3")  # White et al. found that fewer are better
ALL = tuple(FORMULAS)
