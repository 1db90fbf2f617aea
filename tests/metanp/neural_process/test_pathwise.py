"""Joint draws: in distribution the heads' posterior, each draw one function whatever is asked of it and how."""

import numpy as np
import pytest
import torch

from metanp.encoder import Points
from metanp.neural_process.heads import WhitenedHeads
from metanp.neural_process.kernel import HeadKernel, KernelConfig
from metanp.neural_process.lens import Lens
from metanp.neural_process.pathwise import PathwiseSampler
from metanp.side import HINTS
from tests import exact_gp

D_EMBED, CONTEXT, TARGET, DRAWS = 2, 6, 5, 3000


def random(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def points(seed: int, n: int) -> Points:
    names = torch.randint(0, 6, (1, n, 1, 3), generator=torch.Generator().manual_seed(seed + 2))
    return Points(
        random(seed, 1, n, D_EMBED), random(seed + 1, 1, n, 2), names, random(7, 1, n, 1), torch.zeros(1, n, HINTS)
    )


def two_heads() -> WhitenedHeads:
    """Two heads that differ in everything."""
    kernel = HeadKernel(KernelConfig(heads=2, directions=2, embedding_heads=1, adaptive_steps=0), D_EMBED, (2,), 1)
    heads, rng = WhitenedHeads(kernel, D_EMBED), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in heads.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=rng)
    return heads.requires_grad_(False)


@pytest.fixture
def heads() -> WhitenedHeads:
    """The linear part of the first one is strong."""
    heads = two_heads()
    heads.kernel.log_linear_weight[0] += 5
    return heads


XC, XT = points(10, CONTEXT), points(20, TARGET)
YC, ALL = random(3, 1, CONTEXT), torch.ones(1, CONTEXT, dtype=torch.bool)


def covariance_of(heads: WhitenedHeads, a: Points, b: Points) -> torch.Tensor:
    kernel = heads.kernel
    lens = Lens.of(XC, YC, ALL, kernel.relevance)
    return kernel.covariance(
        kernel.compare(kernel.pairs(kernel.prepare(a, lens), kernel.prepare(b, lens)), kernel.scales())
    )


def only_head(heads: WhitenedHeads, head: int) -> WhitenedHeads:
    heads.log_prior.fill_(-1e4)
    heads.log_prior[head] = 1e4
    return heads


def draws(heads: WhitenedHeads, xt: Points, n: int = DRAWS, seed: int = 0, prune: bool = False) -> np.ndarray:
    posterior = heads.condition(XC, YC, ALL)
    sampler = PathwiseSampler(
        heads, posterior.prune(0.01) if prune else posterior, n, torch.Generator().manual_seed(seed)
    )
    return sampler(xt)[0].double().numpy()


