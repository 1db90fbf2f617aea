"""FLAN: graph flow and attention side by side, forwards, backwards, and forwards again; GATES's ranking loss.

    flow       node + sigmoid(gate of its operation) x sum over its predecessors, mixed
    attention  sigmoid(gate of its operation) x all nodes, mixed, weighted by similarity, which is 0 without an edge

A layer is the mean of both. After five of them, the state of the output flows back against the edges through five
layers of flow alone; the result changes the embedding of each node's operation a little, and the five layers run once
more. A skip is no node but an edge, and nodes cut off by `none` have no edges; both are still part of the mean over
nodes that predicts the score.

Axes: cell; node, in topological order, padded.

Source: Akhauri and Abdelfattah 2024 (arXiv:2403.02484), after Ning et al. 2022 (TA-GATES); sizes and training of their
repository, without the additional encodings that FLAN can read.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from metanp.baselines.gates import GATES
from metanp.baselines.graph_networks import Edges, Nodes
from metanp.baselines.networks import Training, train
from metanp.cell_array import CellArray
from metanp.contract import About
from metanp.operations import INPUT, NONE, OUTPUT, SKIP, VOCABULARY

FEW = 32  # evaluated cells, up to which a batch is eight; beyond, a quarter of them


class FLAN(GATES):
    """Five layers of 128 there and back, a perceptron of three layers of 200 on the mean over nodes.

    Predictions only rank; their scale has no meaning.
    """

    about = About("FLAN", "Akhauri and Abdelfattah 2024, arXiv:2403.02484", needs=("cells",))
    training = Training(epochs=150, batch=8, rate=1e-3, weight_decay=1e-5, decoupled=True, cosine=True)

    def tensors(self, inputs: Any) -> list[Tensor]:
        return [inputs.operations(), torch.from_numpy(computing_edges(inputs.cells)).float()]

    def build(self, context: Any) -> nn.Module:
        return _FLAN(layers=5, width=128, d_operation=48, d_node=96, d_hidden=200, hidden=3, dropout=0.1)

    def _learn(self, read: list[Tensor], value: Float[Tensor, " cell"]) -> None:
        train(
            self._net,
            lambda batch: self.loss(self._net, read, value, batch),
            len(value),
            batched(self.training, len(value)),
        )


def batched(how: Training, cells: int) -> Training:
    """`how`, with batches of a quarter of the cells where there are many."""
    return how if cells <= FEW else replace(how, batch=cells // 4)


def computing_edges(cells: CellArray) -> Bool[np.ndarray, "cell node node"]:
    """[cell, from, to]: edges on paths from input to output that avoid `none`, each skip contracted to edges."""
    operation = cells.operation
    carries = operation != NONE
    edges = cells.around(operation == SKIP) & carries[:, :, None] & carries[:, None, :]
    arrived, leaves = operation == INPUT, operation == OUTPUT
    for node in range(operation.shape[1]):  # in topological order, one pass is enough
        arrived[:, node] |= (arrived & edges[:, :, node]).any(1)
    for node in reversed(range(operation.shape[1])):
        leaves[:, node] |= (leaves & edges[:, node, :]).any(1)
    alive = arrived & leaves
    return edges & alive[:, :, None] & alive[:, None, :]


class Flow(nn.Module):
    def __init__(self, d_in: int, d_out: int, d_operation: int):
        super().__init__()
        self.mix, self.gate = nn.Linear(d_in, d_out, bias=False), nn.Linear(d_operation, d_out)
        self.bias = nn.Parameter(torch.empty(d_out))
        for parameter in (self.mix.weight, self.bias):
            nn.init.uniform_(parameter, -(d_out**-0.5), d_out**-0.5)

    def forward(self, h: Nodes, sees: Edges, operation: Nodes, real: Nodes) -> Nodes:
        own = self.mix(h)
        return own + torch.sigmoid(self.gate(operation)) * (sees @ own) + self.bias


class FlowAndAttention(nn.Module):
    def __init__(self, d_in: int, d_out: int, d_operation: int):
        super().__init__()
        self.flow = Flow(d_in, d_out, d_operation)
        self.mix, self.gate = nn.Linear(d_in, d_out, bias=False), nn.Linear(d_operation, d_out)
        self.alike, self.norm = nn.Linear(d_out, 1, bias=False), nn.LayerNorm(d_out)

    def forward(self, h: Nodes, sees: Edges, operation: Nodes, real: Nodes) -> Nodes:
        own = self.mix(h)
        alike = functional.leaky_relu((own * self.alike.weight[0]) @ own.mT) * sees  # 0, not nothing, without an edge
        attention = alike.masked_fill(real.mT == 0, -torch.inf).softmax(-1)
        attended = self.norm(torch.sigmoid(self.gate(operation)) * (attention @ own))
        return (self.flow(h, sees, operation, real) + attended) / 2


class _FLAN(nn.Module):
    step = 0.1  # how far an operation's embedding is moved

    def __init__(
        self, layers: int, width: int, d_operation: int, d_node: int, d_hidden: int, hidden: int, dropout: float
    ):
        super().__init__()
        self.operation = nn.Linear(len(VOCABULARY), d_operation, bias=False)
        self.start = nn.Parameter(torch.stack([torch.zeros(d_operation), torch.randn(d_operation)]))  # others, input
        self.node = nn.Linear(d_operation, d_node)
        shapes = list(itertools.pairwise([d_node, *[width] * layers]))
        self.forwards = nn.ModuleList(FlowAndAttention(*shape, d_operation) for shape in shapes)
        self.turn = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
        self.backwards = nn.ModuleList(Flow(width, width, d_operation) for _ in range(layers))
        self.move = nn.Sequential(nn.Linear(2 * width + d_operation, width), nn.ReLU(), nn.Linear(width, d_operation))
        shapes = list(itertools.pairwise([width, *[d_hidden] * hidden]))
        blocks = [nn.Sequential(nn.Linear(*shape), nn.ReLU(), nn.Dropout(dropout)) for shape in shapes]
        self.readout = nn.Sequential(*blocks, nn.Linear(d_hidden, 1))
        nn.init.normal_(self.operation.weight)

    def forward(self, operations: Nodes, adjacency: Edges) -> Float[Tensor, " cell"]:
        real = operations.sum(-1, keepdim=True)
        is_input, is_output = operations[..., INPUT, None], operations[..., OUTPUT, None]
        embedded = self.operation(operations) * (1 - is_input)
        h = self.node(self.start[is_input[..., 0].long()])
        arrived = _through(self.forwards, h, adjacency.mT, embedded, real)
        back = _through(self.backwards, self.turn(arrived) * is_output, adjacency, embedded, real)
        embedded = embedded + self.step * self.move(torch.cat([embedded.detach(), arrived.detach(), back], dim=-1))
        arrived = _through(self.forwards, h, adjacency.mT, embedded, real)
        read = real - is_input
        return self.readout((arrived * read).sum(1) / read.sum(1))[:, 0]


def _through(layers: nn.ModuleList, h: Nodes, sees: Edges, operation: Nodes, real: Nodes) -> Nodes:
    for number, layer in enumerate(layers):
        h = layer(functional.relu(h) if number else h, sees, operation, real)
    return h
