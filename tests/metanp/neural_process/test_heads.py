"""The whitened heads: each is exactly the Gaussian process that plain numpy computes from its kernel matrix."""

import itertools
from collections import Counter

import numpy as np
import pytest
import torch
from torch import Tensor

from metanp.encoder import Points
from metanp.neural_process.heads import WhitenedHeads
from metanp.neural_process.kernel import HeadKernel, KernelConfig
from metanp.neural_process.lens import POWERS, RIDGE, WEIGHINGS, Lens, Relevance, features_and_side
from metanp.neural_process.scales import Scales
from tests import exact_gp

D_EMBED, FEATURES, STEPS, NODES, SIDE = 3, (2, 3), 2, 4, 2
HEADS, TASKS, CONTEXT, TARGET = 3, 2, 9, 6


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def points(n: int, seed: int, tasks: int = TASKS) -> Points:
    """Points of every kind, some side features missing."""
    rng = seeded(seed)
    embedding, features, side = (torch.randn(tasks, n, size, generator=rng) for size in (D_EMBED, sum(FEATURES), SIDE))
    side[torch.rand(side.shape, generator=rng) < 0.3] = torch.nan
    # few names, so that cells share some; 0 is no node
    patterns = torch.randint(0, 9, (tasks, n, STEPS, NODES), generator=rng)
    return Points(embedding, features, patterns, side)


def some_heads(adaptive_steps: int) -> WhitenedHeads:
    """Heads that differ in everything."""
    torch.manual_seed(0)  # parameters start at random: the same whatever ran before
    config = KernelConfig(heads=HEADS, directions=2, embedding_heads=1, adaptive_steps=adaptive_steps)
    heads, rng = WhitenedHeads(HeadKernel(config, D_EMBED, FEATURES, STEPS), D_EMBED), seeded(0)
    with torch.no_grad():
        for parameter in heads.parameters():
            parameter += 0.5 * torch.randn(parameter.shape, generator=rng)
    heads.kernel.relevance.load_state_dict(RELEVANCE.state_dict())
    return heads.requires_grad_(False)


@pytest.fixture
def heads() -> WhitenedHeads:
    """With scales that stay as they are, so that plain numpy can follow."""
    return some_heads(0)


@pytest.fixture(params=[0, 2])
def any_heads(request) -> WhitenedHeads:
    """With scales that stay, and with scales that follow the context."""
    return some_heads(request.param)


XC, XT = points(CONTEXT, 1), points(TARGET, 2)
YC = torch.randn(TASKS, CONTEXT, generator=seeded(3))
ALL = torch.ones(TASKS, CONTEXT, dtype=torch.bool)
RELEVANCE = Relevance(sum(FEATURES)).requires_grad_(False)
RELEVANCE.log_weight += torch.randn(sum(FEATURES) + 1, generator=seeded(6))
RELEVANCE.log_labels += torch.randn(WEIGHINGS, generator=seeded(7))
LENS = Lens.of(XC, YC, ALL, RELEVANCE)


def covariance_of(heads: WhitenedHeads, a: Points, b: Points) -> Tensor:
    """(task, head, a, b), seen through the lens of all scores."""
    kernel = heads.kernel
    return kernel.covariance(
        kernel.compare(kernel.pairs(kernel.prepare(a, LENS), kernel.prepare(b, LENS)), kernel.scales())
    )


def diagonal_of(heads: WhitenedHeads, a: Points, lens: Lens = LENS) -> Tensor:
    return heads.kernel.variance(heads.kernel.prepare(a, lens), heads.kernel.scales())


def noise_of(heads: WhitenedHeads, score: Tensor) -> Tensor:
    """By hand, of scores (..., head or 1, cell)."""
    slant = heads.kernel.log_slant.tanh()[:, None]
    return torch.exp(heads.kernel.log_noise[:, None] - slant * score.clamp(-3, 3)) + 1e-3


def cut(x: Points, keep: Tensor | list[int]) -> Points:
    return x.map(lambda values: values[:, keep])


def oracle(heads: WhitenedHeads, task: int, head: int, keep: list[int], xt: Points):
    """Kernel matrices through the lens of all scores, residuals, noise and prior mean of one head, as numpy."""
    xc = cut(XC, keep)
    covariance, cross = (covariance_of(heads, a, xc)[task, head].double().numpy() for a in (xc, xt))
    prior = diagonal_of(heads, xt)[task, head].double().numpy()
    residual = (YC[:, keep] - heads.mean(xc.embedding)[..., head])[task].double().numpy()
    level = heads.mean(xt.embedding)[task, :, head].double().numpy()
    noise = noise_of(heads, YC[:, None, keep])[task, head].double().numpy()
    return covariance, cross, prior, residual, noise, level


