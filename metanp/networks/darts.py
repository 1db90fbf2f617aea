"""DARTS's skeleton: a chain of cells that read the two cells before them; two of them halve the image.

Its architecture is a genotype: a normal and a reduction cell, each a list of pairs (operation, input), two for each of
four nodes; inputs 0 and 1 are the two cells before, 2 and more the nodes. A cell puts its nodes side by side. Genotypes
come as the text `Genotype(normal=[...], ...)`, as a pair of lists, as an object or a dictionary with `normal` and
`reduce`. Every node belongs to the output, so that nothing is pruned.

Source: Liu, Simonyan and Yang, "DARTS", ICLR 2019 (arXiv:1806.09055), and the authors' repository.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from metanp.brief import brief
from metanp.genotypes import INPUTS, OPERATIONS, PAIRS, PARTS, parts
from metanp.networks import modules
from metanp.networks.layers import FactorizedReduction, Preactivated, convolution, normalisation
from metanp.networks.modules import Maker, Makers, module_of
from metanp.networks.place import Place
from metanp.networks.skeleton import ImageNetwork, Images, Skeleton
from metanp.operations import Operation

MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        "none": modules.none,
        "skip": modules.skip_or_reduction,
        "convolution": modules.separable,
        "pool": modules.pool,
    }
)
Pairs = list[tuple[str | Operation, int]]
Nodes = list[Pairs]  # of any number each


class TwoCells(NamedTuple):
    """What a genotype says, node by node; here a node may add up any number of operations."""

    normal: Nodes
    reduction: Nodes


@dataclass(frozen=True)
class DARTS(Skeleton):
    """channels: of a node in the first cells. cells: how many. stem: channels behind it, times `channels`.

    modules: makers of operations, ahead of the skeleton's own.
    """

    channels: int = 36
    cells: int = 20
    stem: int = 3
    modules: Mapping[str, Maker] = field(default_factory=dict)

    __repr__ = brief

    @property
    def makers(self) -> Mapping[str, Maker]:
        return {**MAKERS, **self.modules}

    def build(self, architecture: Any, classes: int, image_channels: int, prune: bool) -> nn.Module:
        two = architecture if isinstance(architecture, TwoCells) else two_cells(architecture)
        before, last, width = self.stem * self.channels, self.stem * self.channels, self.channels
        cells, halving, halved = [], {self.cells // 3, 2 * self.cells // 3}, False
        for i in range(self.cells):
            stride = 2 if i in halving else 1
            width *= stride
            nodes = two.reduction if stride == 2 else two.normal
            cells.append(TwoInputCell(nodes, (before, last), width, (halved, stride == 2), self.makers))
            before, last, halved = last, cells[-1].outputs, stride == 2
        stem = self.stem * self.channels
        body = _Chain(nn.Sequential(convolution(Place(image_channels, stem), 3), normalisation(stem)), cells)
        head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, classes))
        return ImageNetwork(body, head, Images(image_channels))


class _Chain(nn.Module):
    """Each cell reads the two before it, the first ones the stem."""

    def __init__(self, stem: nn.Module, cells: Sequence[nn.Module]):
        super().__init__()
        self.stem, self.cells = stem, nn.ModuleList(cells)

    def forward(self, images: Tensor) -> Tensor:
        before = last = self.stem(images)
        for cell in self.cells:
            before, last = last, cell(before, last)
        return last


class TwoInputCell(nn.Module):
    """One cell.

    Args:
        nodes: its part of the genotype.
        inputs: channels of the cell before the last, and of the last one.
        width: channels of a node.
        halves: whether the last cell halved the image, and whether this one does.
    """

    def __init__(self, nodes: Nodes, inputs: tuple[int, int], width: int, halves: tuple[bool, bool], makers: Makers):
        super().__init__()
        before = Place(inputs[0], width, 2 if halves[0] else 1)
        self.first: nn.Module = FactorizedReduction(before) if halves[0] else Preactivated(before, 1)
        self.second = Preactivated(Place(inputs[1], width), 1)
        self.reads = [[read for _, read in node] for node in nodes]
        halving, keeping = (Place(width, width, stride) for stride in (2 if halves[1] else 1, 1))
        self.operations = nn.ModuleList(
            module_of(name, halving if read < INPUTS else keeping, makers) for node in nodes for name, read in node
        )
        self.outputs = width * len(nodes)

    def forward(self, before: Tensor, last: Tensor) -> Tensor:
        states = [self.first(before), self.second(last)]
        operations = iter(self.operations)
        for reads in self.reads:
            states.append(reduce(torch.add, [next(operations)(states[i]) for i in reads]))
        return torch.cat(states[2:], 1)


def two_cells(genotype: Any) -> TwoCells:
    """A genotype, node by node; raises as `read_genotype`."""
    normal, reduction = (
        [pairs[i : i + PAIRS] for i in range(0, len(pairs), PAIRS)] for pairs in read_genotype(genotype)
    )
    return TwoCells(normal, reduction)


def read_genotype(genotype: Any) -> tuple[Pairs, Pairs]:
    """The normal and the reduction cell, in our names of operations.

    Raises:
        ValueError: no genotype, or one without one of both cells; an output of other states than all nodes.
    """
    found = parts(genotype)
    if missing := [part for part in PARTS if part not in found]:
        raise ValueError(f"the genotype has no {missing[0]} cell; this skeleton has both")
    for part, (pairs, concat) in found.items():
        if sorted(concat) != list(range(INPUTS, INPUTS + len(pairs) // PAIRS)):
            raise ValueError(f"{part}_concat is {concat}; this skeleton puts all nodes side by side")
    normal, reduction = ([(OPERATIONS[name], reads) for name, reads in found[part][0]] for part in PARTS)
    return normal, reduction
