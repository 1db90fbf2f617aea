"""The whitened heads: each is exactly the Gaussian process that plain numpy computes from its kernel matrix."""

import numpy as np
import pytest
import torch
from torch import Tensor

from metanp.encoder import Points
from metanp.neural_process.heads import WhitenedHeads
from metanp.neural_process.kernel import HeadKernel, KernelConfig, Lens, features_and_side
from tests import exact_gp

D_EMBED, FEATURES, BINS, SIDE = 3, (2, 3), (4, 2), 2
HEADS, TASKS, CONTEXT, TARGET = 3, 2, 9, 6


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def points(n: int, seed: int, tasks: int = TASKS) -> Points:
    """Points of every kind, some side features missing."""
    rng = seeded(seed)
    embedding, features, wl, side = (
        torch.randn(tasks, n, size, generator=rng) for size in (D_EMBED, sum(FEATURES), sum(BINS), SIDE)
    )
    side[torch.rand(side.shape, generator=rng) < 0.3] = torch.nan
    return Points(embedding, features, wl, side)


@pytest.fixture
def heads() -> WhitenedHeads:
    """Heads that differ in everything."""
    kernel = HeadKernel(KernelConfig(heads=HEADS, directions=2, embedding_heads=1), D_EMBED, FEATURES, BINS)
    heads, rng = WhitenedHeads(kernel, D_EMBED), seeded(0)
    with torch.no_grad():
        for parameter in heads.parameters():
            parameter += 0.5 * torch.randn(parameter.shape, generator=rng)
    return heads.requires_grad_(False)


XC, XT = points(CONTEXT, 1), points(TARGET, 2)
YC = torch.randn(TASKS, CONTEXT, generator=seeded(3))
ALL = torch.ones(TASKS, CONTEXT, dtype=torch.bool)
LENS = Lens.of(XC, YC, ALL)


def cut(x: Points, keep: Tensor | list[int]) -> Points:
    return x.map(lambda values: values[:, keep])


def oracle(heads: WhitenedHeads, task: int, head: int, keep: list[int], xt: Points):
    """Kernel matrices through the lens of all scores, residuals, noise and prior mean of one head, as numpy."""
    xc = cut(XC, keep)
    covariance, cross = (heads.kernel(a, xc, LENS)[task, head].double().numpy() for a in (xc, xt))
    prior = heads.kernel.diagonal(xt, LENS)[task, head].double().numpy()
    residual = (YC[:, keep] - heads.mean(xc.embedding)[..., head])[task].double().numpy()
    level = heads.mean(xt.embedding)[task, :, head].double().numpy()
    return covariance, cross, prior, residual, float(heads.noise()[head]), level


def test_every_kernel_matrix_is_symmetric_and_positive_and_has_the_stated_diagonal(heads):
    covariance = heads.kernel(XC, XC, LENS)
    torch.testing.assert_close(covariance, covariance.mT)
    assert torch.linalg.eigvalsh(covariance.double()).min() > -1e-4
    torch.testing.assert_close(
        covariance.diagonal(dim1=-2, dim2=-1), heads.kernel.diagonal(XC, LENS), rtol=1e-3, atol=1e-3
    )


def test_a_missing_side_feature_counts_as_the_average_of_the_evaluated_cells(heads):
    filled = Points(XT.embedding, XT.features, XT.wl, XT.side.nan_to_num(0.0))
    torch.testing.assert_close(heads.kernel(XT, XC, LENS), heads.kernel(filled, XC, LENS))


def test_some_heads_are_those_rows_of_all_heads(heads):
    some = torch.tensor([2, 0])
    torch.testing.assert_close(heads.kernel(XT, XC, LENS, some), heads.kernel(XT, XC, LENS)[:, some])
    torch.testing.assert_close(heads.kernel.diagonal(XT, LENS, some), heads.kernel.diagonal(XT, LENS)[:, some])