def test_random_waves_and_slopes_stand_for_the_same_kernel(heads):
    """What the sampler reads of a kernel, its coordinates, gives back the kernel matrix."""
    kernel = heads.kernel
    matrix, scales = covariance_of(heads, XT, XC), kernel.scales()
    lens = Lens.of(XC, YC, ALL, kernel.relevance)
    for h in range(2):
        (x, along), (y, other) = (kernel.coordinates(kernel.prepare(x, lens), scales, h) for x in (XT, XC))
        smooth = (1 + torch.cdist(x, y) ** 2) ** -kernel.log_alpha[h].exp()
        linear = along @ other.mT
        whole = kernel.log_amplitude[h].exp() * smooth + linear + kernel.log_constant[h].exp()
        torch.testing.assert_close(matrix[0, h], whole, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("prune", [False, True])
@pytest.mark.parametrize("head", [0, 1])
def test_mean_and_covariance_of_many_draws_are_the_exact_posteriors(heads, head, prune):
    only_head(heads, head)
    values = np.concatenate([draws(heads, XT, DRAWS // 10, seed, prune) for seed in range(10)])
    k = [covariance_of(heads, a, b)[0, head].double().numpy() for a, b in ((XC, XC), (XT, XC), (XT, XT))]
    noise = heads.kernel.scales().noise(YC[:, None])[0, head].double().numpy()
    level = heads.mean(XT.embedding)[0, :, head].double().numpy()
    residual = (YC - heads.mean(XC.embedding)[..., head])[0].double().numpy()
    mean, variance = exact_gp.posterior(k[0], k[1], np.diag(k[2]), residual, noise)
    covariance = k[2] - k[1] @ np.linalg.solve(k[0] + noise * np.eye(CONTEXT), k[1].T)
    np.testing.assert_allclose(np.diag(covariance), variance, atol=1e-6)
    std = np.sqrt(variance)
    assert np.abs((values.mean(0) - level - mean) / std).max() < 0.1
    assert np.abs((np.cov(values.T) - covariance) / np.outer(std, std)).max() < 0.15


def test_heads_are_drawn_as_often_as_they_weigh(heads):
    heads.log_prior += torch.tensor([0.7, 0.3]).log() - heads.condition(XC, YC, ALL).log_weight[0]
    sampler = PathwiseSampler(heads, heads.condition(XC, YC, ALL), DRAWS, torch.Generator().manual_seed(0))
    assert (sampler.head == 0).double().mean().item() == pytest.approx(0.7, abs=0.05)


def test_the_same_cell_twice_gets_the_same_value_in_every_draw(heads):
    twice = XT.map(lambda x: torch.cat([x, x.flip(1)], dim=1))
    values = draws(heads, twice, n=50)
    np.testing.assert_allclose(values[:, :TARGET], values[:, TARGET:][:, ::-1], rtol=1e-4, atol=1e-4)
    assert values.std(0).min() > 0.01


def test_a_sampler_asked_in_pieces_answers_as_at_once(heads):
    sampler = PathwiseSampler(heads, heads.condition(XC, YC, ALL), 20, torch.Generator().manual_seed(0))
    at_once, head = sampler(XT)
    pieces = [sampler(XT.map(lambda x, i=i: x[:, i : i + 2]))[0] for i in range(0, TARGET, 2)]
    torch.testing.assert_close(torch.cat(pieces, dim=1), at_once, rtol=1e-4, atol=1e-4)
    assert head.shape == (20,)


def test_the_same_seed_gives_the_same_draws_and_another_seed_others(heads):
    assert np.array_equal(draws(heads, XT, 5, seed=1), draws(heads, XT, 5, seed=1))
    assert not np.array_equal(draws(heads, XT, 5, seed=1), draws(heads, XT, 5, seed=2))


def test_an_empty_context_draws_from_the_prior(heads):
    only_head(heads, 1)
    posterior = heads.condition(XC.map(lambda x: x[:, :0]), YC[:, :0], ALL[:, :0])
    values = PathwiseSampler(heads, posterior, DRAWS, torch.Generator().manual_seed(0))(XT)[0]
    prior = heads.kernel.variance(heads.kernel.prepare(XT, posterior.lens), posterior.scales)[0, 1]
    torch.testing.assert_close(values.var(0), prior, rtol=0.15, atol=0)


def test_no_tensor_grows_with_the_square_of_the_pool(heads):
    """A pool x pool matrix of this pool would hold 400 million numbers."""
    sampler, n = PathwiseSampler(heads, heads.condition(XC, YC, ALL), 4, torch.Generator().manual_seed(0)), 20_000
    largest = 0

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            nonlocal largest
            result = function(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor):
                largest = max(largest, result.numel())
            return result

    with Watch():
        assert sampler(points(40, n))[0].shape == (4, n)
    assert n * CONTEXT < largest < 2000 * n


@pytest.mark.parametrize("kind", [0, 1], ids=["curved", "straight"])
def test_draws_of_heads_that_read_a_forest_have_its_mean_and_spread(kind):
    config = KernelConfig(heads=1, directions=2, embedding_heads=1, forest_heads=2, adaptive_steps=0)
    heads = WhitenedHeads(HeadKernel(config, D_EMBED, (2,), 1), D_EMBED).requires_grad_(False)
    only_head(heads, 1 + kind)
    xc, yc, mask = points(30, 20), random(4, 1, 20), torch.ones(1, 20, dtype=torch.bool)
    posterior = heads.condition(xc, yc, mask)
    values = np.concatenate(
        [PathwiseSampler(heads, posterior, 500, torch.Generator().manual_seed(seed))(XT)[0] for seed in range(8)]
    )
    exact = heads.predict(posterior, XT).without_noise()
    mean, std = exact.mean[0, 1 + kind].numpy(), exact.std[0, 1 + kind].numpy()
    assert np.abs((values.mean(0) - mean) / std).max() < 0.1
    assert np.abs(values.std(0) / std - 1).max() < 0.1
    rest = posterior.prune(0.5)
    torch.testing.assert_close(heads.predict(rest, XT).mean[0, 0], exact.mean[0, 1 + kind])


def test_leaves_are_not_looked_up_where_no_head_reads_them():
    config = KernelConfig(heads=2, directions=2, embedding_heads=1, forest_heads=1, adaptive_steps=0)
    heads = WhitenedHeads(HeadKernel(config, D_EMBED, (2,), 1), D_EMBED).requires_grad_(False)
    only_head(heads, 0)
    xc, yc, mask = points(30, 20), random(4, 1, 20), torch.ones(1, 20, dtype=torch.bool)
    posterior = heads.condition(xc, yc, mask)
    rest = posterior.prune(0.5)
    assert posterior.lens.forest.width > rest.lens.forest.width == 0
    torch.testing.assert_close(heads.predict(rest, XT).mean[0, 0], heads.predict(posterior, XT).mean[0, 0])
