"""jacov: whether the network tells images apart before training, by how little their Jacobians go together.

A Jacobian is the gradient at an image. The score is highest, about minus the number of images, where the Jacobians of
different images are not correlated. `jacov` takes the gradient of the sum of scores, as Mellor et al.'s first code with
one output does, and NASLib, zero-cost-nas (`jacob_cov`) and NAS-Bench-Suite-Zero. `jacov_classes` takes the gradient of
every class's score, side by side: as many backward passes as classes.

Source: Mellor et al., "Neural Architecture Search without Training", first version (arXiv:2006.04647v1).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn

from metanp.proxies.correlation import correlation
from metanp.proxies.passes import IMAGES, passed

SMALL = 1e-5  # the authors' constant beside eigenvalues, so that zero ones do not decide


def jacov(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """Minus the sum of log v + 1 / v over the eigenvalues of the correlation between images' Jacobians.

    Raises:
        ValueError: as `read_batch`; a text; an image without a gradient.
    """
    with passed(network, batch, rng, [IMAGES]) as run:
        return _spread(run.jacobian)


def jacov_classes(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """As `jacov`, of the Jacobian of every class's score."""
    with passed(network, batch, rng, [IMAGES]) as run:
        return _spread(run.class_jacobians)


def _spread(jacobian: Tensor) -> float:
    values = np.linalg.eigvalsh(correlation(jacobian)).clip(min=0) + SMALL
    return -float(np.sum(np.log(values) + 1 / values))