@pytest.mark.parametrize("head", range(HEADS))
def test_a_head_predicts_what_a_plain_gaussian_process_predicts(heads, head):
    mixture = heads.predict(heads.condition(XC, YC, ALL), XT)
    for task in range(TASKS):
        covariance, cross, prior, residual, noise, level = oracle(heads, task, head, list(range(CONTEXT)), XT)
        mean, variance = exact_gp.posterior(covariance, cross, prior, residual, noise)
        np.testing.assert_allclose(mixture.mean[task, head], level + mean, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(mixture.std[task, head] ** 2, variance, rtol=2e-3, atol=1e-4)
        np.testing.assert_allclose(mixture.noise[task, head] ** 2, noise, rtol=1e-5)


def left_out(heads: WhitenedHeads, task: int, head: int) -> list[tuple[float, float]]:
    """Standardised error and log-density of each evaluated cell, really left out."""
    result = []
    for i in range(CONTEXT):
        others = [j for j in range(CONTEXT) if j != i]
        covariance, cross, prior, residual, noise, level = oracle(heads, task, head, others, cut(XC, [i]))
        mean, variance = exact_gp.posterior(covariance, cross, prior, residual, noise)
        error = YC[task, i].numpy() - level - mean
        result.append(((error / np.sqrt(variance)).item(), exact_gp.log_density(error, 0 * error, variance).item()))
    return result


@pytest.mark.parametrize("head", range(HEADS))
def test_leave_one_out_residuals_are_those_of_really_leaving_one_out(heads, head):
    posterior = heads.condition(XC, YC, ALL)
    for task in range(TASKS):
        expected = [error for error, _ in left_out(heads, task, head)]
        np.testing.assert_allclose(posterior.loo_residual[task, head], expected, rtol=5e-3, atol=1e-3)


def log_odds(heads: WhitenedHeads, marginal: float, leave_one_out: float) -> np.ndarray:
    """Log-weights less the first head's, with these powers of the two likelihoods and an even prior."""
    heads.log_prior.zero_()
    heads.gate[-1].weight.zero_()
    heads.evidence_decay.zero_()
    heads.log_evidence_weight.copy_(torch.tensor([marginal, leave_one_out]).clamp(min=1e-30).log())
    weight = heads.condition(XC, YC, ALL).log_weight.double().numpy()
    return weight - weight[:, :1]


def test_heads_can_be_weighed_by_marginal_likelihood(heads):
    arguments = [[oracle(heads, task, head, list(range(CONTEXT)), XT) for head in range(HEADS)] for task in (0, 1)]
    evidence = np.array([[exact_gp.log_marginal_likelihood(a[0], a[3], a[4]) for a in row] for row in arguments])
    np.testing.assert_allclose(log_odds(heads, 1, 0), evidence - evidence[:, :1], rtol=2e-3, atol=1e-2)


def test_heads_can_be_weighed_by_leave_one_out_likelihood(heads):
    density = np.array([[sum(d for _, d in left_out(heads, task, h)) for h in range(HEADS)] for task in range(TASKS)])
    np.testing.assert_allclose(log_odds(heads, 0, 1), density - density[:, :1], rtol=2e-3, atol=1e-2)


def test_the_kind_of_cells_weighs_the_heads_before_any_score_does(heads):
    heads.log_evidence_weight.fill_(-1e3)
    mask = ALL.clone()
    mask[1, 4:] = False
    centre = torch.stack([XC.embedding[0].mean(0), XC.embedding[1, :4].mean(0)])
    expected = torch.log_softmax(heads.log_prior + heads.gate(centre), -1)
    torch.testing.assert_close(heads.condition(XC, YC, mask).log_weight, expected)
    torch.testing.assert_close(heads.condition(XC, -YC, mask).log_weight, expected)


def test_a_score_that_is_linear_in_a_heads_directions_is_found_by_it(heads):
    """With nothing but the linear kernel of its directions, three scores without noise tell a plane through zero."""
    kernel = heads.kernel
    kernel.log_amplitude.fill_(-30.0)
    kernel.log_constant.fill_(-30.0)
    kernel.log_linear_weight.fill_(-30.0)
    kernel.log_direction_weight.fill_(3.0)
    heads.mean.weight.zero_()
    heads.mean.bias.zero_()
    heads.log_noise.fill_(-12.0)
    slope = torch.tensor([0.7, -1.3])
    score = XC.embedding @ kernel.directions[1].mT @ slope
    mixture = heads.predict(heads.condition(XC, score, ALL), XT)
    expected = XT.embedding @ kernel.directions[1].mT @ slope
    torch.testing.assert_close(mixture.mean[:, 1], expected, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("garbage", [0.0, 50.0])
def test_what_stands_behind_the_mask_has_no_influence_at_all(heads, garbage):
    xc, yc, mask = points(CONTEXT, 1), YC.clone(), ALL.clone()
    hidden = torch.tensor([0, 3, 4, 8])
    mask[:, hidden] = False
    kept = torch.nonzero(mask[0]).flatten()
    expected = heads.predict(heads.condition(cut(XC, kept), YC[:, kept], mask[:, kept]), XT)
    yc[:, hidden] = garbage
    xc.map(lambda values: values.index_fill_(1, hidden, garbage))
    mixture = heads.predict(heads.condition(xc, yc, mask), XT)
    for name in ("log_weight", "mean", "std", "noise"):
        torch.testing.assert_close(getattr(mixture, name), getattr(expected, name), rtol=1e-4, atol=1e-4)


def test_tasks_of_different_sizes_in_one_batch_are_answered_as_if_alone(heads):
    mask = ALL.clone()
    mask[1, 4:] = False
    both = heads.predict(heads.condition(XC, YC, mask), XT)
    one = [XC.map(lambda x: x[1:, :4]), YC[1:, :4], mask[1:, :4]]
    alone = heads.predict(heads.condition(*one), XT.map(lambda x: x[1:]))
    torch.testing.assert_close(both.mean[1:], alone.mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(both.log_weight[1:], alone.log_weight, rtol=1e-4, atol=1e-4)


def test_the_order_of_the_evaluated_cells_does_not_matter(heads):
    order = torch.randperm(CONTEXT, generator=seeded(4))
    one = heads.predict(heads.condition(XC, YC, ALL), XT)
    other = heads.predict(heads.condition(cut(XC, order), YC[:, order], ALL), XT)
    for name in ("log_weight", "mean", "std"):
        torch.testing.assert_close(getattr(one, name), getattr(other, name), rtol=1e-3, atol=1e-3)


def test_an_empty_context_gives_the_prior(heads):
    none = heads.condition(cut(XC, []), YC[:, :0], ALL[:, :0])
    mixture = heads.predict(none, XT)
    torch.testing.assert_close(mixture.mean, heads.mean(XT.embedding).mT)
    torch.testing.assert_close(mixture.std**2, heads.kernel.diagonal(XT, none.lens) + heads.noise()[:, None])
    prior = heads.log_prior + heads.gate(torch.zeros(D_EMBED))
    torch.testing.assert_close(mixture.log_weight[0], torch.log_softmax(prior, 0))


def test_repeated_measurements_of_one_cell_average_out_the_noise(heads):
    """Of prior variance k, n measurements with noise s leave k s / (k n + s)."""
    once = cut(XC, [0])
    k, s = heads.kernel.diagonal(once, Lens.of(once, YC[:, :1], ALL[:, :1]))[..., 0], heads.noise()
    for n in (1, 4):
        mixture = heads.predict(heads.condition(cut(XC, [0] * n), YC[:, [0] * n], ALL[:, :n]), once)
        torch.testing.assert_close(mixture.std[..., 0] ** 2 - s, k * s / (k * n + s), rtol=2e-3, atol=1e-4)


def test_many_repeated_measurements_do_not_break_the_arithmetic(heads):
    n = 1000
    heads.log_noise.fill_(-30)  # the least noise there is
    again = [i % 3 for i in range(n)]
    mixture = heads.predict(heads.condition(cut(XC, again), YC[:, again], torch.ones(TASKS, n, dtype=torch.bool)), XT)
    assert torch.isfinite(mixture.mean).all()
    assert (mixture.std > 0).all()


def test_pruned_heads_leave_the_others_as_they_were_and_pruning_twice_is_pruning_once(heads):
    posterior = heads.condition(XC, YC, ALL)
    full, weight = heads.predict(posterior, XT), posterior.log_weight.exp()
    second = weight.amax(0).sort().values[1].item()
    least = (weight.amax(0).min().item() + second) / 2
    pruned = posterior.prune(least)
    kept = torch.nonzero(weight.amax(0) >= least).flatten()
    assert len(kept) == HEADS - 1
    mixture = heads.predict(pruned, XT)
    torch.testing.assert_close(mixture.mean, full.mean[:, kept])
    torch.testing.assert_close(mixture.std, full.std[:, kept])
    torch.testing.assert_close(mixture.log_weight.exp().sum(-1), torch.ones(TASKS))
    twice = heads.predict(pruned.prune(pruned.log_weight.exp().amax(0).sort().values[-1].item()), XT)
    assert twice.mean.shape[1] == 1
    best = kept[pruned.log_weight.exp().amax(0).argmax()]
    torch.testing.assert_close(twice.mean[:, 0], full.mean[:, best])


def test_the_lens_shows_features_by_how_much_they_tell_of_the_scores():
    """By hand, feature by feature: squared correlation less what chance gives, as shares; padding has no part in it."""
    mask = ALL.clone()
    mask[1, 6:] = False
    lens = Lens.of(XC, YC, mask)
    for task, n in enumerate((CONTEXT, 6)):
        x, y = features_and_side(XC)[task, :n].double().numpy(), YC[task, :n].double().numpy()
        excess = np.array([max(np.corrcoef(column, y)[0, 1] ** 2 - 1 / n, 0) for column in x.T])
        np.testing.assert_allclose(lens.weight[task] ** 2, excess / excess.sum(), atol=1e-4)
        np.testing.assert_allclose(lens.centre[task], x.mean(0), atol=1e-5)
        np.testing.assert_allclose(lens.scale[task], 1 / x.std(0), rtol=1e-3)
        seen = np.clip((x - x.mean(0)) / x.std(0), -4, 4) * np.sqrt(excess / excess.sum())
        np.testing.assert_allclose(lens(XC)[task, :n], seen, atol=1e-3)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_or_equal_scores_tell_nothing_of_features(n):
    few = cut(XC, list(range(n)))
    for score in (torch.zeros(TASKS, n), YC[:, :n]):
        lens = Lens.of(few, score, ALL[:, :n])
        assert torch.isfinite(lens(XT)).all()
        if n < 2 or not score.any():
            assert not lens(XT).any()


def test_the_units_of_scores_and_features_do_not_matter_to_the_lens():
    scaled = Points(XC.embedding, 30 * XC.features + 7, XC.wl, XC.side)
    one, other = Lens.of(XC, YC, ALL), Lens.of(scaled, 5 * YC - 2, ALL)
    torch.testing.assert_close(one.weight, other.weight, atol=1e-3, rtol=1e-3)


def test_learning_through_the_lens_gives_finite_gradients(heads):
    xc = Points(XC.embedding, XC.features.clone().requires_grad_(), XC.wl, XC.side)
    posterior = heads.condition(xc, YC, ALL)
    heads.predict(posterior, XT).mean.sum().backward()
    assert torch.isfinite(xc.features.grad).all()
    assert xc.features.grad.any()
