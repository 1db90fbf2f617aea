"""Chains of blocks, as in MobileNets: NAS-Bench-Macro's skeleton, and one that takes any list of blocks.

An inverted bottleneck is a 1x1 convolution to `expansion` times the channels (none where that is 1), a depthwise
convolution and a 1x1 convolution, each with batch normalisation, the first two with an activation; what comes in is
added where the shape stays.

Sources: Sandler et al., "MobileNetV2", CVPR 2018 (arXiv:1801.04381); Su et al., CVPR 2021 (arXiv:2103.11922).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from torch import Tensor, nn

from metanp.brief import brief
from metanp.cell import Cell
from metanp.networks import modules
from metanp.networks.layers import Activated, convolution, normalisation
from metanp.networks.modules import Maker, module_of
from metanp.networks.place import Place
from metanp.networks.skeleton import ImageNetwork, Images, Skeleton, read_cell
from metanp.operations import Operation


class SqueezeExcitation(nn.Module):
    """Each channel times a gate that is computed of all channels' means (Hu et al., CVPR 2018); a quarter as wide."""

    def __init__(self, channels: int):
        super().__init__()
        narrow = max(1, channels // 4)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, narrow, 1),
            nn.ReLU(),
            nn.Conv2d(narrow, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, images: Tensor) -> Tensor:
        return images * self.gate(images)


class InvertedBottleneck(nn.Module):
    """An inverted bottleneck; `squeeze` puts a gate behind the depthwise convolution."""

    def __init__(self, place: Place, kernel_size: int, expansion: int, squeeze: bool = False):
        super().__init__()
        width = place.inputs * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers += [*Activated(Place(place.inputs, width), 1)]
        layers += [convolution(Place(width, width, place.stride), kernel_size, groups=width), normalisation(width)]
        layers += [nn.ReLU(), *([SqueezeExcitation(width)] if squeeze else [])]
        layers += [convolution(Place(width, place.outputs), 1), normalisation(place.outputs)]
        self.layers, self.adds = nn.Sequential(*layers), place.keeps_shape

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images) + images if self.adds else self.layers(images)


def inverted(operation: Operation, place: Place) -> nn.Module | None:
    """An inverted bottleneck of a separable convolution with an expansion."""
    if not operation.separable or operation.dilation != 1:
        return None
    return InvertedBottleneck(place, operation.kernel, int(operation.expansion))


MAKERS: Mapping[str, Maker] = MappingProxyType({"skip": modules.skip_or_shortcut, "convolution": inverted})


@dataclass(frozen=True)
class NASBenchMacro(Skeleton):
    """Stages of blocks, of which the first halves the image and doubles the channels; its cell is the chain of blocks.

    channels: of the stem. stages: blocks of each. features: channels before the linear layer.
    modules: makers of operations, ahead of the skeleton's own.
    """

    channels: int = 32
    stages: tuple[int, ...] = (2, 3, 3)
    features: int = 1280
    modules: Mapping[str, Maker] = field(default_factory=dict)

    __repr__ = brief

    @property
    def makers(self) -> Mapping[str, Maker]:
        return {**MAKERS, **self.modules}

    def build(self, architecture: object, classes: int, image_channels: int, prune: bool) -> nn.Module:
        names = _chain(read_cell(architecture, "nasbench_macro"))
        if len(names) != sum(self.stages):
            raise ValueError(f"a chain of {len(names)} blocks; this skeleton has {sum(self.stages)}: {self.stages}")
        channels = self.channels
        layers: list[nn.Module] = [Activated(Place(image_channels, channels), 3)]
        for blocks in self.stages:
            place = Place(channels, 2 * channels, stride=2)
            for _ in range(blocks):
                layers.append(module_of(names.pop(0), place, self.makers))
                place = place.after()
            channels = place.outputs
        layers.append(Activated(Place(channels, self.features), 1))
        return ImageNetwork(nn.Sequential(*layers), _head(self.features, classes), Images(image_channels))


