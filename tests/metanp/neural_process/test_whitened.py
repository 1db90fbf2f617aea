"""The whitened process: the heads alone at first; once trained, close to the exact posterior of a known process."""

import math

import pytest
import torch

from metanp.encoder import Points
from metanp.model import ModelConfig, build_process
from metanp.neural_process import NeuralProcess, WhitenedConfig, WhitenedConvCNP
from metanp.neural_process.kernel import KernelConfig
from tests.exact_gp import NOISE
from tests.metanp.neural_process.known_tasks import nats_below_exact, train

HEADS = KernelConfig(heads=4, directions=4, embedding_heads=4)
CONTEXT, TARGET, D_EMBED = 7, 5, 2


def whitened(maps: int) -> NeuralProcess:
    torch.manual_seed(0)
    config = WhitenedConfig(HEADS, maps=maps, points=12, channels=8)
    return build_process(ModelConfig(process="whitened_convcnp", whitened=config), D_EMBED, graphs=False)


class Prior(torch.nn.Module):
    """Knows the known process's level and spread, and reads no context."""

    def forward(self, xc, yc, mask, xt):
        return torch.distributions.Normal(0.0, math.sqrt(1 + NOISE))


def random(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


XC, XT = Points.of_embedding(random(1, 2, CONTEXT, D_EMBED)), Points.of_embedding(random(2, 2, TARGET, D_EMBED))
YC, ALL = random(3, 2, CONTEXT), torch.ones(2, CONTEXT, dtype=torch.bool)


@pytest.fixture
def corrected() -> WhitenedConvCNP:
    """A process whose correction is not zero, as after training."""
    process = whitened(maps=2)
    assert isinstance(process, WhitenedConvCNP)
    with torch.no_grad():
        process.correct[-1].weight.copy_(random(5, *process.correct[-1].weight.shape))
    return process.requires_grad_(False).eval()


def assert_alike(one, other, tolerance: float = 1e-4) -> None:
    for name in ("log_weight", "mean", "std", "noise"):
        torch.testing.assert_close(getattr(one, name), getattr(other, name), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("maps", [0, 2])
def test_a_short_training_comes_close_to_the_exact_posterior_of_a_known_process(maps):
    process = whitened(maps)
    untrained = [nats_below_exact(process, n) for n in (5, 20, 50)]
    prior = [nats_below_exact(Prior(), n) for n in (5, 20, 50)]
    train(process, steps=100, learning_rate=0.03)
    trained = [nats_below_exact(process, n) for n in (5, 20, 50)]
    assert max(trained) < 0.04
    assert min(u - t for u, t in zip(untrained, trained, strict=True)) > 0.03
    assert min(prior) > 0.2


def test_the_correction_is_zero_before_training():
    process, heads = whitened(maps=2), whitened(maps=0)
    heads.load_state_dict(process.state_dict(), strict=False)
    one, other = (p(XC, YC, ALL, XT) for p in (process, heads))
    assert_alike(one, other, 1e-5)


def test_the_correction_reads_the_grids_and_never_predicts_below_the_noise(corrected):
    one, other = corrected(XC, YC, ALL, XT), corrected.heads.predict(corrected.heads.condition(XC, YC, ALL), XT)
    assert (one.mean - other.mean).abs().min() > 1e-4
    assert (one.std > one.noise).all()
    shuffled = YC.roll(1, dims=1)
    state, moved = corrected.condition(XC, YC, ALL), corrected.condition(XC, shuffled, ALL)
    assert (state.signal - moved.signal).abs().max() > 1e-3


def test_what_stands_behind_the_mask_has_no_influence_on_the_grids_either(corrected):
    short, mask, yc = CONTEXT - 3, ALL.clone(), YC.clone()
    mask[:, short:] = False
    yc[:, short:] = 50.0
    xc = XC.map(torch.clone)
    xc.embedding[:, short:] = 0.7
    expected = corrected(XC.map(lambda x: x[:, :short]), YC[:, :short], ALL[:, :short], XT)
    assert_alike(corrected(xc, yc, mask, XT), expected)


def test_the_order_of_the_evaluated_cells_does_not_matter(corrected):
    order = torch.randperm(CONTEXT, generator=torch.Generator().manual_seed(4))
    other = corrected(XC.map(lambda x: x[:, order]), YC[:, order], ALL, XT)
    assert_alike(corrected(XC, YC, ALL, XT), other, 1e-3)


def test_targets_are_answered_one_by_one_as_together(corrected):
    state = corrected.condition(XC, YC, ALL)
    together = corrected.predict(state, XT)
    for i in range(TARGET):
        alone = corrected.predict(state, XT.map(lambda x, i=i: x[:, i : i + 1]))
        torch.testing.assert_close(alone.mean[..., 0], together.mean[..., i], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(alone.std[..., 0], together.std[..., i], rtol=1e-4, atol=1e-4)


def test_an_empty_context_is_answered_from_the_prior(corrected):
    mixture = corrected(XC.map(lambda x: x[:, :0]), YC[:, :0], ALL[:, :0], XT)
    assert torch.isfinite(mixture.mean).all()
    assert torch.isfinite(mixture.std).all()


def test_leaving_out_heads_of_little_weight_changes_next_to_nothing(corrected):
    corrected.heads.log_prior.copy_(torch.tensor([0.0, -9.0, 0.0, -9.0]))
    state = corrected.condition(XC, YC, ALL)
    pruned = state.prune(3e-3)
    assert pruned.posterior.log_weight.shape[1] < 4
    (mean, std), (full_mean, full_std) = (corrected.predict(s, XT).moments() for s in (pruned, state))
    assert ((mean - full_mean).abs() < 0.01 * full_std).all()
    torch.testing.assert_close(std, full_std, rtol=0.01, atol=0)


def test_every_parameter_is_reached_by_the_loss(corrected):
    corrected.requires_grad_(True)
    mixture = corrected(XC, YC, ALL, XT)
    corrected.log_likelihood(mixture, random(6, 2, TARGET), torch.ones(2, TARGET, dtype=torch.bool)).sum().backward()
    missing = [name for name, parameter in corrected.named_parameters() if parameter.grad is None]
    assert missing == []


def test_joint_draws_have_the_predicted_mean_and_spread_correction_included(corrected):
    one = [XC.map(lambda x: x[:1]), YC[:1], ALL[:1]]
    xt = XT.map(lambda x: x[:1])
    state = corrected.condition(*one)
    samplers = [corrected.sampler(state, 400, torch.Generator().manual_seed(seed)) for seed in range(10)]
    values = torch.cat([draw(xt) for draw in samplers])
    mean, std = corrected.predict(state, xt).without_noise().moments()
    torch.testing.assert_close(values.mean(0), mean[0], rtol=0, atol=0.1 * std.min().item())
    torch.testing.assert_close(values.std(0), std[0], rtol=0.1, atol=0)
