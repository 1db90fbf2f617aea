"""SWAP: how many different things the units of an untrained network do over a batch.

Weights are drawn from the standard normal distribution, images run through in training mode, and for each unit (one
output value of an activation) it is written down for which images it is on. SWAP is the number of different notes.
Many small units can do more different things than few, so it grows with the network; with S images there are no more
than 2^S, and a large network may use them all up: `saturation` says how near it is. Batches of 32 do not saturate.

Regularised, it is multiplied by exp(-(parameters - mu)^2 / sigma), parameters in thousands, so that networks of about
`mu` are preferred. There is no setting for all networks: the authors' mu of about 1 is for a toy network of a thousand
parameters, and was chosen on the accuracies that the score is then compared with.

Source: Peng et al., "SWAP-NAS: Sample-Wise Activation Patterns for Ultra-fast NAS", ICLR 2024; code at
github.com/pym1024/SWAP: one batch of 16 images, mean of 32 draws of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from metanp.given.settings import read_count, read_seed
from metanp.proxies.alone import alone
from metanp.proxies.batch import read_batch
from metanp.proxies.drawn_weights import draw_weights
from metanp.proxies.params import params
from metanp.proxies.passes import forward
from metanp.proxies.patterns import Watched, sample_wise, standard

DRAWS = 1  # of the weights; the authors average 32


def swap(
    network: nn.Module,
    batch: Any,
    rng: Any = 0,
    draws: int = DRAWS,
    mu: float | None = None,
    sigma: float | None = None,
) -> float:
    """The number of different sample-wise patterns: units told apart by the images that switch them on.

    Args:
        rng: of the weights, and whatever is random inside the network.
        draws: of the weights; the mean is given.
        mu: as `size_factor`, which the number is multiplied with where it is given.
        sigma: as `mu`; one of them alone is refused.

    Raises:
        ValueError: as `read_batch`; no activation module; activations that are not finite; one of mu and sigma alone.
    """
    if (mu is None) != (sigma is None):
        raise ValueError(f"mu is {mu} and sigma {sigma}; give both, in thousands of parameters, or neither")
    factor = 1.0 if mu is None or sigma is None else size_factor(params(network) * 1e3, mu, sigma)
    return factor * _mean_count(network, batch, rng, draws, sample_wise)


def swap_standard(network: nn.Module, batch: Any, rng: Any = 0, draws: int = DRAWS) -> float:
    """The number of different standard patterns: images told apart by the units that they switch on.

    At most the number of images, and nearly always that; the authors' point of comparison. ValueError as `swap`.
    """
    return _mean_count(network, batch, rng, draws, standard)


def size_factor(thousands: float, mu: float, sigma: float) -> float:
    """exp(-(thousands - mu)^2 / sigma), at most 1: how near a network is to the size that is wanted.

    Args:
        thousands: of parameters of the network that is scored, which may be a small stand-in.
        mu: thousands of parameters.
        sigma: how far from `mu` costs a factor e, in thousands squared.

    Raises:
        ValueError: sigma is not above zero.
    """
    if not sigma > 0:
        raise ValueError(f"sigma is {sigma}; give a number above 0: thousands of parameters, squared")
    return math.exp(-((thousands - mu) ** 2) / sigma)


def saturation(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """Of all patterns that the batch allows, or that the units can have, the share that occurs: 1 is no information.

    ValueError as `swap`.
    """
    with alone(network, rng, copy_weights=True):
        checked = read_batch(batch, network)
        (signs,) = _runs(network, checked.images, rng, 1)
        most = min(2.0 ** len(checked.images), sum(layer.shape[1] for layer in signs))
    return sample_wise(signs) / most


def _mean_count(network: nn.Module, batch: Any, rng: Any, draws: int, count: Callable[[list[Tensor]], int]) -> float:
    draws = read_count(draws, "draws")
    with alone(network, rng, copy_weights=True):
        images = read_batch(batch, network).images
        return sum(count(signs) for signs in _runs(network, images, rng, draws)) / draws


@torch.no_grad()
def _runs(network: nn.Module, images: Tensor, rng: Any, draws: int) -> Iterator[list[Tensor]]:
    """The signs of all units, layer by layer (image, unit), under each draw of the weights."""
    generator = torch.Generator().manual_seed(read_seed(rng) % 2**63)
    with Watched(network) as watched:
        for _ in range(draws):
            draw_weights(network, generator)
            watched.signs.clear()
            if not torch.isfinite(forward(network, images)).all():
                raise ValueError(
                    "with weights of variance one, values in the network are not finite: it normalises none"
                )
            yield watched.signs