@dataclass(frozen=True)
class Block:
    """One block of a list. kind: mbconv (an inverted bottleneck), conv or skip. channels: that it puts out."""

    kind: str
    channels: int
    kernel_size: int = 3
    expansion: int = 6
    stride: int = 1
    squeeze: bool = False


@dataclass(frozen=True)
class Blocks(Skeleton):
    """Its architecture is a list of `Block`, or of dictionaries with a block's fields.

    stem: channels of the first convolution. stem_stride: 2 for photographs. features: channels before the linear layer.
    modules: makers by a block's kind, ahead of the skeleton's own.
    """

    stem: int = 32
    stem_stride: int = 1
    features: int = 1280
    modules: Mapping[str, Maker] = field(default_factory=dict)

    __repr__ = brief

    @property
    def makers(self) -> Mapping[str, Maker]:
        return {**OF_BLOCKS, **self.modules}

    def build(self, architecture: Any, classes: int, image_channels: int, prune: bool) -> nn.Module:
        layers: list[nn.Module] = [Activated(Place(image_channels, self.stem, self.stem_stride), 3)]
        channels = self.stem
        for i, block in enumerate(read_blocks(architecture)):
            layers.append(_module(i, block, Place(channels, block.channels, block.stride), self.makers))
            channels = block.channels
        layers.append(Activated(Place(channels, self.features), 1))
        return ImageNetwork(nn.Sequential(*layers), _head(self.features, classes), Images(image_channels))


def read_blocks(blocks: Any) -> list[Block]:
    """ValueError where the list holds something else; names the first, and a block's fields."""
    if isinstance(blocks, str | Mapping | Cell) or not isinstance(blocks, Iterable):
        raise ValueError(f"the skeleton blocks takes a list of blocks, not {blocks!r:.80}")
    known = [f.name for f in fields(Block)]
    read = []
    for i, block in enumerate(blocks):
        if isinstance(block, Mapping) and {"kind", "channels"} <= set(block) <= set(known):
            block = Block(**block)
        if not isinstance(block, Block):
            raise ValueError(
                f"block {i} is {block!r:.80}; give kind and channels, and of {', '.join(known[2:])} what differs"
            )
        read.append(block)
    return read


def operation_of(block: Block) -> Operation:
    """What a block's maker reads: all but channels and stride, which are those of its place."""
    kind = {"skip": "skip", "conv": "convolution", "mbconv": "inverted bottleneck"}.get(block.kind, "custom")
    return Operation(
        block.kind, kind, kernel_size=block.kernel_size, expansion=block.expansion, squeeze_excite=block.squeeze
    )


def _module(i: int, block: Block, place: Place, makers: Mapping[str, Maker]) -> nn.Module:
    module = makers[block.kind](operation_of(block), place) if block.kind in makers else None
    if module is None:
        raise ValueError(f"block {i} is of kind {block.kind!r}; known: {', '.join(makers)}")
    return module


def _bottleneck(operation: Operation, place: Place) -> nn.Module:
    return InvertedBottleneck(place, operation.kernel, int(operation.expansion), bool(operation.squeeze_excite))


def _convolution(operation: Operation, place: Place) -> nn.Module:
    return Activated(place, operation.kernel)


OF_BLOCKS: Mapping[str, Maker] = MappingProxyType(
    {"mbconv": _bottleneck, "conv": _convolution, "skip": modules.skip_or_shortcut}
)


def _chain(cell: Cell) -> list[str | Operation]:
    """The operations of a cell that is a chain, first to last; ValueError where it is none."""
    canonical = cell.canonical
    if canonical.edges != tuple((i, i + 1) for i in range(len(canonical) - 1)):
        raise ValueError(f"the skeleton takes a chain of blocks, which this cell is not: {cell!r:.120}")
    return list(canonical.operations[1:-1])


def _head(channels: int, classes: int) -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))
