"""NAS-Bench-201's skeleton: three stages of equal cells, a residual block between them that doubles the channels.

The stem is a 3x3 convolution; behind the last stage stand batch normalisation, ReLU, a mean over all pixels and a
linear layer. Convolutions follow their ReLU, pools and skips stand alone.

`small` has one cell a stage, a stem that halves the image, and light blocks between stages: a training on 4,000 images
of 16x16 takes seconds on a CPU core, most of them spent in the cells.

The benchmark also builds operations that carry nothing; `prune=False` does, and then the parameters on CIFAR-10 are
73,306 + 28,000 a 1x1 convolution + 243,040 a 3x3 convolution of the cell, to the last one.

Source: Dong and Yang, "NAS-Bench-201", ICLR 2020 (arXiv:2001.00326), section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType

from torch import nn

from metanp.brief import brief
from metanp.networks import modules
from metanp.networks.graph import SumCell, in_order
from metanp.networks.layers import Residual, convolution, normalisation
from metanp.networks.modules import Maker
from metanp.networks.place import Place
from metanp.networks.skeleton import ImageNetwork, Images, Skeleton, read_cell

MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        "none": modules.none,
        "skip": modules.skip,
        "convolution": modules.preactivated,
        "pool": modules.pool,
    }
)


@dataclass(frozen=True)
class NASBench201(Skeleton):
    """Stages of equal cells.

    channels: of the first stage; each further stage has twice as many.
    cells: a stage.
    stages: how many.
    stem_stride: 2 halves the image before the first stage.
    between: the block that stands between stages.
    modules: makers of operations, ahead of the skeleton's own.
    """

    channels: int = 16
    cells: int = 5
    stages: int = 3
    stem_stride: int = 1
    between: Callable[[Place], nn.Module] = Residual
    modules: Mapping[str, Maker] = field(default_factory=dict)

    __repr__ = brief

    @property
    def makers(self) -> Mapping[str, Maker]:
        return {**MAKERS, **self.modules}

    def build(self, architecture: object, classes: int, image_channels: int, prune: bool) -> nn.Module:
        cell = in_order(read_cell(architecture, "nasbench201"), prune)
        widths = [self.channels * 2**stage for stage in range(self.stages)]
        stem = Place(image_channels, widths[0], self.stem_stride)
        layers: list[nn.Module] = [convolution(stem, 3), normalisation(widths[0])]
        layers += [SumCell(cell, Place(widths[0], widths[0]), self.makers) for _ in range(self.cells)]
        for before, width in pairwise(widths):
            layers.append(self.between(Place(before, width, stride=2)))
            layers += [SumCell(cell, Place(width, width), self.makers) for _ in range(self.cells)]
        return ImageNetwork(nn.Sequential(*layers), _head(widths[-1], classes), self._images(image_channels))

    def _images(self, channels: int) -> Images:
        halved = self.stem_stride * 2 ** (self.stages - 1)
        return Images(channels, multiple=halved, least=halved)


def _head(channels: int, classes: int) -> nn.Module:
    return nn.Sequential(
        normalisation(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)
    )
