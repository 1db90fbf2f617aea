"""TransNAS-Bench-101's skeletons: equal cells in a fixed backbone (micro), and backbones of residual blocks (macro).

A backbone is a row of digits, one a module of two blocks: an even digit doubles the channels, 3 and 4 halve the image.
The micro space has 41414; the macro space's architectures are such texts, `64-1234-basic` or the digits alone. The stem
is two 3x3 convolutions that halve the image each. The benchmark's tasks have heads of their own; here it is one linear
layer.

Source: Duan et al., "TransNAS-Bench-101", CVPR 2021 (arXiv:2105.11871), and the authors' repository.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from torch import nn

from metanp.brief import brief
from metanp.networks import modules
from metanp.networks.graph import SumCell, in_order
from metanp.networks.layers import Preactivated, Residual, convolution, normalisation
from metanp.networks.modules import Maker
from metanp.networks.place import Place
from metanp.networks.skeleton import ImageNetwork, Images, Skeleton, read_cell

MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        "none": modules.none,
        "skip": modules.skip_or_reduction,
        "convolution": modules.preactivated,
        "pool": modules.pool,
    }
)
BLOCKS = 2  # of a module


@dataclass(frozen=True)
class TransNASMicro(Skeleton):
    """channels: behind the stem. backbone: its digits. modules: makers of operations, ahead of the skeleton's own."""

    channels: int = 64
    backbone: str = "41414"
    modules: Mapping[str, Maker] = field(default_factory=dict)

    __repr__ = brief

    @property
    def makers(self) -> Mapping[str, Maker]:
        return {**MAKERS, **self.modules}

    def build(self, architecture: object, classes: int, image_channels: int, prune: bool) -> nn.Module:
        cell = in_order(read_cell(architecture, "transnas_micro"), prune)
        return _network(
            self.backbone, self.channels, lambda place: SumCell(cell, place, self.makers), image_channels, classes
        )


@dataclass(frozen=True)
class TransNASMacro(Skeleton):
    """Its architecture is the backbone, `64-1234-basic` or `1234`, the channels behind the stem first."""

    channels: int = 64

    def build(self, architecture: object, classes: int, image_channels: int, prune: bool) -> nn.Module:
        channels, digits = _read_backbone(architecture, self.channels)
        return _network(digits, channels, lambda place: Residual(place, pooled=False), image_channels, classes)


def _read_backbone(architecture: object, channels: int) -> tuple[int, str]:
    found = re.fullmatch(r"(?:(\d+)-)?([1-4]+)(?:-basic)?", str(architecture).strip())
    if not isinstance(architecture, str) or not found:
        raise ValueError(
            f"{architecture!r:.80} is no backbone of TransNAS-Bench-101; give digits from 1 to 4, one a module, as in "
            "'64-1234-basic' or '1234'"
        )
    return int(found[1] or channels), found[2]


def _network(
    digits: str, channels: int, block: Callable[[Place], nn.Module], image_channels: int, classes: int
) -> nn.Module:
    layers: list[nn.Module] = [
        convolution(Place(image_channels, channels // 2, stride=2), 3),
        normalisation(channels // 2),
        Preactivated(Place(channels // 2, channels, stride=2), 3),
    ]
    for digit in map(int, digits):
        place = Place(channels, channels * 2 if digit % 2 == 0 else channels, 2 if digit > 2 else 1)
        layers += [block(place), *(block(place.after()) for _ in range(BLOCKS - 1))]
        channels = place.outputs
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))
    return ImageNetwork(nn.Sequential(*layers), head, Images(image_channels))
