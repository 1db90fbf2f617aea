"""The sampler: a normal distribution whose mean and covariance are known, seen through noisy gradients."""

import pytest
import torch

from metanp.baselines.hamiltonian import Chain, sample

MEAN = torch.tensor([1.0, -2.0], dtype=torch.float64)
COVARIANCE = torch.tensor([[0.25, 0.6], [0.6, 4.0]], dtype=torch.float64)
PRECISION = COVARIANCE.inverse()
CHAINS = 300


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(chain: Chain, seed: int = 0) -> torch.Tensor:
    """(sample, chain, coordinate) of many chains at once; each gradient comes with standard normal noise."""
    noise = seeded(seed + 1000)

    def energy(position):
        away = position - MEAN
        slope = torch.randn(position.shape, generator=noise, dtype=torch.float64)
        return 0.5 * ((away @ PRECISION) * away).sum() + (slope * position).sum()

    return sample(energy, torch.zeros(CHAINS, 2, dtype=torch.float64), chain, seeded(seed))


def test_samples_have_the_mean_and_the_covariance_of_their_target():
    found = drawn(Chain(steps=2500, burn_in=1500, keep_every=50, step_size=3e-3)).reshape(-1, 2)
    assert found.shape == (20 * CHAINS, 2)
    # standard errors are about 2 %; steps that are not infinitely small, and noise taken for granted, cost as much
    assert found.mean(0) == pytest.approx(MEAN, abs=0.1)
    assert found.T.cov() == pytest.approx(COVARIANCE, rel=0.1)


def test_every_fifth_position_after_burning_in_is_kept():
    every, fifth = (drawn(Chain(22, 10, keep, 1e-2)) for keep in (1, 5))
    assert len(every) == 12
    assert fifth.tolist() == every[[4, 9]].tolist()


def test_scales_follow_the_gradients_while_burning_in_and_not_after():
    # at the same size of gradient everywhere, a step is what it would be in units a thousand times larger
    def walk(unit: float, burn_in: int) -> torch.Tensor:
        start = torch.zeros(1, dtype=torch.float64)
        chain = Chain(burn_in + 40, burn_in, 1, step_size=1.0, friction=0.5)  # too large a step to want any noise
        return sample(lambda position: unit * position.sum(), start, chain, seeded(0))

    steps = [walk(unit, burn_in=60).diff(dim=0)[-1] for unit in (1.0, 1e3)]
    # at rest between force and friction: -e^2 V^(-1/2) g / a
    assert steps[0].item() == pytest.approx(-2, abs=1e-3)
    assert steps[1].item() == pytest.approx(-2, abs=1e-3)
    assert walk(1e3, burn_in=0).diff(dim=0)[-1].item() == pytest.approx(-2e3, rel=1e-3)


def test_the_same_seed_gives_the_same_samples_and_nobody_else_s_random_numbers_change():
    chain = Chain(30, 10, 5, 1e-2)
    before = torch.random.get_rng_state()
    assert drawn(chain, 3).tolist() == drawn(chain, 3).tolist() != drawn(chain, 4).tolist()
    assert torch.equal(before, torch.random.get_rng_state())
