"""NAS-Bench-101's skeleton: three stacks of three equal cells; a pool that halves the image, and twice the channels,
before the second and the third.

In a cell, vertices that the output reads share its channels evenly, the first ones one more where a remainder is left;
every other vertex has as many as the widest that reads it. Edges from the input are 1x1 convolutions to the channels of
the vertex; other edges cut off what channels are too many. A vertex reads the sum of its edges; the output puts what it
reads side by side and adds its edge from the input. All convolutions are followed by batch normalisation and ReLU.

The order of vertices decides who has the channel more: it stays as the cell is written where that is topological. The
order in which the benchmark's cells were trained was not published: of its 30,001 cells in the project's table, 527
have other parameters as they are listed there, by at most 1.2 %, and the published ones in another topological order.
Only the pruned cell is built, as in the benchmark, whatever `prune` says.

Source: Ying et al., "NAS-Bench-101", ICML 2019 (arXiv:1902.09635), appendix, and the authors' repository.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from types import MappingProxyType

import torch
from torch import Tensor, nn

from metanp.brief import brief
from metanp.cell import Cell
from metanp.networks import modules
from metanp.networks.graph import in_order, nodes_before
from metanp.networks.layers import Activated
from metanp.networks.modules import Maker, Makers, module_of
from metanp.networks.place import Place
from metanp.networks.skeleton import ImageNetwork, Images, Skeleton, read_cell

MAKERS: Mapping[str, Maker] = MappingProxyType(
    {"skip": modules.skip, "convolution": modules.activated, "pool": modules.pool}
)


@dataclass(frozen=True)
class NASBench101(Skeleton):
    """channels: of the first stack. modules: makers of operations, ahead of the skeleton's own."""

    channels: int = 128
    stacks: int = 3
    cells: int = 3
    modules: Mapping[str, Maker] = field(default_factory=dict)

    __repr__ = brief

    @property
    def makers(self) -> Mapping[str, Maker]:
        return {**MAKERS, **self.modules}

    def build(self, architecture: object, classes: int, image_channels: int, prune: bool) -> nn.Module:
        cell = in_order(read_cell(architecture, "nasbench101").pruned, prune=False)
        if not cell.edges:
            raise ValueError("the cell has no path from its input to its output: nothing of the image would be left")
        layers: list[nn.Module] = [Activated(Place(image_channels, self.channels), 3)]
        channels = self.channels
        for stack in range(self.stacks):
            if stack:
                layers.append(nn.MaxPool2d(2, 2))
            for _ in range(self.cells):
                width = self.channels * 2**stack
                layers.append(ConcatenatingCell(cell, Place(channels, width), self.makers))
                channels = width
        head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))
        halved = 2 ** (self.stacks - 1)
        return ImageNetwork(nn.Sequential(*layers), head, Images(image_channels, least=halved))


def vertex_channels(cell: Cell, place: Place) -> list[int]:
    """Channels that each vertex puts out; those of a cell in topological order, all on a path to the output."""
    before, last = nodes_before(cell), len(cell) - 1
    channels = [place.inputs, *[0] * (last - 1), place.outputs]
    read = [v for v in before[last] if v]
    for i, vertex in enumerate(read):
        channels[vertex] = place.outputs // len(read) + (i < place.outputs % len(read))
    for vertex in range(last - 1, 0, -1):
        if vertex not in read:
            channels[vertex] = max(channels[v] for v in range(vertex + 1, last) if vertex in before[v])
    return channels


class ConcatenatingCell(nn.Module):
    """A cell as the module says."""

    def __init__(self, cell: Cell, place: Place, makers: Makers):
        super().__init__()
        self.before, self.channels = nodes_before(cell), vertex_channels(cell, place)
        inner = range(1, len(cell) - 1)
        places = [Place(channels, channels) for channels in self.channels]
        self.vertices = nn.ModuleList(module_of(cell.operations[i], places[i], makers) for i in inner)
        self.projections = nn.ModuleDict(
            {
                str(i): Activated(Place(place.inputs, self.channels[i]), 1)
                for i in range(1, len(cell))
                if 0 in self.before[i]
            }
        )

    def forward(self, images: Tensor) -> Tensor:
        values = [images]
        for i, vertex in enumerate(self.vertices, start=1):
            read = [values[v][:, : self.channels[i]] for v in self.before[i] if v]
            values.append(vertex(self._with_input(images, i, read)))
        last = len(self.before) - 1
        read = [values[v] for v in self.before[last] if v]
        return self._with_input(images, last, [torch.cat(read, 1)] if read else [])

    def _with_input(self, images: Tensor, vertex: int, read: Sequence[Tensor]) -> Tensor:
        """The sum of what a vertex reads of others, and of the input, projected, where it reads that too."""
        own = [self.projections[str(vertex)](images)] if 0 in self.before[vertex] else []
        return reduce(torch.add, [*read, *own])
