"""Joint draws from the heads' posterior, in memory linear in the number of targets.

A draw from a Gaussian process's posterior is a draw from its prior plus a correction that makes it meet the data
(Matheron's rule). The prior draw is a finite sum of random Fourier features, the correction exact, so each draw is a
function that can be asked about any cells, in any pieces, with one answer.

Axes: draw; head, one for each draw, taken with the heads' weights; frequency; target.

Sources: Wilson et al. 2020 (arXiv:2002.09309); Rahimi & Recht 2007 for the features; the rational quadratic kernel is
drawn as a scale mixture: each frequency has an inverse squared length of its own from a gamma distribution.
"""

import math

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from metanp.encoder import Points
from metanp.neural_process.heads import Posterior, WhitenedHeads

FREQUENCIES = 512


class PathwiseSampler:
    """`n` functions drawn from the posterior of one task (the first); call it with (1, target) points."""

    def __init__(self, heads: WhitenedHeads, posterior: Posterior, n: int, rng: Generator):
        self.heads, self.posterior = heads, posterior
        weight = posterior.log_weight[0].exp().cpu()
        self.head = torch.multinomial(weight, n, replacement=True, generator=rng)
        device = posterior.alpha.device
        distinct = torch.unique(self.head).tolist()
        self.priors = {h: _PriorDraws(heads, posterior, h, int((self.head == h).sum()), rng) for h in distinct}
        self.updates = {}
        for h in distinct:
            at_context = self.priors[h](posterior.xc) * posterior.mask[0]
            noise = heads.noise(posterior.heads)[h].sqrt()
            error = torch.randn(at_context.shape, generator=rng).to(device) * noise * posterior.mask[0]
            whitener = posterior.whitener[0, h]
            self.updates[h] = posterior.alpha[0, h] - (at_context + error) @ whitener.mT @ whitener

    def __call__(self, xt: Points) -> tuple[Float[Tensor, "draw target"], Tensor]:
        """Values of every draw at the targets, without measurement noise, and the head each draw came from."""
        cross = self.heads.kernel(xt, self.posterior.xc, self.posterior.heads)[0] * self.posterior.mask[0]
        mean = self.heads.mean(xt.embedding)[0].mT[self.posterior.heads]
        values = mean.new_empty((len(self.head), mean.shape[1]))
        for h, prior in self.priors.items():
            values[self.head == h] = mean[h] + prior(xt) + self.updates[h] @ cross[h].mT
        return values, self.head


class _PriorDraws:
    """Draws from one head's zero-mean prior: rational quadratic part, linear part, constant."""

    def __init__(self, heads: WhitenedHeads, posterior: Posterior, head: int, n: int, rng: Generator):
        self.kernel = heads.kernel
        self.h = int(head if isinstance(posterior.heads, slice) else posterior.heads[head])
        device = posterior.alpha.device
        size = self.kernel.scaled_coordinates(posterior.xc, self.h).shape[-1]
        alpha = float(self.kernel.log_alpha[self.h].detach().exp())
        inverse_length = _gamma(alpha, FREQUENCIES, rng) / alpha
        frequency = torch.randn(size, FREQUENCIES, generator=rng) * inverse_length.sqrt()
        self.frequency = frequency.to(device)
        self.phase = (torch.rand(FREQUENCIES, generator=rng) * 2 * math.pi).to(device)
        amplitude = self.kernel.log_amplitude[self.h].exp()
        self.weight = torch.randn(n, FREQUENCIES, generator=rng).to(device) * (2 * amplitude / FREQUENCIES).sqrt()
        width = self.kernel.linear_coordinates(posterior.xc, self.h).shape[-1]
        self.slope = torch.randn(n, width, generator=rng).to(device)
        self.level = torch.randn(n, 1, generator=rng).to(device) * self.kernel.log_constant[self.h].exp().sqrt()

    def __call__(self, x: Points) -> Float[Tensor, "draw target"]:
        waves = torch.cos(self.kernel.scaled_coordinates(x, self.h)[0] @ self.frequency + self.phase)
        return self.weight @ waves.mT + self.slope @ self.kernel.linear_coordinates(x, self.h)[0].mT + self.level


def _gamma(shape: float, n: int, rng: Generator) -> Float[Tensor, " frequency"]:
    """Gamma variables of unit scale by inversion, which takes a generator where `torch.distributions` does not."""
    from scipy.special import gammaincinv

    return torch.from_numpy(gammaincinv(shape, torch.rand(n, generator=rng).double().numpy())).float()
