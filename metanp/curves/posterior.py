"""The posterior of a weighted sum of formulas, given the start of one curve, drawn from by emcee.

    y(x) = sum_k w_k f_k(x) / sum_k w_k + noise,   noise ~ N(0, sigma^2)

Parameters are uniform within the bounds of each formula, weights within 0 and 1, ln sigma within `NOISE`. A set of
parameters has no mass where the value at the horizon is below that at the first epoch or outside 0 to 1 (soft
monotonicity), or, with `grid`, where the curve falls between any two of its points (hard monotonicity).

Walkers begin around the least-squares fit of each formula. The sampler draws from the generator that it is given.

Axes: draw, walkers or samples; parameter, those of all formulas, then weights, then ln sigma.

Sources: Domhan et al. 2015 (IJCAI); Foreman-Mackey et al. 2013 (emcee, arXiv:1202.3665).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.optimize import least_squares

from metanp.brief import brief
from metanp.curves.formulas import FORMULAS, Formula
from metanp.libraries import library

Draws = Float64[np.ndarray, "draw parameter"]
NOISE = (np.log(1e-4), np.log(0.5))  # of y in 0 to 1
LEAST_WEIGHT = 1e-6
JITTER = 0.02  # spread of walkers at the start, in widths of the bounds
STARTS = 100  # times that a walker without mass is drawn again


class Chain(NamedTuple):
    """How long emcee walks: samples a walker, of which the first `burn_in` are dropped and every `thin`-th is kept."""

    walkers: int
    samples: int
    burn_in: int
    thin: int = 10


@dataclass(frozen=True)
class Posterior:
    """Of one curve: y (epoch,) in 0 to 1 at x, to be continued to `horizon`.

    grid: points between 1 and the horizon where the curve may not fall; 0 compares the two ends only.
    noise_bounds: of ln sigma.
    """

    names: Sequence[str]
    x: Float64[np.ndarray, " epoch"]
    y: Float64[np.ndarray, " epoch"]
    horizon: float
    grid: int = 0
    noise_bounds: tuple[float, float] = NOISE

    __repr__ = brief

    @cached_property
    def formulas(self) -> list[Formula]:
        return [FORMULAS[name] for name in self.names]

    @cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest value of each parameter."""
        k = len(self.formulas)
        low = np.concatenate([*(f.low for f in self.formulas), np.full(k, LEAST_WEIGHT), self.noise_bounds[:1]])
        high = np.concatenate([*(f.high for f in self.formulas), np.ones(k), self.noise_bounds[1:]])
        return low, high

    def curve(self, x: Float64[np.ndarray, " epoch"], draws: Draws) -> Float64[np.ndarray, "draw epoch"]:
        """The weighted sum, without noise."""
        k, start, total = len(self.formulas), 0, np.zeros((len(draws), len(x)))
        weights = draws[:, -1 - k : -1]
        for formula, weight in zip(self.formulas, weights.T, strict=True):
            stop = start + len(formula.low)
            total += weight[:, None] * formula(x, draws[:, start:stop])
            start = stop
        return total / weights.sum(1, keepdims=True)

    def log_density(self, draws: Draws) -> Float64[np.ndarray, " draw"]:
        """Up to a constant; minus infinity where there is no mass."""
        low, high = self.bounds
        inside = ((draws >= low) & (draws <= high)).all(1)
        density = np.full(len(draws), -np.inf)
        if not inside.any():
            return density
        some = draws[inside]
        ends = np.array([1.0, self.horizon])
        between = np.linspace(1, self.horizon, self.grid) if self.grid else ends
        values = self.curve(np.concatenate([self.x, ends, between]), some)
        n = len(self.x)
        first, last, steps = values[:, n], values[:, n + 1], np.diff(values[:, n + 2 :], axis=1)
        with np.errstate(all="ignore"):
            residual = ((values[:, :n] - self.y) ** 2).sum(1)
            found = -0.5 * residual * np.exp(-2 * some[:, -1]) - n * some[:, -1]
            fair = (last >= first) & (last <= 1) & (last >= 0) & (steps >= 0).all(1) & np.isfinite(found)
        density[inside] = np.where(fair, found, -np.inf)
        return density

    def start(self, rng: np.random.Generator, walkers: int) -> Draws:
        """Walkers around the least-squares fits, each where there is mass."""
        low, high = self.bounds
        centre = self._fitted()
        found = np.empty((walkers, len(centre)))
        todo, spread = np.arange(walkers), JITTER
        for attempt in range(STARTS):
            drawn = centre + spread * (high - low) * rng.normal(size=(len(todo), len(centre)))
            found[todo] = np.clip(drawn, low, high)
            todo = todo[~np.isfinite(self.log_density(found[todo]))]
            if not len(todo):
                return found
            if attempt % 10 == 9:  # around a curve that falls there may be no mass
                centre, spread = centre + 0.2 * (self._rising() - centre), min(1.5 * spread, 0.3)
        good = np.setdiff1d(np.arange(walkers), todo)
        if not len(good):
            raise ValueError("no rising curve of these formulas was found near the prefix; use other formulas")
        found[todo] = found[rng.choice(good, len(todo))] + 1e-8 * rng.normal(size=(len(todo), len(centre)))
        return np.clip(found, low, high)

    def draw(self, rng: np.random.Generator, chain: Chain) -> Draws:
        """Samples of the posterior, correlated with one another as those of any chain."""
        start = self.start(rng, max(chain.walkers, 2 * len(self.bounds[0]) + 2))
        emcee = library("emcee", "curves")
        sampler = emcee.EnsembleSampler(*start.shape, self.log_density, vectorize=True)
        state = emcee.State(start, random_state=np.random.RandomState(rng.integers(2**32)).get_state())
        sampler.run_mcmc(state, chain.samples, skip_initial_state_check=True)
        return sampler.get_chain(discard=chain.burn_in, thin=chain.thin, flat=True)

    def _fitted(self) -> Float64[np.ndarray, " parameter"]:
        """Each formula fitted alone, equal weights, the spread of what is left."""
        parts, left = [], []
        for formula in self.formulas:
            parameters = _least_squares(formula, self.x, self.y)
            parts.append(parameters)
            left.append(formula(self.x, parameters[None])[0] - self.y)
        sigma = np.sqrt(np.mean(np.square(left))) if np.isfinite(left).all() else 0.1
        noise = np.clip(np.log(max(float(sigma), 1e-12)), *self.noise_bounds)
        return np.concatenate([*parts, np.full(len(parts), 0.5), [noise]])

    def _rising(self) -> Float64[np.ndarray, " parameter"]:
        """The usual parameters of every formula."""
        noise = [np.mean(self.noise_bounds)]
        return np.concatenate([*(f.start for f in self.formulas), np.full(len(self.formulas), 0.5), noise])


def _least_squares(formula: Formula, x: np.ndarray, y: np.ndarray) -> Float64[np.ndarray, " parameter"]:
    low, high = np.array(formula.low, float), np.array(formula.high, float)
    inner = 1e-3 * (high - low)  # the search begins off its bounds

    def residual(parameters: np.ndarray) -> np.ndarray:
        return np.nan_to_num(formula(x, parameters[None])[0] - y, nan=10.0, posinf=10.0, neginf=-10.0)

    start = np.clip(formula.start, low + inner, high - inner)
    return np.clip(least_squares(residual, start, bounds=(low, high), max_nfev=50).x, low, high)
