"""The network of Zhang et al.'s 64 children: four cells of three edges, none of which halves the image.

The stem is two 3x3 convolutions with three times the channels; each cell makes them `channels` with a 1x1 convolution
and puts its two states side by side, as the authors' code does (the paper adds them up). As there, normalisation has a
momentum of .4, and no weights of its own within cells. Behind the last cell stand a mean over all pixels and a linear
layer.

Source: Zhang et al., arXiv:2001.01431, and the authors' repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import torch
from torch import Tensor, nn

from metanp.brief import brief
from metanp.cell import Cell
from metanp.networks import modules
from metanp.networks.layers import Preactivated, convolution, normalisation
from metanp.networks.modules import Maker, Makers, module_of
from metanp.networks.place import Place
from metanp.networks.skeleton import ImageNetwork, Images, Skeleton, read_cell
from metanp.spaces.subgraphs import EDGES

MAKERS: Mapping[str, Maker] = MappingProxyType({"convolution": modules.separable, "pool": modules.pool})
STEM = 3  # channels of the stem, times those of a cell
STATES = 2  # that a cell puts side by side


@dataclass(frozen=True)
class Subgraphs(Skeleton):
    """channels: of a state; 16 in the paper. cells: how many. momentum: of the averages of normalisation.

    modules: makers of operations, ahead of the skeleton's own.
    """

    channels: int = 16
    cells: int = 4
    momentum: float = 0.4
    modules: Mapping[str, Maker] = field(default_factory=dict)

    __repr__ = brief

    @property
    def makers(self) -> Mapping[str, Maker]:
        return {**MAKERS, **self.modules}

    def build(self, architecture: object, classes: int, image_channels: int, prune: bool) -> nn.Module:
        cell = read_cell(architecture, "subgraphs")
        if cell.edges != EDGES:
            raise ValueError(f"the skeleton subgraphs takes cells on the edges {EDGES}, not {cell!r:.120}")
        width = STEM * self.channels
        layers: list[nn.Module] = [convolution(Place(image_channels, width), 3), normalisation(width), nn.ReLU()]
        layers += [convolution(Place(width, width), 3), normalisation(width)]
        for _ in range(self.cells):
            layers.append(SubgraphCell(cell, Place(width, self.channels), self.makers))
            width = STATES * self.channels
        head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))
        net = ImageNetwork(nn.Sequential(*layers), head, Images(image_channels))
        _set_normalisation(net, self.momentum)
        return net


class SubgraphCell(nn.Module):
    """A cell of three operations, of the edges (0, 1), (0, 2) and (1, 2)."""

    def __init__(self, cell: Cell, place: Place, makers: Makers):
        super().__init__()
        self.before = Preactivated(place, 1)
        self.edges = nn.ModuleList(module_of(name, place.after(), makers) for name in cell.operations[1:-1])

    def forward(self, images: Tensor) -> Tensor:
        start = self.before(images)
        first = self.edges[0](start)
        return torch.cat([first, self.edges[1](start) + self.edges[2](first)], 1)


def _set_normalisation(net: nn.Module, momentum: float) -> None:
    """The momentum everywhere; within cells nothing is left that is learned."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = momentum
    for cell in (module for module in net.modules() if isinstance(module, SubgraphCell)):
        for module in cell.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.affine, module.weight, module.bias = False, None, None  # type: ignore[assignment]
