"""flops: what one image costs, in millions, counted as NAS-Bench-Suite-Zero counts.

Multiplications of convolutions and linear layers, two a value for batch normalisation, one for an activation, and one
for each pixel of a pool's window. Of a global mean the window is one pixel wider and higher than the image, and biases
and sums of branches are free: so their numbers come out to the last digit. `metanp.networks.cost` counts plainly.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.pooling import _AvgPoolNd, _MaxPoolNd

from metanp.proxies.alone import alone
from metanp.proxies.batch import read_batch
from metanp.proxies.passes import forward
from metanp.proxies.patterns import PIECEWISE_LINEAR, SMOOTH


def flops(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """Millions for one image of the batch; ValueError as `read_batch`."""
    counts: list[int] = []

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
        if isinstance(output, Tensor):
            counts.append(_count(module, inputs[0], output))

    with alone(network, rng) as undo, torch.no_grad():
        images = read_batch(batch, network).images[:1]
        for module in network.eval().modules():
            if not list(module.children()):
                undo.callback(module.register_forward_hook(count).remove)
        forward(network, images)
    return sum(counts) / 1e6


def _count(module: nn.Module, image: Tensor, output: Tensor) -> int:
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
        return output.numel() * module.weight[0].numel()
    if isinstance(module, _BatchNorm | nn.LayerNorm):
        return 2 * output.numel()
    if isinstance(module, (*PIECEWISE_LINEAR, *SMOOTH)):
        return output.numel()
    if isinstance(module, _AvgPoolNd | _MaxPoolNd):
        size = module.kernel_size
        sides = size if isinstance(size, tuple) else (size,) * (image.dim() - 2)
        return output.numel() * int(torch.tensor(sides).prod())
    if isinstance(module, nn.AdaptiveAvgPool2d):
        height, width = (i // o + 1 for i, o in zip(image.shape[2:], output.shape[2:], strict=True))
        return output.numel() * height * width
    return 0
