"""epe_nas: whether the network tells apart images of one class before training, by how their Jacobians go together.

Source: Lopes et al., "EPE-NAS", 2021 (arXiv:2102.08099); the code of NASLib.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from torch import nn

from metanp.proxies.correlation import correlation
from metanp.proxies.passes import IMAGES, passed

SMALL = 1e-5  # the authors' constant beside correlations of zero
MANY = 100  # classes of the network, above which the authors compare classes with one another


def epe_nas(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """The sum over classes of |sum of log |correlation|| between the Jacobians of the class's images.

    Of a network with more than 100 classes: the mean over classes of the sum of differences between their sums, each
    divided by the number of its images.

    Raises:
        ValueError: as `read_batch`; a text; no class with two images in the batch; an image without a gradient.
    """
    with passed(network, batch, rng, [IMAGES]) as run:
        labels, many = run.labels.cpu().numpy(), run.logits.shape[1] > MANY
        logs = np.log(np.abs(correlation(run.jacobian)) + SMALL)
    sums = {}
    for label in np.unique(labels):
        mine = labels == label
        sums[label] = logs[np.ix_(mine, mine)].sum() / (mine.sum() if many else 1)
    if len(sums) == len(labels):
        raise ValueError("no class has two images in the batch, and epe_nas compares those of one; give a larger batch")
    if many:
        return sum(2 * abs(a - b) for a, b in combinations(sums.values(), 2)) / len(sums)
    return sum(abs(one) for one in sums.values())
