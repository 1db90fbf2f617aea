"""Gaussian processes of GPyTorch with one length scale, and the steps of Adam that fit them.

    k(x, y) = variance exp(-|x - y|^2 / (2 length^2)), no mean, normal noise

All hyper-parameters are positive, and Adam changes their logarithms: 200 steps of .01 are at most a factor of about
seven each way. Everything is computed with Cholesky factors, never iteratively, so that results are deterministic.

Imported by `metanp.baselines.study_gaussian_processes` when it fits; needs the extra `[research]`.

Axes: point, an evaluated cell or a candidate; inducing, a point that represents many of them.

Source: GPyTorch (Gardner et al. 2018, arXiv:1809.11165); its manual has these three models.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import gpytorch
import torch
from gpytorch.constraints import Positive
from gpytorch.distributions import MultivariateNormal
from gpytorch.kernels import InducingPointKernel, RBFKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood, MarginalLogLikelihood, VariationalELBO
from gpytorch.models import GP, ApproximateGP, ExactGP
from gpytorch.priors import LogNormalPrior
from gpytorch.variational import CholeskyVariationalDistribution, VariationalStrategy
from jaxtyping import Float64
from torch import Tensor

VARIANCE, LENGTH, NOISE = 5.0, 10.0, 1.0  # where Adam starts
STEPS, RATE = 200, 0.01
PIECE = 512  # points predicted at once: the exact process makes the whole covariance matrix of them

Points = Float64[Tensor, "point column"]
Inducing = Float64[Tensor, "inducing column"]
Values = Float64[Tensor, " point"]


class ExactModel(ExactGP):
    """Conditioned on every cell."""

    def __init__(self, x: Points, y: Values, kernel: gpytorch.kernels.Kernel):
        super().__init__(x, y, _likelihood())
        self.mean_module = gpytorch.means.ZeroMean()
        self.covar_module = kernel

    def forward(self, x: Tensor) -> MultivariateNormal:
        return MultivariateNormal(self.mean_module(x), self.covar_module(x))


class VariationalModel(ApproximateGP):
    """Represents cells by a normal distribution of the values at inducing points, whitened by their prior."""

    def __init__(self, inducing: Inducing):
        normal = CholeskyVariationalDistribution(len(inducing), mean_init_std=0)
        super().__init__(VariationalStrategy(self, inducing, normal, learn_inducing_locations=True))
        self.mean_module = gpytorch.means.ZeroMean()
        self.covar_module = _kernel()
        self.likelihood = _likelihood()

    def forward(self, x: Tensor) -> MultivariateNormal:
        return MultivariateNormal(self.mean_module(x), self.covar_module(x))


def exact(x: Points, y: Values) -> tuple[GP, MarginalLogLikelihood]:
    """An exact process with log-normal priors on variance and length scale, and the objective to maximise."""
    model = ExactModel(x, y, _kernel(LogNormalPrior(0.0, 1.0))).double()
    return model, ExactMarginalLogLikelihood(model.likelihood, model)


def sparse(x: Points, y: Values, inducing: Inducing) -> tuple[GP, MarginalLogLikelihood]:
    """Regression through inducing points, the best distribution of their values in closed form (Titsias 2009)."""
    model = ExactModel(x, y, _kernel())
    model.covar_module = InducingPointKernel(model.covar_module, inducing.clone(), model.likelihood)
    model.double()
    return model, ExactMarginalLogLikelihood(model.likelihood, model)


def variational(y: Values, inducing: Inducing) -> tuple[GP, MarginalLogLikelihood]:
    """The same bound with that distribution left to Adam (Hensman et al. 2013, here without mini-batches)."""
    model = VariationalModel(inducing.clone()).double()
    return model, VariationalELBO(model.likelihood, model, num_data=len(y))


def train(model: GP, objective: MarginalLogLikelihood, x: Points, y: Values) -> None:
    """Maximise the objective; the model is ready to predict afterwards."""
    model.train()
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    with _plainly():
        for _ in range(STEPS):
            optimiser.zero_grad()
            loss = -objective(model(x), y)
            loss.backward()
            optimiser.step()
    model.eval()


def predict(model: GP, x: Points) -> tuple[Values, Values]:
    """Mean and standard deviation of a new measurement."""
    with torch.no_grad(), _plainly():
        pieces = [_moments(model, piece) for piece in x.split(PIECE)]
        mean, variance = (torch.cat(part) for part in zip(*pieces, strict=True))
        return mean, variance.sqrt()


def _moments(model: GP, x: Points) -> tuple[Values, Values]:
    # one more point, dropped again: the sparse process cannot predict exactly the evaluated cells
    measured = model.likelihood(model(torch.cat([x, x[:1]])))
    mean, variance = measured.mean[:-1], measured.variance[:-1]
    kernel = model.covar_module
    if isinstance(kernel, InducingPointKernel):  # variance that inducing points do not explain; see `_plainly`
        variance = variance + kernel.base_kernel(x, diag=True) - kernel(x, diag=True)
    return mean, variance


def _kernel(prior: LogNormalPrior | None = None) -> ScaleKernel:
    length = RBFKernel(lengthscale_prior=prior, lengthscale_constraint=_logarithm())
    kernel = ScaleKernel(length, outputscale_prior=prior, outputscale_constraint=_logarithm())
    length.lengthscale = LENGTH
    kernel.outputscale = VARIANCE
    return kernel


def _likelihood() -> GaussianLikelihood:
    likelihood = GaussianLikelihood(noise_constraint=_logarithm())
    likelihood.noise = NOISE
    return likelihood


def _logarithm() -> Positive:
    return Positive(transform=torch.exp, inv_transform=torch.log)


@contextmanager
def _plainly() -> Iterator[None]:
    """Cholesky factors at any size; sparse predictions as in Titsias; predictions at evaluated cells allowed."""
    with ExitStack() as stack:
        stack.enter_context(gpytorch.settings.fast_computations(False, False, False))
        # with it, the sparse process would predict as FITC does, after it was fitted by the bound of Titsias
        stack.enter_context(gpytorch.settings.sgpr_diagonal_correction(False))
        stack.enter_context(gpytorch.settings.debug(False))
        yield
