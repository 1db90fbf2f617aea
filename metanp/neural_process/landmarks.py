"""Conditioning on many cells: some of them, the landmarks, stand for all, in time linear in the number of cells.

Scores are functions of those of the landmarks, as in a Gaussian process without its other degrees of freedom. Kernels,
noise and weights of the heads are those that an exact posterior of fewer cells gave.

Axes: task; head; all, the cells of the context; context, the landmarks.

Source: deterministic training conditional, Seeger, Williams & Lawrence 2003; Quiñonero-Candela & Rasmussen 2005.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from metanp.encoder import Points
from metanp.neural_process.heads import Posterior, WhitenedHeads, safe_cholesky, spread_over
from metanp.neural_process.kernel import Prepared
from metanp.neural_process.lens import Lens

LANDMARKS = 1500
AT_ONCE = 2048  # cells that are summed over at once
NUGGET = 1e-3  # share of a landmark's variance that is its own: keeps the landmarks' matrix safe to invert
LEAST_KNOWN = (1e-9, 1e-7, 1e-5, 1e-3, 0.1)  # shares of a landmark's variance, added where what is known is singular
Square = Float[Tensor, "task head context context"]


@torch.autocast("cuda", enabled=False)
@torch.autocast("cpu", enabled=False)
def absorb(
    heads: WhitenedHeads,
    posterior: Posterior,
    xc: Points,
    yc: Float[Tensor, "task all"],
    mask: Bool[Tensor, "task all"],
    spread: Float[Tensor, "task all"] | None = None,
) -> Posterior:
    """The posterior of all cells of a context, from that of some; arguments as `WhitenedHeads.condition`."""
    rows, there = spread_over(yc, mask, min(LANDMARKS, yc.shape[1]))
    task, real = torch.arange(len(rows), device=rows.device)[:, None], there[:, None, None].double()
    few = xc.map(lambda x: x[task, rows]).float()
    lens = posterior.lens.knowing(few, there)
    near = heads.kernel.prepare(few, lens, posterior.heads)
    whitener = _whitener(heads, posterior, near, real)
    seen, said = _summed(heads, posterior, (near, lens), (whitener * real).float(), _pieces(xc, yc, mask, spread))
    identity = torch.eye(seen.shape[-1], device=yc.device, dtype=seen.dtype).expand_as(seen)
    root = torch.linalg.solve_triangular(torch.linalg.cholesky(identity + seen), identity, upper=False)
    known, unknown = safe_cholesky(identity - root.mT @ root, LEAST_KNOWN), root @ whitener * real
    alpha = (unknown.mT @ (root @ said))[..., 0].float()
    whitener = (known.mT @ whitener * real).float()
    return replace(posterior, xc=near, lens=lens, mask=there, alpha=alpha, whitener=whitener, unknown=unknown.float())


def _whitener(
    heads: WhitenedHeads, posterior: Posterior, near: Prepared, real: Float[Tensor, "task 1 1 context"]
) -> Square:
    """Inverse of the Cholesky factor of the landmarks' covariance; padded ones are independent of all others."""
    kernel = heads.kernel
    own = kernel.covariance(kernel.compare(kernel.pairs(near, near), posterior.scales)).double() * real * real.mT
    own = own + torch.diag_embed(NUGGET * torch.diagonal(own, dim1=-2, dim2=-1) + (1 - real[..., 0, :]))
    identity = torch.eye(own.shape[-1], device=own.device, dtype=own.dtype).expand_as(own)
    return torch.linalg.solve_triangular(torch.linalg.cholesky(own), identity, upper=False)


def _pieces(
    xc: Points,
    yc: Float[Tensor, "task all"],
    mask: Bool[Tensor, "task all"],
    spread: Float[Tensor, "task all"] | None,
) -> Iterator[tuple[Points, Tensor, Tensor, Tensor]]:
    """Cells, scores, which are real, and variance beyond noise, some at a time."""
    more = torch.zeros_like(yc) if spread is None else spread
    for start in range(0, yc.shape[1], AT_ONCE):
        some = slice(start, start + AT_ONCE)
        cells = xc.map(operator.itemgetter((slice(None), some))).float()
        yield cells, yc[:, None, some].float(), mask[:, None, some], more[:, None, some].float()


def _summed(
    heads: WhitenedHeads,
    posterior: Posterior,
    landmarks: tuple[Prepared, Lens],
    whitener: Square,
    pieces: Iterator[tuple[Points, Tensor, Tensor, Tensor]],
) -> tuple[Square, Float[Tensor, "task head context 1"]]:
    """What all cells say of the landmarks, in whitened coordinates: precisions, and precision times score."""
    kernel, scales, (near, lens) = heads.kernel, posterior.scales, landmarks
    seen = torch.zeros_like(whitener, dtype=torch.float64)
    said = torch.zeros_like(seen[..., :1])
    for cells, score, real, more in pieces:
        prepared = kernel.prepare(cells, lens, posterior.heads)
        cross = kernel.covariance(kernel.compare(kernel.pairs(prepared, near), scales))
        weight = real / (scales.noise(score) + more).sqrt()
        # sums in single precision are not positive definite
        white = (whitener @ (cross * weight[..., None]).mT).double()
        seen += white @ white.mT
        residual = score - heads.prior_mean(cells)[:, posterior.heads]
        said += white @ (residual * weight).double()[..., None]
    return seen, said
