"""grasp: whether taking weights away would help or hurt the flow of the gradient.

The sign is Abdelfattah et al.'s: high for networks whose weights feed the gradient.

Source: Wang et al., "Picking Winning Tickets Before Training by Preserving Gradient Flow", ICLR 2020
(arXiv:2002.07376); as a proxy Abdelfattah et al. 2021 (arXiv:2101.08134): temperature 1, one iteration, one batch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from metanp.proxies.alone import alone, weighted_layers
from metanp.proxies.batch import check_classes, read_batch
from metanp.proxies.passes import forward


def grasp(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """Minus the sum over weights of weight * (Hessian of the cross entropy times its gradient).

    Raises:
        ValueError: as `read_batch`; or a layer that PyTorch cannot differentiate twice.
    """
    with alone(network, rng):
        images, labels = read_batch(batch, network)
        logits = forward(network, images)
        check_classes(labels, logits)
        weights = [layer.weight for layer in weighted_layers(network)]
        loss = functional.cross_entropy(logits, labels)
        first = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
        square = sum((gradient.square().sum() for gradient in first if gradient is not None), torch.zeros(()))
        try:
            twice = torch.autograd.grad(square / 2, weights, allow_unused=True)
        except RuntimeError as error:
            raise ValueError(f"grasp differentiates twice, which a layer refuses: {error}") from error
        return -sum(float((w.detach() * h).sum()) for w, h in zip(weights, twice, strict=True) if h is not None)
