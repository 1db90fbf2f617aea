"""Weights drawn anew, each from the standard normal distribution: what zen and SWAP score.

Without regard to a layer's width: batch normalisation behind a layer takes its scale out again.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@torch.no_grad()
def draw_weights(network: nn.Module, rng: torch.Generator) -> None:
    """Of convolutions and linear layers; biases zero, normalisation without effect. In place.

    Args:
        rng: a CPU one, so that a seed means the same weights on every device.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
            module.weight.copy_(torch.randn(module.weight.shape, generator=rng))
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, _BatchNorm) and module.affine:
            module.weight.fill_(1)
            module.bias.zero_()
