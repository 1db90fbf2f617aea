"""plain: as snip with the signs left in, so that most of it cancels; a proxy to compare others with.

Source: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021 (arXiv:2101.08134).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from metanp.proxies.passes import passed


def plain(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """The sum over weights of weight * gradient of the cross entropy; ValueError as `read_batch`."""
    with passed(network, batch, rng) as run:
        return sum(float(torch.dot(weight.flatten(), gradient.flatten())) for weight, gradient in run.gradients)
