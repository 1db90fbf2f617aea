"""GATES: a cell's operations gate the information that flows through it; trained by a ranking loss.

    information of a node = sum over its predecessors of sigmoid(gate of its operation) x (their information, mixed)

Five layers carry information along the edges; the score is predicted from what arrives at the output. The input has
information of its own; each layer adds it to the input again, and `none` passes nothing on. All evaluated cells are one
batch; pairs of them are compared by a hinge of width .1.

Axes: cell; node, in topological order, padded; pair, of the cells in a batch.

Source: Ning et al. 2020 (arXiv:2004.01899), which has operations on edges in NAS-Bench-201; here they are nodes in
every space, as theirs are in NAS-Bench-101. Sizes and training of their repository's NAS-Bench-201 configuration.
"""

from __future__ import annotations

import itertools
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from metanp.baselines.graph_networks import Edges, GraphNetwork, Nodes
from metanp.baselines.networks import Training
from metanp.contract import About
from metanp.operations import INPUT, NONE, OUTPUT, VOCABULARY

MARGIN = 0.1
PAIRS = 4  # at most, for each cell of a batch


class GATES(GraphNetwork):
    """Five layers of 128, a perceptron of five layers of 300 on what arrives at the output.

    Predictions only rank; their scale has no meaning.
    """

    about = About("GATES", "Ning et al. 2020, arXiv:2004.01899", needs=("cells",))
    training = Training(epochs=200, batch=512, rate=1e-3)
    fewest_labels = 2

    def build(self, context: Any) -> nn.Module:
        return InformationFlow(layers=5, width=128, d_operation=48, d_hidden=300, hidden=5, dropout=0.1)

    def loss(self, net: Any, read: list[Tensor], value: Float[Tensor, " cell"], batch: Int[Tensor, " item"]) -> Tensor:
        return ranking_loss(net(*(tensor[batch] for tensor in read)), value[batch])


def ranking_loss(score: Float[Tensor, " cell"], value: Float[Tensor, " cell"]) -> Tensor:
    """Mean hinge over pairs of cells whose `value` differs; NaN is in no pair."""
    better, worse = pairs(value)
    return functional.relu(MARGIN - (score[better] - score[worse])).sum() / max(len(better), 1)


def pairs(value: Float[Tensor, " cell"]) -> tuple[Int[Tensor, " pair"], Int[Tensor, " pair"]]:
    """The better and the worse cells of random pairs, four for each cell or all there are; ties are no pair."""
    better, worse = torch.nonzero(value[:, None] > value[None, :], as_tuple=True)
    taken = torch.randperm(len(better), device=value.device)[: PAIRS * len(value)]
    return better[taken], worse[taken]


class InformationFlow(nn.Module):
    def __init__(self, layers: int, width: int, d_operation: int, d_hidden: int, hidden: int, dropout: float):
        super().__init__()
        self.operation = nn.Linear(len(VOCABULARY), d_operation, bias=False)
        self.start = nn.Parameter(torch.randn(width) / width**0.5)
        self.mixes = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        self.gates = nn.ModuleList(nn.Linear(d_operation, width) for _ in range(layers))
        sizes = [width, *[d_hidden] * hidden]
        shapes = itertools.pairwise(sizes)
        blocks = [nn.Sequential(nn.Linear(*shape), nn.ReLU(), nn.Dropout(dropout)) for shape in shapes]
        self.readout = nn.Sequential(*blocks, nn.Linear(d_hidden, 1))
        nn.init.normal_(self.operation.weight)

    def forward(self, operations: Nodes, adjacency: Edges) -> Float[Tensor, " cell"]:
        source = operations[..., INPUT, None] * self.start
        carries = 1 - operations[..., NONE, None]
        embedded = self.operation(operations)
        h = source
        for mix, gate in zip(self.mixes, self.gates, strict=True):
            arrived = adjacency.mT @ (mix(h) * carries)
            h = functional.relu(torch.sigmoid(gate(embedded)) * arrived) + source
        return self.readout((h * operations[..., OUTPUT, None]).sum(1))[:, 0]
