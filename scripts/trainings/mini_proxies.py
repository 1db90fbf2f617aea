"""Zero-cost proxies of the networks that `mini` trains, as columns of its table.

Of the same skeleton, pruned alike, on a batch of the images that are learned from. Parameters and FLOPs are not among
them: the table has both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from data import FileUnavailable
from data.mini import FILE
from data.table import Metric
from metanp.proxies import PROXIES
from metanp.spaces.nasbench201 import SPACE
from scripts.computed_proxies import Computed, Computing, computed
from scripts.trainings.mini import IMAGES, SKELETON

NAMES = tuple(sorted(PROXIES.keys() - {"params", "flops"}))
MILLISECONDS = 3  # digits of seconds


def computing(dataset: str) -> Computing:
    """What is computed on images of this name of `IMAGES`."""
    images = IMAGES[dataset]
    return Computing([*NAMES], SKELETON, True, images.name, images.side, images.train)


def proxies_of(ids: Sequence[str]) -> dict[str, Computed]:
    """By name of `IMAGES`; what is in no journal yet is computed now, which takes a second a cell and core.

    Raises:
        FileUnavailable: images that are not at hand; says what to do.
    """
    cells = [SPACE.parse_text(text) for text in ids]
    try:
        return {dataset: computed(cells, computing(dataset)) for dataset in IMAGES}
    except FileUnavailable as error:
        raise FileUnavailable(
            f"{error}; proxies are measured on them: proxies=false leaves them out of the table"
        ) from error


def columns(found: Mapping[str, Computed]) -> Iterator[tuple[Metric, np.ndarray]]:
    """A column a proxy, and one of its seconds, of one core and alone."""
    for dataset, one in found.items():
        for name in NAMES:
            called = f"{dataset}_{name}"
            yield Metric(called, dataset, "proxy", "none", None, "", True, FILE, "", name), one.values[name]
            seconds = np.round(one.seconds[name], MILLISECONDS)
            yield Metric(f"{called}_seconds", dataset, "time", "none", None, "s", False, FILE, "", "seconds"), seconds
