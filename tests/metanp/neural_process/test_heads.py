"""The whitened heads: each is exactly the Gaussian process that plain numpy computes from its kernel matrix."""

import numpy as np
import pytest
import torch

from metanp.neural_process.heads import WhitenedHeads
from metanp.neural_process.lens import Lens
from metanp.neural_process.scales import Scales
from tests import exact_gp
from tests.metanp.neural_process.points_and_heads import (
    ALL,
    CONTEXT,
    D_EMBED,
    FREE_HEAD,
    HEADS,
    RELEVANCE,
    TASKS,
    XC,
    XT,
    YC,
    cut,
    diagonal_of,
    heads_of_every_kind,
    noise_of,
    oracle,
    points,
    seeded,
    some_heads,
)


def test_scales_that_follow_a_context_explain_it_better_and_an_empty_one_moves_none():
    moving = some_heads(3)
    start = moving.kernel.scales().log
    moved = moving.condition(XC, YC, ALL).scales
    assert (moved.log != start).any(-1).all()
    evidence = []
    for log in (start.expand_as(moved.log), moved.log):
        kernel, pairs = moving.kernel, moving.condition(XC, YC, ALL).xc
        scales = Scales(log, moved.log_alpha)
        matrix = kernel.covariance(kernel.compare(kernel.pairs(pairs, pairs), scales))
        matrix = matrix + torch.diag_embed(scales.noise(YC[:, None]))
        level = moving.mean(XC.embedding).mT
        normal = torch.distributions.MultivariateNormal(level.double(), matrix.double())
        evidence.append(normal.log_prob(YC[:, None].double()))
    assert (evidence[1] > evidence[0]).all()
    none = moving.condition(cut(XC, []), YC[:, :0], ALL[:, :0]).scales
    torch.testing.assert_close(none.log, start.expand_as(none.log))


@pytest.mark.parametrize("head", range(HEADS))
def test_a_head_predicts_what_a_plain_gaussian_process_predicts(heads, head):
    mixture = heads.predict(heads.condition(XC, YC, ALL), XT)
    for task in range(TASKS):
        covariance, cross, prior, residual, noise, level = oracle(heads, task, head, list(range(CONTEXT)), XT)
        mean, variance = exact_gp.posterior(covariance, cross, prior, residual, noise)
        np.testing.assert_allclose(mixture.mean[task, head], level + mean, rtol=1e-3, atol=1e-3)
        measured = noise_of(heads, mixture.mean)[task, head]
        np.testing.assert_allclose(mixture.std[task, head] ** 2, variance + measured.numpy(), rtol=2e-3, atol=1e-4)
        np.testing.assert_allclose(mixture.noise[task, head] ** 2, measured, rtol=1e-4)


def left_out(heads: WhitenedHeads, task: int, head: int) -> list[tuple[float, float]]:
    """Standardised error and log-density of each evaluated cell, really left out."""
    result = []
    for i in range(CONTEXT):
        others = [j for j in range(CONTEXT) if j != i]
        covariance, cross, prior, residual, noise, level = oracle(heads, task, head, others, cut(XC, [i]))
        mean, variance = exact_gp.posterior(covariance, cross, prior, residual, noise)
        error = YC[task, i].numpy() - level - mean
        variance = variance + noise_of(heads, YC[task, i, None])[head].numpy()
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


def test_the_kind_of_cells_and_how_many_weigh_the_heads_before_any_score_does(heads):
    heads.log_evidence_weight.fill_(-1e3)
    mask = ALL.clone()
    mask[1, 4:] = False
    centre = torch.stack([XC.embedding[0].mean(0), XC.embedding[1, :4].mean(0)])
    many = torch.log1p(torch.tensor([[CONTEXT], [4]])) / 3
    expected = torch.log_softmax(heads.log_prior + heads.gate(torch.cat([centre, many], -1)), -1)
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
    heads.kernel.log_noise.fill_(-12.0)
    slope = torch.tensor([0.7, -1.3])
    score = XC.embedding @ kernel.directions[1].mT @ slope
    mixture = heads.predict(heads.condition(XC, score, ALL), XT)
    expected = XT.embedding @ kernel.directions[1].mT @ slope
    torch.testing.assert_close(mixture.mean[:, 1], expected, rtol=2e-2, atol=2e-2)