def test_every_kernel_matrix_is_symmetric_and_positive_and_has_the_stated_diagonal(heads):
    covariance = covariance_of(heads, XC, XC)
    torch.testing.assert_close(covariance, covariance.mT)
    assert torch.linalg.eigvalsh(covariance.double()).min() > -1e-4
    torch.testing.assert_close(covariance.diagonal(dim1=-2, dim2=-1), diagonal_of(heads, XC), rtol=1e-3, atol=1e-3)


def test_a_missing_side_feature_counts_as_the_average_of_the_evaluated_cells(heads):
    filled = XT.with_side(XT.side.nan_to_num(0.0))
    torch.testing.assert_close(covariance_of(heads, XT, XC), covariance_of(heads, filled, XC))


def test_some_heads_are_those_rows_of_all_heads(heads):
    some, kernel = torch.tensor([2, 0]), heads.kernel
    a, b = (kernel.prepare(x, LENS, some) for x in (XT, XC))
    scales = kernel.scales().only(some)
    torch.testing.assert_close(
        kernel.covariance(kernel.compare(kernel.pairs(a, b), scales)), covariance_of(heads, XT, XC)[:, some]
    )
    torch.testing.assert_close(kernel.variance(a, scales), diagonal_of(heads, XT)[:, some])


def test_slopes_are_the_gradient_by_every_scale(heads):
    kernel = heads.kernel
    prepared = kernel.prepare(XC, LENS)
    pairs, start = kernel.pairs(prepared, prepared), kernel.scales()
    weight = torch.randn(TASKS, HEADS, CONTEXT, CONTEXT, generator=seeded(5))
    weight = weight + weight.mT
    log = start.log.repeat(TASKS, 1, 1).requires_grad_()
    scales = Scales(log, start.log_alpha)
    noisy = kernel.covariance(kernel.compare(pairs, scales)) + torch.diag_embed(scales.noise(YC[:, None]))
    (expected,) = torch.autograd.grad((weight * noisy).sum(), log)
    assert (expected != 0).any(0).all()
    of_noise = scales.noise_slopes(YC[:, None], weight.diagonal(dim1=-2, dim2=-1))
    slopes = torch.cat([of_noise, kernel.slopes(kernel.compare(pairs, scales), weight)], dim=-1)
    torch.testing.assert_close(slopes, expected, rtol=1e-3, atol=1e-3)


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
    monkeypatch.setattr("metanp.neural_process.heads.MOST_FOLLOWED", 5)
    some = heads.condition(XC, YC, mask).scales.log
    torch.testing.assert_close(some[1], whole[1], rtol=1e-4, atol=1e-4)
    assert (some[0] - whole[0]).abs().max() > 1e-3
    order = torch.randperm(CONTEXT, generator=seeded(4))
    other = heads.condition(cut(XC, order), YC[:, order], mask[:, order]).scales.log
    torch.testing.assert_close(some, other, rtol=1e-3, atol=1e-3)


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


def test_the_lens_shows_features_by_how_much_they_tell_of_the_scores():
    """By hand: squared correlation less what chance gives, and ridge regression, either mixed with what is usual;
    padding has no part in it."""
    mask = ALL.clone()
    mask[1, 6:] = False
    lens = Lens.of(XC, YC, mask, RELEVANCE)
    for task, n in enumerate((CONTEXT, 6)):
        x, y = features_and_side(XC)[task, :n].double().numpy(), YC[task, :n].double().numpy()
        excess = np.array([max(np.corrcoef(column, y)[0, 1] ** 2 - 1 / n, 0) for column in x.T])
        unit = (x - x.mean(0)) / x.std(0)
        beside = np.linalg.solve(unit.T @ unit / n + RIDGE * np.eye(x.shape[1]), unit.T @ (y - y.mean())) ** 2
        usual = RELEVANCE.log_weight[[*range(sum(FEATURES)), *[-1] * SIDE]].double().exp().numpy()
        labels = RELEVANCE.log_labels.double().exp().numpy()
        powers = [told**power / (told**power).sum() for told in (excess, beside) for power in POWERS]
        shares = [(n * a + s * usual / usual.sum()) / (n + s) for a, s in zip(powers, labels, strict=True)]
        np.testing.assert_allclose(lens.weight[:, task] ** 2, shares, atol=1e-4)
        np.testing.assert_allclose(lens.centre[task], x.mean(0), atol=1e-5)
        np.testing.assert_allclose(lens.scale[task], 1 / x.std(0), rtol=1e-3)
        seen = np.clip(unit, -4, 4) * np.sqrt(shares[-1])
        np.testing.assert_allclose(lens(XC)[0][-1][task, :n], seen, atol=1e-3)


