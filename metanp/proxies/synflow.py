"""synflow: how much a constant image gets through the network when every weight is taken as positive.

No image and no label: the batch says the shape of an image alone. The logarithm is NASLib's; without it the value of a
deep network is beyond reading, and the order is the same.

Source: Tanaka et al., "Pruning neural networks without any data by iteratively conserving synaptic flow", NeurIPS 2020
(arXiv:2006.05467); as a proxy Abdelfattah et al. 2021 (arXiv:2101.08134).
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from metanp.proxies.alone import alone, weighted_layers
from metanp.proxies.batch import read_batch, refuse_text
from metanp.proxies.passes import forward


def synflow(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """The logarithm of the sum over weights of |weight * gradient|, of the sum of scores of an image of ones.

    Weights and biases are taken positive, in float64; there is no batch normalisation.

    Raises:
        ValueError: as `read_batch`; or nothing gets through, and there is no logarithm.
    """
    with alone(network, rng, copy_weights=True) as undo:
        checked = read_batch(batch, network)
        refuse_text(checked, "synflow")
        _linearise(network, undo)
        scores = forward(network, torch.ones_like(checked.images[:1], dtype=torch.float64))
        weights = [layer.weight for layer in weighted_layers(network)]
        gradients = torch.autograd.grad(scores.sum(), weights, allow_unused=True)
        total = sum(
            float((w.detach() * g).abs().sum()) for w, g in zip(weights, gradients, strict=True) if g is not None
        )
    if not 0 < total < math.inf:
        raise ValueError(f"{total:g} gets through the network, which has no logarithm: no path carries anything")
    return math.log(total)


def _linearise(network: nn.Module, undo: ExitStack) -> None:
    network.double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            setattr(module, "forward", _through)  # noqa: B010 - a method, to type checkers
            undo.callback(module.__dict__.pop, "forward")


def _through(images: Tensor) -> Tensor:
    return images
