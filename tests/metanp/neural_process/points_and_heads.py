"""Points of every kind, whitened heads that differ in everything, and what a head says as plain numpy, for tests."""

import torch
from torch import Tensor

from metanp.encoder import Points
from metanp.neural_process.heads import WhitenedHeads
from metanp.neural_process.kernel import HeadKernel, KernelConfig
from metanp.neural_process.lens import WEIGHINGS, Lens, Relevance
from metanp.side import HINTS

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
    return Points(embedding, features, patterns, side, torch.randn(tasks, n, HINTS, generator=rng))


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


FREE_HEAD, SIDE_HEAD = 2, 3  # of `heads_of_every_kind`; the first two have a prior mean, which hints move


def heads_of_every_kind() -> WhitenedHeads:
    """Heads with a prior mean, one without, and one on side features alone."""
    torch.manual_seed(0)
    config = KernelConfig(heads=2, directions=2, embedding_heads=1, free_heads=1, side_heads=1, hints=True)
    heads, rng = WhitenedHeads(HeadKernel(config, D_EMBED, FEATURES, STEPS), D_EMBED), seeded(0)
    with torch.no_grad():
        for parameter in heads.parameters():
            parameter += 0.5 * torch.randn(parameter.shape, generator=rng)
    return heads.requires_grad_(False)
