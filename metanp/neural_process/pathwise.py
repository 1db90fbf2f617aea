"""Joint draws from the heads' posterior, in memory linear in the number of targets.

A draw from a Gaussian process's posterior is a draw from its prior plus a correction that makes it meet the data
(Matheron's rule). The prior draw is a finite sum of random Fourier features, the correction exact, so each draw is a
function that can be evaluated at any cells, in any pieces, with the same result.

Axes: draw; head, one for each draw, taken with the heads' weights; frequency; target.

Sources: Wilson et al. 2020 (arXiv:2002.09309); Rahimi & Recht 2007 for the features; the rational quadratic kernel is
drawn as a scale mixture: each frequency has an inverse squared length of its own from a gamma distribution.
"""

import math

import torch
from jaxtyping import Float
from scipy.special import gammaincinv
from torch import Generator, Tensor

from metanp.encoder import Points
from metanp.neural_process.forest import TREES
from metanp.neural_process.heads import Posterior, WhitenedHeads
from metanp.neural_process.kernel import HeadKernel, Prepared

FREQUENCIES = 512


class PathwiseSampler:
    """`n` functions drawn from the posterior of one task (the first); call it with (1, target) points."""

    def __init__(self, heads: WhitenedHeads, posterior: Posterior, n: int, rng: Generator):
        self.heads, self.posterior = heads, posterior
        weight = posterior.log_weight[0].exp().cpu()
        self.head = torch.multinomial(weight, n, replacement=True, generator=rng)
        distinct = torch.unique(self.head).tolist()
        self.priors = {h: _PriorDraws(posterior, h, int((self.head == h).sum()), rng) for h in distinct}
        self.updates = {}
        for h, prior in self.priors.items():
            at_context = prior(posterior.xc)
            error, whitener = torch.randn(at_context.shape, generator=rng).to(at_context), posterior.whitener[0, h]
            if posterior.unknown is None:
                measured = at_context + error * posterior.noise[0, h].sqrt()
                self.updates[h] = posterior.alpha[0, h] - measured @ whitener.mT @ whitener
            else:  # of landmarks, which stand for all cells
                unknown = posterior.unknown[0, h]
                drawn = error @ unknown - at_context @ unknown.mT @ unknown
                self.updates[h] = posterior.alpha[0, h] + drawn - at_context @ whitener.mT @ whitener

    def __call__(self, xt: Points) -> tuple[Float[Tensor, "draw target"], Tensor]:
        """Values of every draw at the targets, without measurement noise, and the head each draw came from."""
        kernel, which = self.heads.kernel, self.posterior.heads
        prepared = kernel.prepare(xt, self.posterior.lens, which)
        cross = kernel.covariance(kernel.compare(kernel.pairs(prepared, self.posterior.xc), self.posterior.scales))[0]
        mean = self.heads.prior_mean(xt)[0, which]
        values = mean.new_empty((len(self.head), mean.shape[1]))
        for h, prior in self.priors.items():
            values[self.head == h] = mean[h] + prior(prepared) + self.updates[h] @ cross[h].mT
        return values, self.head


class _PriorDraws:
    """Draws from one head's zero-mean prior: rational quadratic part, linear part, constant."""

    def __init__(self, posterior: Posterior, place: int, n: int, rng: Generator):
        self.scales, self.place = posterior.scales, place
        smooth, linear = HeadKernel.coordinates(posterior.xc, self.scales, place)
        amplitude, constant = self.scales.amplitude[0, place], self.scales.constant[0, place]
        alpha = self.scales.log_alpha[place].exp()
        # (1 + d)^-alpha is the mean of exp(-g d) over g from a gamma distribution; each g has frequencies of its own
        rate = _gamma(float(alpha), FREQUENCIES, rng)
        self.frequency = (torch.randn(smooth.shape[-1], FREQUENCIES, generator=rng) * (2 * rate).sqrt()).to(smooth)
        self.phase = (torch.rand(FREQUENCIES, generator=rng) * 2 * math.pi).to(smooth)
        self.weight = torch.randn(n, FREQUENCIES, generator=rng).to(smooth) * (2 * amplitude / FREQUENCIES).sqrt()
        self.slope = torch.randn(n, linear.shape[-1], generator=rng).to(smooth)
        self.level = torch.randn(n, 1, generator=rng).to(smooth) * constant.sqrt()
        self.of_leaves: tuple[Tensor, Tensor] | None = None  # frequency and slope of each leaf
        leaves = posterior.xc.leaves
        if leaves is not None and self.scales.one(place).read_last_block:
            near, straight = (weights[0, place, -1] / TREES for weights in (self.scales.near, self.scales.linear))
            frequency = torch.randn(leaves.width, FREQUENCIES, generator=rng) * (2 * rate).sqrt()
            slope = torch.randn(leaves.width, n, generator=rng)
            self.of_leaves = frequency.to(smooth) * near.sqrt(), slope.to(smooth) * straight.sqrt()

    def __call__(self, x: Prepared) -> Float[Tensor, "draw target"]:
        smooth, linear = HeadKernel.coordinates(x, self.scales, self.place)
        angles, along = smooth @ self.frequency + self.phase, self.slope @ linear.mT
        if self.of_leaves is not None and x.leaves is not None:
            frequency, slope = self.of_leaves
            angles, along = angles + x.leaves.sums(frequency), along + x.leaves.sums(slope).mT
        return self.weight @ torch.cos(angles).mT + along + self.level


def _gamma(shape: float, n: int, rng: Generator) -> Float[Tensor, " frequency"]:
    """Gamma variables of unit scale by inversion, which takes a generator where `torch.distributions` does not."""
    return torch.from_numpy(gammaincinv(shape, torch.rand(n, generator=rng).double().numpy())).float()
