"""Scale-adapted stochastic gradient Hamiltonian Monte Carlo: samples of exp(-energy) from noisy gradients.

A position w with momentum v moves against the gradient g of the energy, with friction and noise; each coordinate has a
scale V of its own, the mean square of its gradient:

    v <- (1 - a) v - e^2 V^(-1/2) g + normal noise of variance max(2 a e^2 V^(-1/2) - e^4, 0)
    w <- w + v

e^2 is the step size and a the friction. The -e^4 is the assumed noise of the gradient itself: its whole mean square. So
with exact gradients the samples spread a little less than they should, the less the smaller e.

During burn-in, V is a moving average over a window of t steps, and t is adapted to the gradients: long where they
cancel out, short where they agree. With G their moving average,

    t <- t (1 - G^2 / V) + 1,   G <- G + (g - G) / (t + 1),   V <- V + (g^2 - V) / (t + 1),

the right-hand sides as before the step. Dividing by t + 1 instead of t is this project's: otherwise the initial t = 1
would never change.

Independent of what is sampled. Axes: coordinate, of any shape; sample.

Source: Springenberg et al. 2016, "Bayesian Optimization with Robust Bayesian Neural Networks", equations 8 to 10; Chen
et al. 2014 (arXiv:1402.4102) without the scales.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

Position = Float64[Tensor, "*coordinate"]


@dataclass(frozen=True)
class Chain:
    """How to sample.

    steps: in all, those of `burn_in` included, which are not kept; of the others every `keep_every`th is.
    step_size: e^2. friction: a.
    """

    steps: int
    burn_in: int
    keep_every: int
    step_size: float
    friction: float = 0.05


def sample(
    energy: Callable[[Position], Float64[Tensor, ""]], start: Position, chain: Chain, rng: torch.Generator
) -> Float64[Tensor, " sample *coordinate"]:
    """Positions along the chain.

    Args:
        energy: minus the logarithm of the density, up to a constant, or an unbiased estimate that changes from call to
            call.
        start: the first position; not kept.
        rng: of the noise.
    """
    position, momentum = start.clone(), torch.zeros_like(start)
    window, average, square = (torch.ones_like(start) for _ in range(3))
    kept = []
    for step in range(1, chain.steps + 1):
        gradient = _gradient(energy, position)
        if step <= chain.burn_in:
            share = 1 / (window + 1)
            window = window * (1 - average**2 / square) + 1
            average = average + share * (gradient - average)
            square = square + share * (gradient**2 - square)
        force = chain.step_size / square.sqrt()
        variance = (2 * chain.friction * force - chain.step_size**2).clamp(min=0)
        noise = variance.sqrt() * torch.randn(start.shape, generator=rng, dtype=start.dtype)
        momentum = (1 - chain.friction) * momentum - force * gradient + noise
        position = position + momentum
        if step > chain.burn_in and (step - chain.burn_in) % chain.keep_every == 0:
            kept.append(position)
    return torch.stack(kept)


def _gradient(energy: Callable[[Position], Float64[Tensor, ""]], position: Position) -> Position:
    position = position.detach().requires_grad_()
    return torch.autograd.grad(energy(position), position)[0]
