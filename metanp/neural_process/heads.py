"""Whitened set convolution: several exact Gaussian-process heads, weighted by how well each explains the context.

A set convolution that only smooths the evaluated scores leaves its network to discover that neighbouring cells are
redundant. Multiplying by the inverse of the context's kernel matrix accounts for that: this is the exact posterior of a
Gaussian process on the learned coordinates. Each head has its own kernel, noise and prior mean. A context adapts the
heads' scales (`metanp.neural_process.scales`), then weights the heads by their marginal likelihood and their
leave-one-out likelihood. Everything in closed form; nothing is trained.

Axes: task, head, context, target. Everything in float32 whatever the autocast: a kernel matrix in half precision is
not positive definite.

Sources: Rasmussen & Williams 2006, equations 2.23, 2.30 and 5.12; the weights of the heads are this project's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from metanp.brief import brief
from metanp.distribution import Mixture
from metanp.encoder import Points
from metanp.neural_process.kernel import ALL, Compared, HeadKernel, Pairs, Prepared
from metanp.neural_process.lens import Lens
from metanp.neural_process.scales import AdaptiveSteps, Scales
from metanp.side import HINTS

GATE_WIDTH = 32
JITTER = (1e-4, 1e-3, 1e-2, 0.1, 1.0)  # shares of the mean variance, added where a kernel matrix is singular


@dataclass(frozen=True)
class Posterior:
    """The state of the heads after reading the context; of a large one, its landmarks are the context (`landmarks`)."""

    xc: Prepared
    lens: Lens
    scales: Scales
    mask: Bool[Tensor, "task context"]
    noise: Float[Tensor, "task head measured"]  # variance of each measurement that was read exactly
    alpha: Float[Tensor, "task head context"]  # inverse kernel matrix times residual scores
    whitener: Float[Tensor, "task head context context"]  # inverse of the Cholesky factor
    log_weight: Float[Tensor, "task head"]
    loo_residual: Float[Tensor, "task head measured"]  # standardised: measured minus left-out prediction, over its std
    heads: Tensor | slice
    unknown: Float[Tensor, "task head context context"] | None = None  # root of the covariance of `alpha`

    __repr__ = brief

    def left_out(self, yc: Float[Tensor, "task measured"]) -> Float[Tensor, "task head measured"] | None:
        """What each head expects of every measurement from the others; None where some were absorbed."""
        if self.unknown is not None or self.alpha.shape[-1] != yc.shape[-1]:
            return None
        return yc[:, None] - self.alpha / (self.whitener**2).sum(-2).clamp(min=1e-12)

    def prune(self, weight: float) -> Posterior:
        """Keep the heads with at least this weight in some task, and the heaviest; for large pools."""
        heads = self.log_weight.exp()
        return self.only(torch.nonzero((heads >= heads.max().clamp(max=weight)).any(0)).flatten())

    def quick(self) -> Posterior:
        """The heaviest head of those that read no forest, where there is one: leaves take longest to look up."""
        weight = self.log_weight.max(0).values
        forest = [self.scales.one(head).read_last_block for head in range(len(weight))]
        if self.xc.leaves is not None and not all(forest):
            weight = weight.masked_fill(torch.tensor(forest, device=weight.device), -torch.inf)
        return self.only(weight.argmax()[None])

    def only(self, kept: Int[Tensor, " head"]) -> Posterior:
        """Some of the heads."""
        xc, lens, scales = self.xc.only(kept), self.lens, self.scales.only(kept)
        if not scales.read_last_block:
            xc, lens = xc.without_leaves(), lens.without_forest()
        return Posterior(
            xc,
            lens,
            scales,
            self.mask,
            self.noise[:, kept],
            self.alpha[:, kept],
            self.whitener[:, kept],
            torch.log_softmax(self.log_weight[:, kept], dim=-1),
            self.loo_residual[:, kept],
            kept if isinstance(self.heads, slice) else self.heads[kept],
            None if self.unknown is None else self.unknown[:, kept],
        )


class WhitenedHeads(nn.Module):
    """Exact conditioning of all heads; `condition` once for each context, `predict` for any targets."""

    def __init__(self, kernel: HeadKernel, d_embed: int):
        super().__init__()
        heads = len(kernel.log_amplitude)
        self.kernel = kernel
        self.mean = nn.Linear(d_embed, heads)
        nn.init.zeros_(self.mean.weight)
        nn.init.zeros_(self.mean.bias)
        self.hint = nn.Parameter(torch.full((heads, HINTS), 0.3)) if kernel.config.hints else None
        self.adaptive = AdaptiveSteps(kernel.config.adaptive_steps, kernel.scales().log.shape[-1])
        # a second row where the evaluated cells have one graph, and side features are all that there is
        self.log_prior = nn.Parameter(torch.zeros((2, heads) if kernel.config.counts_side else heads))
        # prior weights of the heads depend on the mean embedding and on numbers of evaluated cells and of features that
        # vary among them, not on scores
        last = nn.Linear(GATE_WIDTH, heads, bias=False)
        nn.init.zeros_(last.weight)
        known = d_embed + 1 + 2 * kernel.config.counts_side
        self.gate = nn.Sequential(nn.Linear(known, GATE_WIDTH), nn.GELU(), last)
        self.log_evidence_weight = nn.Parameter(torch.tensor([-1.0, -1.0]))
        self.evidence_decay = nn.Parameter(torch.tensor([0.2, 0.2]))

    @torch.autocast("cuda", enabled=False)
    @torch.autocast("cpu", enabled=False)
    def condition(
        self,
        xc: Points,
        yc: Float[Tensor, "task context"],
        mask: Bool[Tensor, "task context"],
        spread: Float[Tensor, "task context"] | None = None,
    ) -> Posterior:
        """Read the context; rows where `mask` is False have no influence at all.

        Args:
            spread: variance of a measurement beyond the noise that all have.
        """
        xc, yc, real = xc.float(), yc.float(), mask[:, None].float()
        more = torch.zeros_like(real) if spread is None else spread[:, None].float()
        lens = Lens.of(xc, yc, mask, self.kernel.relevance, self.kernel.reads)
        prepared = self.kernel.prepare(xc, lens)
        residual = (yc[:, None] - self.prior_mean(xc)) * real
        pairs = self.kernel.pairs(prepared, prepared)
        if yc.shape[1] <= self.kernel.config.followed:
            scales = self._adapted(pairs, yc[:, None], residual.detach(), real, more)
        else:
            rows, there = spread_over(yc, mask, self.kernel.config.followed)
            few, kept = prepared.rows(rows), there[:, None].float()
            apart = residual.gather(2, rows[:, None].expand(-1, residual.shape[1], -1)) * kept
            score, more_of_few = yc.gather(1, rows)[:, None], more.gather(2, rows[:, None])
            scales = self._adapted(self.kernel.pairs(few, few), score, apart.detach(), kept, more_of_few)
        noise = scales.noise(yc[:, None]) + more
        cholesky = self._cholesky(self.kernel.compare(pairs, scales), noise, real)
        identity = torch.eye(yc.shape[1], device=yc.device).expand_as(cholesky)
        whitener = torch.linalg.solve_triangular(cholesky, identity, upper=False)
        white = torch.einsum("thij,thj->thi", whitener, residual)
        alpha = torch.einsum("thij,thi->thj", whitener, white)
        precision = (whitener**2).sum(-2)  # the diagonal of the inverse kernel matrix
        loo_residual = alpha / precision.sqrt() * real
        evidence = -0.5 * (white**2).sum(-1) + torch.log(torch.diagonal(whitener, dim1=-2, dim2=-1)).sum(-1)
        loo = (-0.5 * loo_residual**2 + 0.5 * torch.log(precision) * real).sum(-1)
        count = mask.sum(-1)[:, None]
        decay = count.clamp(min=1) ** -self.evidence_decay[:, None, None]
        first, second = self.log_evidence_weight.exp()
        logit = self._log_prior(xc, mask, count, lens) + first * decay[0] * evidence + second * decay[1] * loo
        # a padded cell explains nothing: its column is set to zero, so that `predict` needs no mask
        whitener = whitener * real[..., None, :]
        weight = torch.log_softmax(logit, dim=-1)
        return Posterior(prepared, lens, scales, mask, noise, alpha, whitener, weight, loo_residual, ALL)

    def _log_prior(
        self, xc: Points, mask: Bool[Tensor, "task context"], count: Int[Tensor, "task 1"], lens: Lens
    ) -> Float[Tensor, "task head"]:
        """Logarithms of prior weights, up to a constant: from which cells were evaluated, not from their scores."""
        centre = (xc.embedding * mask[..., None]).sum(1) / count.clamp(min=1)
        kind = torch.cat([centre, count.log1p() / 3], dim=-1)
        if not self.kernel.config.counts_side:
            return self.log_prior + self.gate(kind)
        kind = torch.cat([kind, lens.varied.log1p() / 3], dim=-1)
        one_graph = (lens.varied[:, 0] == 0) & (count[:, 0] > 1)
        return self.log_prior[one_graph.long()] + self.gate(kind)

    def prior_mean(self, points: Points) -> Float[Tensor, "task head cell"]:
        """Prior mean of every head; zero for those that have none."""
        mean = self.mean(points.embedding).mT
        if self.hint is not None:
            mean = mean + self.hint @ points.hint.mT
        return mean * self.kernel.with_mean

    def _cholesky(
        self, compared: Compared, noise: Float[Tensor, "task head context"], real: Float[Tensor, "task 1 context"]
    ) -> Float[Tensor, "task head context context"]:
        """Cholesky factor of the kernel matrix with its noise; padded cells are independent of all others."""
        covariance = self.kernel.covariance(compared) * real[..., :, None] * real[..., None, :]
        matrix = covariance + torch.diag_embed(noise * real + (1 - real))
        return safe_cholesky(matrix, JITTER)

    def _adapted(
        self,
        pairs: Pairs,
        score: Float[Tensor, "task 1 context"],
        residual: Float[Tensor, "task head context"],
        real: Float[Tensor, "task 1 context"],
        more: Float[Tensor, "task 1 context"],
    ) -> Scales:
        """Scales after a few steps up the marginal likelihood."""
        start = scales = self.kernel.scales()
        both = real[..., :, None] * real[..., None, :]
        for step in range(self.adaptive.steps):
            # the steps are learned; the slopes that they follow are not differentiated
            with torch.no_grad():
                compared = self.kernel.compare(pairs, scales)
                cholesky = self._cholesky(compared, scales.noise(score) + more, real)
                alpha = torch.cholesky_solve(residual[..., None], cholesky)
                weight = 0.5 * (alpha * alpha.mT - torch.cholesky_inverse(cholesky)) * both
                of_noise = scales.noise_slopes(score, weight.diagonal(dim1=-2, dim2=-1))
                slope = torch.cat([of_noise, self.kernel.slopes(compared, weight)], dim=-1)
                away = (scales.log - start.log).expand_as(slope)
            scales = scales.moved(self.adaptive(step, slope, away) * self.kernel.used)
        return scales

    @torch.autocast("cuda", enabled=False)
    @torch.autocast("cpu", enabled=False)
    def predict(self, posterior: Posterior, xt: Points) -> Mixture:
        """A mixture for each target, one part a head."""
        xt, heads = xt.float(), posterior.heads
        prepared, scales = self.kernel.prepare(xt, posterior.lens, heads), posterior.scales
        cross = self.kernel.covariance(self.kernel.compare(self.kernel.pairs(prepared, posterior.xc), scales))
        mean = self.prior_mean(xt)[:, heads] + (cross @ posterior.alpha[..., None])[..., 0]
        explained = torch.linalg.vector_norm(cross @ posterior.whitener.mT, dim=-1).square()
        noise = scales.noise(mean)
        variance = (self.kernel.variance(prepared, scales) - explained).clamp(min=1e-5) + noise
        return Mixture(posterior.log_weight, mean, variance.sqrt(), noise.sqrt())


def safe_cholesky(
    matrix: Float[Tensor, "task head context context"], shares: Sequence[float]
) -> Float[Tensor, "task head context context"]:
    """Cholesky factors; where there is none, with shares of the mean variance added to all, as few as it takes.

    Distances in single precision are inexact where cells are many length scales apart.
    """
    factor, failed = torch.linalg.cholesky_ex(matrix)
    for share in shares:
        if not failed.any():
            break
        more = share * torch.diagonal(matrix, dim1=-2, dim2=-1).mean(-1) * (failed > 0)
        matrix = matrix + torch.diag_embed(more[..., None].expand(matrix.shape[:-1]))
        factor, failed = torch.linalg.cholesky_ex(matrix)
    return factor if not failed.any() else torch.linalg.cholesky(matrix)  # which says what is wrong


def spread_over(
    score: Float[Tensor, "task context"], mask: Bool[Tensor, "task context"], most: int
) -> tuple[Int[Tensor, "task row"], Bool[Tensor, "task row"]]:
    """At most so many of each task's real cells, evenly over the ranks of their scores, and which are real."""
    order = score.masked_fill(~mask, torch.inf).argsort(-1)
    count, step = mask.sum(-1, keepdim=True), torch.arange(most, device=score.device)
    even = (step * (count - 1) / (most - 1)).round().long()
    place = torch.where(count > most, even, step)
    return order.gather(1, place), (step < count).expand(len(score), -1)
