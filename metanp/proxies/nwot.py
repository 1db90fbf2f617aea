"""nwot: whether the network tells images apart before training, by how few ReLUs answer two of them alike.

Every ReLU of the forward pass counts, as in NASLib; the authors' code leaves out those that no backward pass visits.

Source: Mellor et al., "Neural Architecture Search without Training", ICML 2021 (arXiv:2006.04647v3).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from metanp.proxies.passes import PATTERNS, passed
from metanp.proxies.patterns import check_piecewise_linear


def nwot(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """The log-determinant of (image, image), on how many ReLU units two images agree.

    Raises:
        ValueError: as `read_batch`; no ReLU; two images with the same pattern, whose determinant is zero.
    """
    check_piecewise_linear(network)
    with passed(network, batch, rng, [PATTERNS]) as run:
        sign, log = np.linalg.slogdet(run.agreement.numpy())
    if sign <= 0 or not np.isfinite(log):
        raise ValueError("two images switch every ReLU alike, so the determinant is zero; give images that differ")
    return float(log)
