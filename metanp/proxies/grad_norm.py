"""grad_norm: how large the loss's gradient is at the weights.

Source: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021 (arXiv:2101.08134).
"""

from __future__ import annotations

from typing import Any

from torch import nn

from metanp.proxies.passes import passed


def grad_norm(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """The sum over layers of the Euclidean norm of the cross entropy's gradient; ValueError as `read_batch`."""
    with passed(network, batch, rng) as run:
        return sum(float(gradient.norm()) for _, gradient in run.gradients)
