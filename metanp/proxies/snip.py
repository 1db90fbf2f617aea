"""snip: by how much the loss would change if weights were taken away, to first order, whatever the sign.

Source: Lee et al., "SNIP", ICLR 2019 (arXiv:1810.02340); as a proxy Abdelfattah et al. 2021 (arXiv:2101.08134).
"""

from __future__ import annotations

from typing import Any

from torch import nn

from metanp.proxies.passes import passed


def snip(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """The sum over weights of |weight * gradient of the cross entropy|; ValueError as `read_batch`."""
    with passed(network, batch, rng) as run:
        return sum(float((weight * gradient).abs().sum()) for weight, gradient in run.gradients)