def weighed(lens: Lens, x: Points) -> Tensor:
    """The columns in which features are weighed by what they tell."""
    return torch.stack(lens(x)[0][-WEIGHINGS:])


def test_patterns_are_counted_so_that_products_with_evaluated_cells_are_exact():
    lens = Lens.of(XC, YC, ALL, RELEVANCE)
    seen, shown = (lens(x)[1] for x in (XT, XC))
    for task, step, i, j in itertools.product(range(TASKS), range(STEPS), range(TARGET), range(CONTEXT)):
        p, q = (Counter(x.patterns[task, k, step].tolist()) for x, k in ((XT, i), (XC, j)))
        del p[0], q[0]
        assert seen.products(shown)[task, step, i, j] == sum(p[name] * q[name] for name in p)
        assert seen.dense()[task, step, i] @ shown.dense()[task, step, j] == seen.products(shown)[task, step, i, j]
        assert seen.square()[task, step, i] == sum(n * n for n in p.values())
        torch.testing.assert_close((seen.dense()[task, step, i] ** 2).sum(), seen.square()[task, step, i])


def test_patterns_that_no_evaluated_cell_has_share_the_last_column():
    strange = Points(XC.embedding, XC.features, torch.full_like(XC.patterns, 77), XC.side)
    counts = Lens.of(XC, YC, ALL, RELEVANCE)(strange)[1].dense()
    assert (counts[..., :-1] == 0).all()
    assert (counts[..., -1] == NODES).all()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_or_equal_scores_tell_nothing_of_features(n):
    few = cut(XC, list(range(n)))
    for score in (torch.zeros(TASKS, n), YC[:, :n]):
        lens = Lens.of(few, score, ALL[:, :n], RELEVANCE)
        assert all(torch.isfinite(block).all() for block in lens(XT)[0])
        if n < 2:
            assert not weighed(lens, XT).any()
        elif not score.any():
            # two cells always correlate; equal scores leave what is usual, mixed in by its part
            labels = RELEVANCE.log_labels.exp()
            total = (labels / (n + labels))[:, None].expand(-1, TASKS)
            torch.testing.assert_close((lens.weight**2).sum(-1), total)


def test_the_units_of_scores_and_features_do_not_matter_to_the_lens():
    scaled = Points(XC.embedding, 30 * XC.features + 7, XC.patterns, XC.side)
    one, other = Lens.of(XC, YC, ALL, RELEVANCE), Lens.of(scaled, 5 * YC - 2, ALL, RELEVANCE)
    torch.testing.assert_close(one.weight, other.weight, atol=1e-3, rtol=1e-3)


def test_learning_through_the_lens_gives_finite_gradients(heads):
    xc = Points(XC.embedding, XC.features.clone().requires_grad_(), XC.patterns, XC.side)
    posterior = heads.condition(xc, YC, ALL)
    heads.predict(posterior, XT).mean.sum().backward()
    assert torch.isfinite(xc.features.grad).all()
    assert xc.features.grad.any()


@pytest.mark.parametrize(
    ("part", "sees"),
    [("features", "features"), ("weighed", "features"), ("patterns", "patterns"), ("embedding", "embedding")],
)
def test_kernels_of_one_part_see_nothing_else(part, sees):
    config = KernelConfig(heads=HEADS, directions=2, embedding_heads=1, adaptive_steps=2, parts=[part])
    torch.manual_seed(0)
    heads = WhitenedHeads(HeadKernel(config, D_EMBED, FEATURES, STEPS), D_EMBED).requires_grad_(False)
    posterior, kernel, other = heads.condition(XC, YC, ALL), heads.kernel, points(TARGET, 8)
    assert not posterior.scales.log[..., 1].any()  # no slant either
    one = None
    for name in (None, "features", "patterns", "embedding"):
        seen = vars(XT) | ({name: getattr(other, name)} if name else {})
        prepared = kernel.prepare(Points(**seen), posterior.lens)
        covariance = kernel.covariance(kernel.compare(kernel.pairs(prepared, posterior.xc), posterior.scales))
        one = covariance if one is None else one
        assert torch.allclose(covariance, one, atol=1e-6) == (name != sees)


def test_a_part_that_kernels_do_not_have_is_named():
    with pytest.raises(ValueError, match="'smell'"):
        HeadKernel(KernelConfig(parts=["smell"]), D_EMBED, FEATURES, STEPS)
