"""The study's Gaussian processes: posteriors and objectives written out in numpy, and real rows of NAS-Bench-201."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.stats import lognorm

from data import load_benchmark
from metanp.baselines import gpytorch_models
from metanp.baselines.base import ZScore
from metanp.baselines.encodings import adjacency
from metanp.baselines.study_gaussian_processes import (
    INDUCING,
    SparseGaussianProcess,
    StudyGaussianProcess,
    VariationalSparseGaussianProcess,
    inducing_points,
)
from metanp.cell_array import CellArray
from metanp.metrics import kendall_tau
from metanp.operations import INDEX
from metanp.spaces import get_space
from tests.exact_gp import log_marginal_likelihood, posterior

SPACE = get_space("nasbench201").arrays()
PROCESSES = [StudyGaussianProcess, SparseGaussianProcess, VariationalSparseGaussianProcess]
ALL = pytest.mark.parametrize("process", PROCESSES)


@pytest.fixture
def briefly(monkeypatch):
    """Ten steps of Adam, where more would change nothing that is tested."""
    monkeypatch.setattr(gpytorch_models, "STEPS", 10)


def few(n: int) -> tuple[CellArray, np.ndarray]:
    """Some cells, and a score that is linear in how they are written down."""
    cells = SPACE[np.random.default_rng(1).permutation(len(SPACE))[:n]]
    return cells, 2.0 * (cells.operation == INDEX["conv3x3"]).sum(1) - (cells.operation == INDEX["avgpool3x3"]).sum(1)


class Fitted:
    """What a fitted process learned, and what it was given, in numpy."""

    def __init__(self, process, shown: CellArray, score: np.ndarray, asked: CellArray):
        self.predictor = process().fit(shown, score)
        self.model = self.predictor.model
        kernel = self.model.covar_module
        kernel = kernel.base_kernel if process is SparseGaussianProcess else kernel
        self.variance, self.length = kernel.outputscale.item(), kernel.base_kernel.lengthscale.item()
        self.noise = self.model.likelihood.noise.item()
        context = adjacency(shown)
        parts = (context, adjacency(asked))
        self.x, self.t = (np.concatenate(i.blocks(context), axis=1, dtype=np.float64)[i.graph] for i in parts)
        self.transform = ZScore.fit(score)
        self.y = self.transform.forward(score)

    def k(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return rbf(a, b, self.variance, self.length)

    def agrees(self, asked: CellArray, mean: np.ndarray, variance: np.ndarray) -> None:
        found = self.predictor.predict(asked, return_std=True)
        expected = self.transform.inverse_moments(mean, np.sqrt(variance + self.noise))
        assert found[0] == pytest.approx(expected[0], abs=1e-5)
        assert found[1] == pytest.approx(expected[1], abs=1e-5)


def rbf(a: np.ndarray, b: np.ndarray, variance: float, length: float) -> np.ndarray:
    return variance * np.exp(-((a[:, None] - b[None]) ** 2).sum(-1) / (2 * length**2))


# --- what they compute --------------------------------------------------------------------------------------------


def test_the_exact_posterior_is_the_textbook_s_at_the_fitted_hyper_parameters():
    cells, score = few(30)
    asked = cells[10:]  # some of them evaluated
    f = Fitted(StudyGaussianProcess, cells[:15], score[:15], asked)
    mean, variance = posterior(f.k(f.x, f.x), f.k(f.t, f.x), np.full(len(f.t), f.variance), f.y, f.noise)
    f.agrees(asked, mean, variance)


def test_the_sparse_posterior_is_that_of_titsias_at_the_fitted_inducing_points():
    cells, score = few(40)
    asked = cells[20:]
    f = Fitted(SparseGaussianProcess, cells[:30], score[:30], asked)
    z = f.model.covar_module.inducing_points.detach().numpy()
    assert z.shape == (INDUCING, f.x.shape[1])
    cross, ahead = f.k(z, f.x), f.k(f.t, z)
    prior = f.k(z, z)
    precision = prior + cross @ cross.T / f.noise
    mean = ahead @ np.linalg.solve(precision, cross @ f.y) / f.noise
    known = (ahead * (np.linalg.solve(prior, ahead.T) - np.linalg.solve(precision, ahead.T)).T).sum(1)
    f.agrees(asked, mean, f.variance - known)


def test_the_variational_posterior_carries_the_distribution_at_the_inducing_points_to_other_cells():
    cells, score = few(40)
    asked = cells[20:]
    f = Fitted(VariationalSparseGaussianProcess, cells[:30], score[:30], asked)
    strategy = f.model.variational_strategy
    z = strategy.inducing_points.detach().numpy()
    assert z.shape == (INDUCING, f.x.shape[1])
    whitened = strategy.variational_distribution
    centre, spread = whitened.mean.detach().numpy(), whitened.covariance_matrix.detach().numpy()
    ahead = np.linalg.solve(np.linalg.cholesky(f.k(z, z) + 1e-6 * np.eye(INDUCING)), f.k(z, f.t))
    f.agrees(asked, ahead.T @ centre, f.variance + (ahead * ((spread - np.eye(INDUCING)) @ ahead)).sum(0))


def test_what_the_exact_process_climbs_is_the_marginal_likelihood_times_log_normal_priors():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    model, objective = gpytorch_models.exact(torch.from_numpy(x), torch.from_numpy(y))
    found = len(y) * objective(model(torch.from_numpy(x)), torch.from_numpy(y)).item()
    likelihood = log_marginal_likelihood(rbf(x, x, 5, 10), y, 1.0) - 4 * np.log(2 * np.pi)
    assert found == pytest.approx(likelihood + lognorm.logpdf(5, 1) + lognorm.logpdf(10, 1))


def test_what_the_sparse_process_climbs_is_the_bound_of_titsias():
    rng = np.random.default_rng(0)
    x, y, z = rng.normal(size=(8, 3)), rng.normal(size=8), rng.normal(size=(3, 3))
    model, objective = gpytorch_models.sparse(*(torch.from_numpy(part) for part in (x, y, z)))
    found = len(y) * objective(model(torch.from_numpy(x)), torch.from_numpy(y)).item()
    through = rbf(x, z, 5, 10) @ np.linalg.solve(rbf(z, z, 5, 10), rbf(z, x, 5, 10))
    lost = np.trace(rbf(x, x, 5, 10) - through) / 2
    assert found == pytest.approx(log_marginal_likelihood(through, y, 1.0) - 4 * np.log(2 * np.pi) - lost, abs=1e-4)


def test_with_every_cell_an_inducing_point_the_sparse_process_is_the_exact_one():
    rng = np.random.default_rng(0)
    x, y, t = (torch.from_numpy(rng.normal(scale=4, size=shape)) for shape in [(12, 2), (12,), (7, 2)])
    model, _ = gpytorch_models.sparse(x, y, x)
    mean, std = gpytorch_models.predict(model.eval(), t)
    k = [rbf(a.numpy(), b.numpy(), 5, 10) for a, b in ((x, x), (t, x))]
    expected = posterior(*k, np.full(7, 5.0), y.numpy(), 1.0)
    assert mean.numpy() == pytest.approx(expected[0], abs=1e-3)
    assert std.numpy() == pytest.approx(np.sqrt(expected[1] + 1), abs=1e-3)


def test_with_every_cell_an_inducing_point_the_variational_process_can_be_the_exact_one():
    rng = np.random.default_rng(0)
    x, y, t = rng.normal(scale=8, size=(12, 2)), rng.normal(size=12), rng.normal(scale=8, size=(7, 2))
    model, objective = gpytorch_models.variational(torch.from_numpy(y), torch.from_numpy(x))
    k, noisy = rbf(x, x, 5, 10), rbf(x, x, 5, 10) + np.eye(12)
    whiten = np.linalg.inv(np.linalg.cholesky(k + 1e-6 * np.eye(12)))
    strategy = model.variational_strategy
    strategy.variational_params_initialized.fill_(1)
    values = {name.rpartition(".")[2]: parameter for name, parameter in model.named_parameters()}
    spread = whiten @ (k - k @ np.linalg.solve(noisy, k)) @ whiten.T
    values["variational_mean"].data = torch.from_numpy(whiten @ k @ np.linalg.solve(noisy, y))
    values["chol_variational_covar"].data = torch.from_numpy(np.linalg.cholesky(spread + 1e-9 * np.eye(12)))

    bound = 12 * objective(model(torch.from_numpy(x)), torch.from_numpy(y)).item()
    assert bound == pytest.approx(log_marginal_likelihood(k, y, 1.0) - 6 * np.log(2 * np.pi), abs=1e-2)
    mean, std = gpytorch_models.predict(model.eval(), torch.from_numpy(t))
    expected = posterior(k, rbf(t, x, 5, 10), np.full(7, 5.0), y, 1.0)
    assert mean.numpy() == pytest.approx(expected[0], abs=1e-3)
    assert std.numpy() == pytest.approx(np.sqrt(expected[1] + 1), abs=1e-3)


# --- how they are fitted ------------------------------------------------------------------------------------------


@ALL
def test_hyper_parameters_are_fitted_not_left_at_their_start(process):
    cells, score = few(30)
    random = np.random.default_rng(2).normal(size=30)
    clean, noisy = (Fitted(process, cells, value, cells[:1]) for value in (score, random))
    assert clean.noise < noisy.noise
    for fitted in (clean, noisy):
        for value, start in ((fitted.noise, 1), (fitted.length, 10), (fitted.variance, 5)):
            assert value != pytest.approx(start, rel=0.02)


def test_inducing_points_start_at_ten_evaluated_cells_no_two_alike_and_the_seed_says_which():
    x = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (40, 5)).astype(float))
    first, again, other = (inducing_points(x, seed) for seed in (0, 0, 1))
    assert first.shape == (10, 5)
    assert len(torch.unique(first, dim=0)) == 10
    assert {tuple(row) for row in first.tolist()} <= {tuple(row) for row in x.tolist()}
    assert first.tolist() == again.tolist() != other.tolist()
    assert inducing_points(x[[0, 0, 0]], 0).tolist() == x[:1].tolist()


@ALL
def test_the_evaluated_cells_themselves_may_be_asked_for(process, briefly):
    cells, score = few(20)
    predictor = process().fit(cells, score)
    one_by_one = [predictor.predict(cells[i : i + 1])[0] for i in range(20)]
    assert predictor.predict(cells) == pytest.approx(np.array(one_by_one))


# --- what they are worth ------------------------------------------------------------------------------------------


@ALL
def test_fifty_trainings_of_nasbench201_rank_the_rest(process):
    table = load_benchmark("nasbench201")
    chosen = np.random.default_rng(0).permutation(len(table))[:1100]
    cells, accuracy = table.cells[chosen], table.mean("cifar10_validation_accuracy_200")[chosen]
    predictor = process().fit(cells[:50], accuracy[:50])
    tau = kendall_tau(predictor.predict(cells[100:]), accuracy[100:])
    assert tau > 0.2  # chance is 0, give or take .02


# --- the extra ----------------------------------------------------------------------------------------------------


@ALL
def test_a_missing_library_is_an_error_that_names_the_extra(process, monkeypatch):
    monkeypatch.setitem(sys.modules, "gpytorch", None)
    with pytest.raises(ImportError, match=r"pip install 'metanp\[research\]'"):
        process().fit(*few(3))


def test_importing_the_study_s_bayesians_imports_no_library_of_the_extra():
    modules = "metanp.baselines.study_gaussian_processes, metanp.baselines.bayesian"
    code = f"import sys, {modules}; sys.exit(bool({{'gpytorch', 'sklearn'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
