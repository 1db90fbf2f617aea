"""params: the number of weights, in millions.

Normalisation counts with its scale and shift, and operations that the network holds although they carry nothing count
as well: the benchmark's numbers are those of `network(cell, skeleton, prune=False)`.
"""

from __future__ import annotations

from typing import Any

from torch import nn


def params(network: nn.Module, batch: Any = None, rng: Any = 0) -> float:
    """Millions of parameters, each tensor once."""
    return sum(parameter.numel() for parameter in network.parameters()) / 1e6