def test_scales_follow_some_of_many_cells_and_all_of_few(monkeypatch):
    heads = some_heads(2)
    mask = ALL.clone()
    mask[1, 5:] = False
    whole = heads.condition(XC, YC, mask).scales.log
    monkeypatch.setattr(heads.kernel.config, "followed", 5)
    some = heads.condition(XC, YC, mask).scales.log
    torch.testing.assert_close(some[1], whole[1], rtol=1e-4, atol=1e-4)
    assert (some[0] - whole[0]).abs().max() > 1e-3
    order = torch.randperm(CONTEXT, generator=seeded(4))
    other = heads.condition(cut(XC, order), YC[:, order], mask[:, order]).scales.log
    torch.testing.assert_close(some, other, rtol=1e-3, atol=1e-3)


def test_a_kernel_matrix_that_is_singular_in_single_precision_is_given_a_little_more_noise(monkeypatch):
    heads = some_heads(2)
    plain = heads.condition(XC, YC, ALL)
    exact = heads.kernel.covariance

    def inexact(compared):
        covariance = exact(compared)
        less = 2 * torch.eye(covariance.shape[-1]) * 1e-3 * torch.diagonal(covariance, dim1=-2, dim2=-1).amax()
        return torch.ones_like(covariance) - less if covariance.shape[-1] == covariance.shape[-2] else covariance

    heads.kernel.log_noise.data.fill_(-12.0)
    monkeypatch.setattr(heads.kernel, "covariance", inexact)
    found = heads.condition(XC, YC, ALL)
    assert torch.isfinite(found.alpha).all()
    assert plain.alpha.shape == found.alpha.shape
    monkeypatch.setattr(heads.kernel, "covariance", lambda compared: exact(compared) * torch.nan)
    with pytest.raises(torch.linalg.LinAlgError):
        heads.condition(XC, YC, ALL)


@pytest.mark.parametrize("garbage", [0.0, 50.0])
def test_what_stands_behind_the_mask_has_no_influence_at_all(any_heads, garbage):
    xc, yc, mask = points(CONTEXT, 1), YC.clone(), ALL.clone()
    hidden = torch.tensor([0, 3, 4, 8])
    mask[:, hidden] = False
    kept = torch.nonzero(mask[0]).flatten()
    expected = any_heads.predict(any_heads.condition(cut(XC, kept), YC[:, kept], mask[:, kept]), XT)
    yc[:, hidden] = garbage
    xc.map(lambda values: values.index_fill_(1, hidden, int(garbage)))
    mixture = any_heads.predict(any_heads.condition(xc, yc, mask), XT)
    for name in ("log_weight", "mean", "std", "noise"):
        torch.testing.assert_close(getattr(mixture, name), getattr(expected, name), rtol=1e-4, atol=1e-4)


