"""zen: how much the network's features move with the image, batch normalisation's scales multiplied back.

No image and no label of the batch is read, its shape alone: the images are noise, and so are the weights.

Source: Lin et al., "Zen-NAS", ICCV 2021 (arXiv:2102.01063); settings of NAS-Bench-Suite-Zero: one draw, a step of .01.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from metanp.given.settings import read_seed
from metanp.proxies.alone import alone
from metanp.proxies.batch import read_batch, refuse_text
from metanp.proxies.drawn_weights import draw_weights
from metanp.proxies.passes import forward

STEP = 0.01  # of the second image from the first, in standard deviations of a pixel


def zen(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """log of the mean over images of the features' change, plus log of each batch normalisation's scale.

    Features are what the global mean over pixels reads. A scale is the root of the mean of the running variances,
    after both forward passes.

    Raises:
        ValueError: as `read_batch`; a text; no global mean; batch normalisation without running variances; features
            that do not move.
    """
    with alone(network, rng, copy_weights=True), torch.no_grad():
        checked = read_batch(batch, network)
        refuse_text(checked, "zen")
        generator = torch.Generator().manual_seed(read_seed(rng) % 2**63)
        draw_weights(network, generator)
        noise = torch.randn((2, *checked.images.shape), generator=generator).to(checked.images)
        norms = _fresh_norms(network)
        before, after = _features(network, noise[0]), _features(network, noise[0] + STEP * noise[1])
        change = (before - after).abs().flatten(1).sum(1).mean()
        scales = [norm.running_var.mean().sqrt().log() for norm in norms]
        score = float(change.log() + sum(scales, torch.zeros(())))
    if not torch.isfinite(torch.tensor(score)):
        raise ValueError(f"the features move by {float(change):g}, which has no logarithm: no path carries anything")
    return score


def _fresh_norms(network: nn.Module) -> list[Any]:
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    if any(norm.running_var is None for norm in norms):
        raise ValueError("zen reads running variances: make batch normalisation with track_running_stats=True")
    for norm in norms:
        norm.reset_running_stats()
    return norms


def _features(network: nn.Module, images: Tensor) -> Tensor:
    seen: list[Tensor] = []
    pools = [module for module in network.modules() if isinstance(module, nn.AdaptiveAvgPool2d)]
    if not pools:
        raise ValueError("zen reads what the global mean over pixels gets, an nn.AdaptiveAvgPool2d; there is none")
    with pools[-1].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0])):
        forward(network, images)
    if not seen:
        raise ValueError("the network's nn.AdaptiveAvgPool2d is not run, and zen reads what it gets")
    return seen[-1]
