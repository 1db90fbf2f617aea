"""l2_norm: how large the weights are as they were drawn; it sees depth and width, and no image.

Source: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021 (arXiv:2101.08134).
"""

from __future__ import annotations

from typing import Any

from torch import nn

from metanp.proxies.alone import weighted_layers


def l2_norm(network: nn.Module, batch: Any = None, rng: Any = 0) -> float:
    """The sum over layers of the Euclidean norm of their weights; ValueError where there is no layer."""
    return sum(float(layer.weight.detach().norm()) for layer in weighted_layers(network))
