"""The mixture of normal distributions that every process answers with, worked by hand and against integrals."""

import math

import pytest
import torch

from metanp.distribution import Mixture

WEIGHT, MEAN, STD, NOISE = (0.25, 0.75), (-1.0, 2.0), (0.5, 1.5), (0.3, 1.2)
Y = torch.linspace(-12, 16, 28_001, dtype=torch.float64)


@pytest.fixture
def mixture() -> Mixture:
    """One task, and the same two parts at every point of `Y`."""
    weight, mean, std, noise = (torch.tensor([x], dtype=torch.float64) for x in (WEIGHT, MEAN, STD, NOISE))
    wide = [x[..., None].expand(1, 2, len(Y)) for x in (mean, std, noise)]
    return Mixture(weight.log(), *wide)


def test_the_density_at_one_point_worked_by_hand(mixture):
    # 1/4 of N(2; -1, 0.5): six spreads away; 3/4 of N(2; 2, 1.5)
    expected = 0.25 * math.exp(-18) / (0.5 * math.sqrt(2 * math.pi)) + 0.75 / (1.5 * math.sqrt(2 * math.pi))
    at = (Y - 2).abs().argmin()
    assert mixture.log_prob(Y[None])[0, at].item() == pytest.approx(math.log(expected))


def test_the_density_integrates_to_one_and_to_the_distribution_function(mixture):
    density = mixture.log_prob(Y[None])[0].exp()
    assert torch.trapezoid(density, Y).item() == pytest.approx(1)
    torch.testing.assert_close(torch.cumulative_trapezoid(density, Y), mixture.cdf(Y[None])[0, 1:], atol=1e-6, rtol=0)


def test_mean_and_spread_are_those_of_the_density(mixture):
    density = mixture.log_prob(Y[None])[0].exp()
    mean = torch.trapezoid(density * Y, Y)
    std = torch.trapezoid(density * (Y - mean) ** 2, Y).sqrt()
    for got, expected in zip(mixture.moments(), (mean, std), strict=True):
        assert got[0, 0].item() == pytest.approx(expected.item())


def test_without_noise_each_part_is_narrower_and_the_mean_the_same(mixture):
    mean, std = mixture.without_noise().moments()
    assert mean[0, 0].item() == pytest.approx(1.25)  # -1 / 4 + 2 * 3 / 4
    # 1/4 of 0.5^2 - 0.3^2 and 3/4 of 1.5^2 - 1.2^2 within the parts, 9 * 3/16 between them
    assert std[0, 0].item() == pytest.approx(math.sqrt(0.25 * 0.16 + 0.75 * 0.81 + 9 * 3 / 16))


@pytest.mark.parametrize("probability", [0.01, 0.05, 0.25, 0.5, 0.95])
def test_a_quantile_has_its_probability_below_it(mixture, probability):
    value = mixture.quantile(probability)
    torch.testing.assert_close(mixture.cdf(value), torch.full_like(value, probability), atol=1e-6, rtol=0)


def test_quantiles_of_a_single_part_are_the_normal_ones():
    one = Mixture(torch.zeros(1, 1), torch.tensor([[[3.0]]]), torch.tensor([[[2.0]]]), torch.tensor([[[0.5]]]))
    assert one.quantile(0.975).item() == pytest.approx(3 + 2 * 1.959964, abs=1e-5)


def test_mixtures_joined_have_the_density_of_both_by_weight(mixture):
    other = Mixture(mixture.log_weight.flip(1), mixture.mean - 1, mixture.std, mixture.noise)
    joined = Mixture.joined([mixture, other], [math.log(0.3), math.log(0.7)])
    expected = 0.3 * mixture.log_prob(Y[None]).exp() + 0.7 * other.log_prob(Y[None]).exp()
    torch.testing.assert_close(joined.log_prob(Y[None]).exp(), expected)
    assert Mixture.joined([mixture], [0.0]) is mixture
