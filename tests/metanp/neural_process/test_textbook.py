"""The textbook processes: they learn tasks of a known process, and the latent one draws whole functions."""

import pytest
import torch

from metanp.encoder import Points
from metanp.model import ModelConfig, build_process
from metanp.neural_process import AttentionConfig, ConvCNPConfig, NeuralProcess
from tests.metanp.neural_process.known_tasks import nats_below_exact, train

CONTEXT, TARGET, D_EMBED = 7, 5, 2


KINDS = ("convcnp", "latent", "cnp", "attentive_cnp", "transformer_np")


def textbook(kind: str, latents: int = 3) -> NeuralProcess:
    """A small one; `latent` is the convolutional process with latent functions."""
    torch.manual_seed(0)
    latent = kind == "latent"
    grids = ConvCNPConfig(maps=2, points=14, channels=12, layers=3, latents=latents if latent else 0)
    config = ModelConfig("convcnp" if latent else kind, convcnp=grids, attention=AttentionConfig(24, 2, 2))
    return build_process(config, D_EMBED, graphs=False).eval()


def random(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


XC, XT = Points.of_embedding(random(1, 2, CONTEXT, D_EMBED)), Points.of_embedding(random(2, 2, TARGET, D_EMBED))
YC, ALL = random(3, 2, CONTEXT), torch.ones(2, CONTEXT, dtype=torch.bool)
PRIOR = 0.63  # nats that the known process's own mean and variance, without a context, are below the exact posterior


@pytest.mark.parametrize(
    ("kind", "steps", "tasks", "reached"),
    [
        ("convcnp", 120, 8, 0.3),
        ("latent", 70, 12, 0.5),
        ("cnp", 200, 16, 0.55),
        ("attentive_cnp", 200, 16, 0.5),
        ("transformer_np", 200, 16, 0.5),
    ],
)
def test_a_short_training_beats_the_prior_of_a_known_process(kind, steps, tasks, reached):
    process = textbook(kind).train()
    before = nats_below_exact(process, 20)
    train(process, steps, learning_rate=0.006, tasks=tasks)
    after = nats_below_exact(process, 20)
    assert after < reached < PRIOR < before


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_behind_the_mask_has_no_influence(kind):
    process, short = textbook(kind), CONTEXT - 3
    mask, yc, xc = ALL.clone(), YC.clone(), XC.map(torch.clone)
    mask[:, short:] = False
    yc[:, short:] = 50.0
    xc.embedding[:, short:] = 0.7
    expected = process(XC.map(lambda x: x[:, :short]), YC[:, :short], ALL[:, :short], XT)
    mixture = process(xc, yc, mask, XT)
    torch.testing.assert_close(mixture.mean, expected.mean)
    torch.testing.assert_close(mixture.std, expected.std)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_the_evaluated_cells_does_not_matter_and_none_is_legal(kind):
    process, order = textbook(kind), torch.tensor([3, 1, 0, 2, 6, 4, 5])
    one, other = process(XC, YC, ALL, XT), process(XC.map(lambda x: x[:, order]), YC[:, order], ALL, XT)
    torch.testing.assert_close(one.mean, other.mean, rtol=1e-4, atol=1e-4)
    none = process(XC.map(lambda x: x[:, :0]), YC[:, :0], ALL[:, :0], XT)
    assert torch.isfinite(none.mean).all()


def test_after_training_the_same_context_gets_the_same_answer_whatever_was_drawn_before():
    process = textbook("latent")
    one = process(XC, YC, ALL, XT)
    torch.manual_seed(99)
    assert torch.equal(process(XC, YC, ALL, XT).mean, one.mean)
    process.train()
    assert not torch.equal(process(XC, YC, ALL, XT).mean, one.mean)


def test_the_latent_process_is_scored_by_functions_that_explain_all_targets_together():
    """Worked by hand: two functions, two targets, each function right about one target and wrong about the other."""
    process = textbook("latent", latents=2)
    mixture = process(XC, YC, ALL, XT)
    kind = type(mixture)
    half = torch.full((1, 2), 0.5).log()
    mean = torch.tensor([[[0.0, 3.0], [3.0, 0.0]]])
    crossed = kind(half, mean, torch.ones_like(mean), torch.full_like(mean, 0.1))
    y, both = torch.zeros(1, 2), torch.ones(1, 2, dtype=torch.bool)
    # each function: log N(0; 0, 1) + log N(0; 3, 1) = -log 2 pi - 4.5; their even mixture the same; a mean over two
    expected = (-torch.log(torch.tensor(2 * torch.pi)) - 4.5) / 2
    torch.testing.assert_close(process.log_likelihood(crossed, y, both), expected[None])
    one_hidden = torch.tensor([[True, False]])
    # log of (N(0; 0, 1) + N(0; 3, 1)) / 2
    density = torch.exp(-0.5 * torch.tensor([0.0, 9.0])).mean() / (2 * torch.pi) ** 0.5
    torch.testing.assert_close(process.log_likelihood(crossed, y, one_hidden), density.log()[None])


@pytest.mark.parametrize("kind", KINDS)
def test_draws_are_functions_with_the_predicted_mean_and_spread(kind):
    process = textbook(kind)
    task = [XC.map(lambda x: x[:1]), YC[:1], ALL[:1]]
    xt = XT.map(lambda x: x[:1])
    state = process.condition(*task)
    draw = process.sampler(state, 4000, torch.Generator().manual_seed(0))
    with torch.inference_mode():
        values, mixture = draw(xt), process.predict(state, xt)
    assert values.shape == (4000, TARGET)
    mean, std = mixture.without_noise().moments()
    torch.testing.assert_close(values.mean(0), mean[0], rtol=0, atol=0.1 * std.max().item())
    torch.testing.assert_close(values.std(0), std[0], rtol=0.1, atol=0)
    twice = xt.map(lambda x: torch.cat([x, x], dim=1))
    torch.testing.assert_close(draw(twice)[:, :TARGET], draw(twice)[:, TARGET:])
