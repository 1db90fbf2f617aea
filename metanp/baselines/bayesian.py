"""Bayesian linear regression, and two ways to a Bayesian network: its last layer, or samples of all its weights.

As White et al. ran them: one-hot adjacency, standardised scores, three hidden layers of 50, the settings of their
NASLib. Linear regressions find their two hyper-parameters by marginal likelihood (scikit-learn's `BayesianRidge`); for
DNGO the study averaged over 20 draws of them by Markov chain Monte Carlo. BOHAMIANN's weights and log noise have
standard normal priors here, that of the log noise about its start; without them, weights of columns that are always
zero would drift.

The study's settings are kept even where others do better (NAS-Bench-201, CIFAR-10 validation accuracy, mean Kendall tau
over five label sets at 50 and 100 labels). BOHAMIANN with 100 steps, of 13,000 in its authors' library: .25 and .28;
with 1,000 steps, 300 of them burning in and every 25th kept, .44 and .54. DNGO with learning rate .01: .51 and .49, as
all units of one of five networks at 100 labels saturated, which some seeds cause; with .003, .47 and .53.

Axes: cell, evaluated; graph, a distinct row; weight, of a network; network, a sample of all weights.

Source: White et al. 2021, "How Powerful are Performance Predictors in Neural Architecture Search?" (arXiv:2104.01177);
settings from the NASLib and pybnn repositories. DNGO: Snoek et al. 2015 (arXiv:1502.05700). BOHAMIANN: Springenberg et
al. 2016, "Bayesian Optimization with Robust Bayesian Neural Networks".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64, Int
from torch import Tensor

from metanp.baselines.base import Baseline, Moments, ZScore, library
from metanp.baselines.encodings import adjacency
from metanp.baselines.hamiltonian import Chain, sample
from metanp.baselines.inputs import Inputs
from metanp.contract import About

HIDDEN = 50, 50, 50
EPOCHS, RATE, BATCH = 500, 0.01, 10  # of DNGO
CHAIN = Chain(steps=100, burn_in=10, keep_every=5, step_size=1e-2)
CHAIN_BATCH = 20
LOG_NOISE = log(1e-3)  # log variance at the start

Columns = Float64[Tensor, "graph column"]
Weights = Float64[Tensor, " weight"]


@dataclass(frozen=True)
class TanhNetwork:
    """Hidden layers of tanh and a linear output; its weights are one vector.

    columns: numbers in.
    """

    columns: int

    def hidden(self, weights: Weights, x: Columns) -> Float64[Tensor, "graph unit"]:
        """The last hidden layer."""
        for layer in self._layers(weights)[:-1]:
            x = torch.tanh(torch.addmm(layer[-1], x, layer[:-1]))
        return x

    def output(self, weights: Weights, x: Columns) -> Float64[Tensor, " graph"]:
        last = self._layers(weights)[-1]
        return torch.addmm(last[-1], self.hidden(weights, x), last[:-1])[:, 0]

    def uniform(self, rng: torch.Generator) -> Weights:
        """Weights to start from: uniform, biases too, at most one over the root of the number of inputs."""
        layers = [(2 * torch.rand(i + 1, o, generator=rng, dtype=torch.float64) - 1) / i**0.5 for i, o in self._sizes()]
        return torch.cat([layer.flatten() for layer in layers])

    def normal(self, rng: torch.Generator) -> Weights:
        """Weights to start from: normal, of variance one over the number of inputs; no biases."""
        layers = [torch.randn(i + 1, o, generator=rng, dtype=torch.float64) / i**0.5 for i, o in self._sizes()]
        for layer in layers:
            layer[-1] = 0
        return torch.cat([layer.flatten() for layer in layers])

    def _layers(self, weights: Weights) -> list[Float64[Tensor, "inputs outputs"]]:
        """A matrix for each layer, its last row the biases."""
        sizes = list(self._sizes())
        parts = weights.split([(i + 1) * o for i, o in sizes])
        return [part.view(i + 1, o) for part, (i, o) in zip(parts, sizes, strict=True)]

    def _sizes(self) -> Iterator[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        return pairwise([self.columns, *HIDDEN, 1])


class OneHot(Baseline):
    """One-hot adjacency and standardised scores; `std` is of a new measurement."""

    read = staticmethod(adjacency)
    transform = ZScore

    def _table(self, inputs: Inputs) -> Columns:
        return torch.from_numpy(np.concatenate(inputs.blocks(self._context), axis=1, dtype=np.float64))


class LinearRegression(OneHot):
    """What is linear in features of its own: scikit-learn's `BayesianRidge` weighs them."""

    libraries = ("sklearn.linear_model",)
    _ridge: Any

    @property
    def precisions(self) -> tuple[float, float]:
        """One over the variance of a measurement and of a weight, of standardised scores, by marginal likelihood.

        Raises:
            NotFittedError: before `fit`.
        """
        self.check_fitted()
        return float(self._ridge.alpha_), float(self._ridge.lambda_)


