"""What Zhang et al. published of their 64 children: stand-alone accuracies, and those inside a supernet.

Axes: child, by the index of the space `subgraphs`; moment, after each of the last 128 mini-batches of one supernet that
was trained in the children's order.

Source: Zhang et al. 2020 (arXiv:2001.01431), files of the authors' repository.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from data.fetch import fetch, manifest
from metanp.brief import brief

CHILDREN = 64


@dataclass(frozen=True, eq=False)
class Published:
    """Accuracies in percent.

    mean, std: of ten trainings of each child alone. shared: of each child inside the supernet. steps: mini-batches done
    at each moment.
    """

    mean: Float[np.ndarray, " child"]
    std: Float[np.ndarray, " child"]
    shared: Float[np.ndarray, "moment child"]
    steps: Int[np.ndarray, " moment"]

    __repr__ = brief


def load_published(download: bool = False) -> Published:
    """Read the three files.

    Raises:
        FileUnavailable: one is not at hand; says what to do.
        ValueError: other bytes than they should have, or another number of children.
    """
    files = manifest()
    mean, std = (np.loadtxt(fetch(files[name], download)) for name in ("gt_mean.txt", "gt_std.txt"))
    table = np.loadtxt(fetch(files["share_all_acc_last128.csv"], download), delimiter=",", skiprows=1)
    if not len(mean) == len(std) == table.shape[1] - 1 == CHILDREN:
        raise ValueError(f"{len(mean)}, {len(std)} and {table.shape[1] - 1} children; expected {CHILDREN} in each file")
    return Published(100 * mean, 100 * std, 100 * table[:, 1:], table[:, 0].astype(int))
