"""Bayesian regression and networks: predictions written out in numpy, and real rows of NAS-Bench-201."""

import sys

import numpy as np
import pytest
import torch

from data import load_benchmark
from metanp.baselines import bayesian
from metanp.baselines.base import ZScore
from metanp.baselines.bayesian import (
    BOHAMIANN,
    CHAIN,
    DNGO,
    LOG_NOISE,
    BayesianLinearRegression,
    TanhNetwork,
    batches,
    sampled,
    trained,
)
from metanp.baselines.encodings import adjacency
from metanp.cell_array import CellArray
from metanp.metrics import kendall_tau
from metanp.operations import INDEX
from metanp.spaces import get_space

SPACE = get_space("nasbench201").arrays()
ALL = pytest.mark.parametrize("predictor", [BayesianLinearRegression, DNGO, BOHAMIANN])


def few(n: int) -> tuple[CellArray, np.ndarray]:
    """Some cells, and a score that is linear in how they are written down."""
    cells = SPACE[np.random.default_rng(1).permutation(len(SPACE))[:n]]
    return cells, 2.0 * (cells.operation == INDEX["conv3x3"]).sum(1) - (cells.operation == INDEX["avgpool3x3"]).sum(1)


@pytest.fixture
def briefly(monkeypatch):
    """Fewer epochs of DNGO's, where more would change nothing that is tested."""
    monkeypatch.setattr(bayesian, "EPOCHS", 20)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def tables(shown: CellArray, *parts: CellArray) -> list[np.ndarray]:
    """One-hot, with the columns of the evaluated cells: one row each."""
    context = adjacency(shown)
    inputs = [adjacency(part) for part in parts]
    return [np.concatenate(one.blocks(context), axis=1, dtype=np.float64)[one.graph] for one in inputs]