class BayesianLinearRegression(LinearRegression):
    """Linear in operations and edges."""

    about = About("Bayesian linear regression", "Bishop 2006, chapter 3; as run by White et al. 2021")

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        ridge = library("sklearn.linear_model").BayesianRidge()
        self._ridge = ridge.fit(self._table(context)[context.graph].numpy(), value)

    def _predict(self, inputs: Inputs) -> Moments:
        return self._ridge.predict(self._table(inputs).numpy(), return_std=True)


class DNGO(LinearRegression):
    """Bayesian linear regression on the last hidden layer of a trained network."""

    about = About("DNGO", "Snoek et al. 2015; as run by White et al. 2021")

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        regression = library("sklearn.linear_model").BayesianRidge
        x, y = self._table(context)[context.graph], torch.from_numpy(value)
        self._network = TanhNetwork(x.shape[1])
        self._weights = trained(self._network, x, y, torch.Generator().manual_seed(self.seed))
        # no intercept: in the study, too, none of the hidden units' features is constant
        self._ridge = regression(fit_intercept=False).fit(self._features(x), value)

    def _predict(self, inputs: Inputs) -> Moments:
        return self._ridge.predict(self._features(self._table(inputs)), return_std=True)

    def _features(self, x: Columns) -> Float64[np.ndarray, "graph unit"]:
        return self._network.hidden(self._weights, x).numpy()


class BOHAMIANN(OneHot):
    """Networks sampled by Hamiltonian Monte Carlo; `std` is of their predictions and of the noise they learned."""

    about = About("BOHAMIANN", "Springenberg et al. 2016; as run by White et al. 2021")

    def __init__(self, seed: int = 0, chain: Chain = CHAIN):
        super().__init__(seed)
        self.chain = chain

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        x, y = self._table(context)[context.graph], torch.from_numpy(value)
        self._network = TanhNetwork(x.shape[1])
        self._sampled = sampled(self._network, x, y, self.chain, torch.Generator().manual_seed(self.seed))

    def _predict(self, inputs: Inputs) -> Moments:
        x = self._table(inputs)
        outputs = torch.stack([self._network.output(position[:-1], x) for position in self._sampled])
        variance = outputs.var(0, correction=0) + self._sampled[:, -1].exp().mean()
        return outputs.mean(0).numpy(), variance.sqrt().numpy()


def sampled(
    network: TanhNetwork, x: Columns, y: Float64[Tensor, " graph"], chain: Chain, rng: torch.Generator
) -> Float64[Tensor, "network position"]:
    """Networks of the posterior: in each row the weights and, last, the log variance of a measurement."""

    def energy(position: Weights) -> Float64[Tensor, ""]:
        """Of weights and log noise; the likelihood is that of a batch, scaled up to all cells."""
        weights, log_noise = position[:-1], position[-1]
        batch = torch.randperm(len(y), generator=rng)[:CHAIN_BATCH]
        error = (y[batch] - network.output(weights, x[batch])) ** 2
        likelihood = -0.5 * (error * torch.exp(-log_noise) + log_noise).mean() * len(y)
        return -likelihood + 0.5 * (weights.square().sum() + (log_noise - LOG_NOISE) ** 2)

    start = torch.cat([network.normal(rng), torch.tensor([LOG_NOISE], dtype=torch.float64)])
    return sample(energy, start, chain, rng)


def trained(network: TanhNetwork, x: Columns, y: Float64[Tensor, " graph"], rng: torch.Generator) -> Weights:
    """Least squares by Adam."""
    weights = network.uniform(rng).requires_grad_()
    optimiser = torch.optim.Adam([weights], lr=RATE)
    for batch in batches(len(y), rng):
        optimiser.zero_grad()
        loss = (network.output(weights, x[batch]) - y[batch]).square().mean()
        loss.backward()
        optimiser.step()
    return weights.detach()


def batches(n: int, rng: torch.Generator) -> Iterator[Int[Tensor, " cell"]]:
    """Batches of all epochs; an incomplete last batch is dropped, unless it is the only one."""
    size = min(BATCH, n)
    for _ in range(EPOCHS):
        order = torch.randperm(n, generator=rng)
        yield from order[: n - n % size].split(size)