def test_tasks_of_different_sizes_in_one_batch_are_answered_as_if_alone(any_heads):
    mask = ALL.clone()
    mask[1, 4:] = False
    both = any_heads.predict(any_heads.condition(XC, YC, mask), XT)
    one = [XC.map(lambda x: x[1:, :4]), YC[1:, :4], mask[1:, :4]]
    alone = any_heads.predict(any_heads.condition(*one), XT.map(lambda x: x[1:]))
    torch.testing.assert_close(both.mean[1:], alone.mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(both.log_weight[1:], alone.log_weight, rtol=1e-4, atol=1e-4)


def test_the_order_of_the_evaluated_cells_does_not_matter(any_heads):
    order = torch.randperm(CONTEXT, generator=seeded(4))
    one = any_heads.predict(any_heads.condition(XC, YC, ALL), XT)
    other = any_heads.predict(any_heads.condition(cut(XC, order), YC[:, order], ALL), XT)
    for name in ("log_weight", "mean", "std"):
        torch.testing.assert_close(getattr(one, name), getattr(other, name), rtol=1e-3, atol=1e-3)


def test_an_empty_context_gives_the_prior(heads):
    none = heads.condition(cut(XC, []), YC[:, :0], ALL[:, :0])
    mixture = heads.predict(none, XT)
    torch.testing.assert_close(mixture.mean, heads.mean(XT.embedding).mT)
    torch.testing.assert_close(mixture.std**2, diagonal_of(heads, XT, none.lens) + noise_of(heads, mixture.mean))
    prior = heads.log_prior + heads.gate(torch.zeros(D_EMBED + 1))
    torch.testing.assert_close(mixture.log_weight[0], torch.log_softmax(prior, 0))


def test_heads_without_a_prior_mean_expect_nothing_and_hints_move_the_others():
    heads = heads_of_every_kind()
    level = heads.prior_mean(XT)
    assert not level[:, FREE_HEAD:].any()
    expected = heads.mean(XT.embedding)[..., :FREE_HEAD] + XT.hint @ heads.hint[:FREE_HEAD].mT
    torch.testing.assert_close(level[:, :FREE_HEAD], expected.mT)
    none = heads.condition(cut(XC, []), YC[:, :0], ALL[:, :0])
    torch.testing.assert_close(heads.predict(none, XT).mean, level)


def test_repeated_measurements_of_one_cell_average_out_the_noise(heads):
    """Of prior variance k, n measurements with noise s leave k s / (k n + s)."""
    once = cut(XC, [0])
    k = diagonal_of(heads, once, Lens.of(once, YC[:, :1], ALL[:, :1], RELEVANCE))[..., 0]
    s = noise_of(heads, YC[:, None, :1])[..., 0]
    for n in (1, 4):
        mixture = heads.predict(heads.condition(cut(XC, [0] * n), YC[:, [0] * n], ALL[:, :n]), once)
        torch.testing.assert_close(
            (mixture.std**2 - mixture.noise**2)[..., 0], k * s / (k * n + s), rtol=2e-3, atol=1e-4
        )


def test_many_repeated_measurements_do_not_break_the_arithmetic(any_heads):
    n = 1000
    any_heads.kernel.log_noise.fill_(-30)  # the least noise there is
    again = [i % 3 for i in range(n)]
    mixture = any_heads.predict(
        any_heads.condition(cut(XC, again), YC[:, again], torch.ones(TASKS, n, dtype=torch.bool)), XT
    )
    assert torch.isfinite(mixture.mean).all()
    assert (mixture.std > 0).all()


def test_pruned_heads_leave_the_others_as_they_were_and_pruning_twice_is_pruning_once(any_heads):
    posterior = any_heads.condition(XC, YC, ALL)
    full, weight = any_heads.predict(posterior, XT), posterior.log_weight.exp()
    second = weight.amax(0).sort().values[1].item()
    least = (weight.amax(0).min().item() + second) / 2
    pruned = posterior.prune(least)
    kept = torch.nonzero(weight.amax(0) >= least).flatten()
    assert len(kept) == HEADS - 1
    mixture = any_heads.predict(pruned, XT)
    torch.testing.assert_close(mixture.mean, full.mean[:, kept])
    torch.testing.assert_close(mixture.std, full.std[:, kept])
    torch.testing.assert_close(mixture.log_weight.exp().sum(-1), torch.ones(TASKS))
    twice = any_heads.predict(pruned.prune(pruned.log_weight.exp().amax(0).sort().values[-1].item()), XT)
    assert twice.mean.shape[1] == 1
    best = kept[pruned.log_weight.exp().amax(0).argmax()]
    torch.testing.assert_close(twice.mean[:, 0], full.mean[:, best])