def by_hand(
    x: np.ndarray, y: np.ndarray, t: np.ndarray, precisions: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of new measurements at `t`, at the regression's own two hyper-parameters."""
    noise, weight = precisions
    covariance = np.linalg.inv(noise * x.T @ x + weight * np.eye(x.shape[1]))
    mean = noise * t @ covariance @ x.T @ y
    return mean, np.sqrt(1 / noise + ((t @ covariance) * t).sum(1))


def networks_by_hand(weights: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last hidden layer and the output of a network whose weights are one vector."""
    layers, inputs = [], x.shape[1]
    for outputs in (50, 50, 50, 1):
        size = (inputs + 1) * outputs
        layers.append(weights[:size].reshape(inputs + 1, outputs))
        weights, inputs = weights[size:], outputs
    assert not len(weights)
    hidden = x
    for layer in layers[:-1]:
        hidden = np.tanh(hidden @ layer[:-1] + layer[-1])
    return hidden, (hidden @ layers[-1][:-1] + layers[-1][-1])[:, 0]


def weights_of_dngo(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of the network that DNGO trains with seed 0."""
    return trained(TanhNetwork(x.shape[1]), torch.from_numpy(x), torch.from_numpy(y), seeded()).numpy()


def networks_of_bohamiann(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """That it samples with seed 0."""
    return sampled(TanhNetwork(x.shape[1]), torch.from_numpy(x), torch.from_numpy(y), CHAIN, seeded()).numpy()


# --- what they compute --------------------------------------------------------------------------------------------


def test_linear_regression_is_the_posterior_of_its_weights_written_out():
    cells, score = few(60)
    asked = cells[40:]
    noisy = score[:40] + np.random.default_rng(0).normal(size=40)
    regression = BayesianLinearRegression().fit(cells[:40], noisy)
    x, t = tables(cells[:40], cells[:40], asked)
    transform = ZScore.fit(noisy)
    y = transform.forward(noisy)
    expected = transform.inverse_moments(*by_hand(x - x.mean(0), y, t - x.mean(0), regression.precisions))
    mean, std = regression.predict(asked, return_std=True)
    assert mean == pytest.approx(expected[0], abs=1e-6)
    assert std == pytest.approx(expected[1], abs=1e-6)


def test_linear_regression_tells_noise_from_effect():
    cells, score = few(60)
    clean, noisy = (
        BayesianLinearRegression().fit(cells, value) for value in (score, np.random.default_rng(2).normal(size=60))
    )
    assert 1 / clean.precisions[0] < 0.01 < 0.3 < 1 / noisy.precisions[0]


def test_dngo_is_linear_regression_on_the_last_hidden_layer_of_its_network(briefly):
    cells, score = few(60)
    asked = cells[30:]
    dngo = DNGO().fit(cells[:40], score[:40])
    transform = ZScore.fit(score[:40])
    y = transform.forward(score[:40])
    shown, others = tables(cells[:40], cells[:40], asked)
    weights = weights_of_dngo(shown, y)
    x, t = (networks_by_hand(weights, table)[0] for table in (shown, others))
    expected = transform.inverse_moments(*by_hand(x, y, t, dngo.precisions))
    mean, std = dngo.predict(asked, return_std=True)
    assert mean == pytest.approx(expected[0], abs=1e-4)
    assert std == pytest.approx(expected[1], rel=1e-3)


def test_dngo_s_network_was_trained():
    cells, score = few(20)
    (x,), y = tables(cells, cells), ZScore.fit(score).forward(score)
    _, output = networks_by_hand(weights_of_dngo(x, y), x)
    assert np.mean((output - y) ** 2) < 0.01


def test_batches_are_of_ten_cells_without_the_rest_or_of_all_where_there_are_fewer():
    many, fewer = list(batches(23, seeded())), list(batches(7, seeded()))
    assert [len(batch) for batch in many] == [10] * 1000
    assert [sorted(batch.tolist()) for batch in fewer] == [list(range(7))] * 500
    epoch = torch.cat(many[:2]).tolist()
    assert len(set(epoch)) == 20
    assert set(torch.cat(many).tolist()) == set(range(23))


def test_bohamiann_averages_its_networks_and_adds_the_noise_they_learned():
    cells, score = few(60)
    asked = cells[30:]
    bohamiann = BOHAMIANN().fit(cells[:40], score[:40])
    x, t = tables(cells[:40], cells[:40], asked)
    networks = networks_of_bohamiann(x, ZScore.fit(score[:40]).forward(score[:40]))
    assert len(networks) == 18  # every fifth of the 90 steps after burning in
    outputs = np.array([networks_by_hand(position[:-1], t)[1] for position in networks])
    spread = np.sqrt(outputs.var(0) + np.exp(networks[:, -1]).mean())
    expected = ZScore.fit(score[:40]).inverse_moments(outputs.mean(0), spread)
    mean, std = bohamiann.predict(asked, return_std=True)
    assert mean == pytest.approx(expected[0])
    assert std == pytest.approx(expected[1])
    assert (outputs.std(0) > 0).all()


def test_bohamiann_learns_its_noise():
    cells, score = few(60)
    (x,), random = tables(cells, cells), np.random.default_rng(2).normal(size=60)
    last = [networks_of_bohamiann(x, ZScore.fit(value).forward(value))[-1, -1] for value in (score, random)]
    assert LOG_NOISE + 1 < last[0] < last[1]


def test_networks_start_at_weights_of_the_published_sizes():
    network = TanhNetwork(100)
    uniform, normal = network.uniform(seeded()), network.normal(seeded())
    assert len(uniform) == len(normal) == 101 * 50 + 51 * 50 + 51 * 50 + 51
    first, second = slice(0, 5000), slice(5050, 5050 + 2500)
    assert uniform[first].abs().max().item() == pytest.approx(0.1, abs=1e-3)
    assert uniform[second].abs().max().item() == pytest.approx(50**-0.5, abs=1e-3)
    assert normal[first].std().item() == pytest.approx(0.1, rel=0.05)
    assert normal[second].std().item() == pytest.approx(50**-0.5, rel=0.05)
    assert (uniform[5000:5050] != 0).all()
    assert (normal[5000:5050] == 0).all()


# --- all three ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("predictor", "least"), [(BayesianLinearRegression, 0.2), (DNGO, 0.3), (BOHAMIANN, 0.1)])
def test_fifty_trainings_of_nasbench201_rank_the_rest(predictor, least):
    table = load_benchmark("nasbench201")
    chosen = np.random.default_rng(0).permutation(len(table))[:1100]
    cells, accuracy = table.cells[chosen], table.mean("cifar10_validation_accuracy_200")[chosen]
    fitted = predictor().fit(cells[:50], accuracy[:50])
    tau = kendall_tau(fitted.predict(cells[100:]), accuracy[100:])
    assert tau > least  # chance is 0, give or take .02


@pytest.mark.parametrize("predictor", [BayesianLinearRegression, DNGO])
def test_a_missing_library_is_an_error_that_names_the_extra(predictor, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(ImportError, match=r"pip install 'metanp\[research\]'"):
        predictor().fit(*few(3))
