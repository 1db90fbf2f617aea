"""Graph convolutional networks on cells: the Neural Predictor's, BONAS's and BRP-NAS's.

Each is trained as in its authors' code where that is public, else as White et al. 2021 (arXiv:2104.01177) trained it in
NASLib; a fault of that code (gradients are never reset) is corrected.

Axes: cell; node, in topological order, padded, BONAS and BRP-NAS with one more that all others lead to ("global").
"""

from __future__ import annotations

import itertools
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from metanp.baselines.graph_inputs import pruned, written
from metanp.baselines.networks import Network, Training
from metanp.contract import About
from metanp.operations import VOCABULARY

Nodes = Float[Tensor, "cell node channel"]
Edges = Float[Tensor, "cell node node"]
Batch = Int[Tensor, " item"]


class GraphNetwork(Network):
    """Reads operations and edges of the cell as it is written, and nothing else."""

    read: Any = staticmethod(written)

    def tensors(self, inputs: Any) -> list[Tensor]:
        return [inputs.operations(), inputs.adjacency()]


class DirectedConvolution(nn.Module):
    """Mean of two convolutions, along the edges and against them, each over neighbours and the node itself."""

    def __init__(self, d_in: int, d_out: int, dropout: float):
        super().__init__()
        self.forwards, self.backwards = nn.Linear(d_in, d_out, bias=False), nn.Linear(d_in, d_out, bias=False)
        self.dropout = dropout
        for layer in (self.forwards, self.backwards):
            nn.init.xavier_uniform_(layer.weight)

    def forward(self, h: Nodes, along: Edges, against: Edges) -> Nodes:
        forwards, backwards = functional.relu(self.forwards(along @ h)), functional.relu(self.backwards(against @ h))
        return functional.dropout((forwards + backwards) / 2, self.dropout, self.training)


class _NeuralPredictor(nn.Module):
    def __init__(self, layers: int, width: int, d_hidden: int, dropout: float):
        super().__init__()
        sizes = [len(VOCABULARY), *[width] * layers]
        shapes = itertools.pairwise(sizes)
        self.layers = nn.ModuleList(DirectedConvolution(*shape, dropout) for shape in shapes)
        hidden, last = nn.Linear(width, d_hidden, bias=False), nn.Linear(d_hidden, 1, bias=False)
        self.readout = nn.Sequential(hidden, nn.Dropout(dropout), last)

    def forward(self, operations: Nodes, along: Edges, against: Edges) -> Float[Tensor, " cell"]:
        real = operations.sum(-1, keepdim=True)
        h = operations
        for layer in self.layers:
            h = layer(h, along, against)
        return self.readout(h.sum(1) / real.sum(1))[:, 0]


class GCN(GraphNetwork):
    """The Neural Predictor: four directed convolutions of 144, mean over nodes."""

    about = About("GCN (Neural Predictor)", "Wen et al. 2020, arXiv:1912.00848", needs=("cells",))
    training = Training(epochs=300, batch=7, rate=1e-4, weight_decay=3e-4, cosine=True, drop_last=True)
    fewest_labels = 7

    def tensors(self, inputs: Any) -> list[Tensor]:
        adjacency = inputs.adjacency()
        return [inputs.operations(), averaged(adjacency), averaged(adjacency.mT)]

    def build(self, context: Any) -> nn.Module:
        return _NeuralPredictor(layers=4, width=144, d_hidden=128, dropout=0.1)


class GlobalNodeEmbedding(nn.Module):
    """Convolutions over a graph with one additional node that sees all others; its embedding is the cell's."""

    def __init__(self, norm: type[nn.Module], layers: int, width: int, dropout: float, bound: float):
        super().__init__()
        sizes = [len(VOCABULARY) + 1, *[width] * layers]
        self.layers = nn.ModuleList(nn.Linear(*shape) for shape in itertools.pairwise(sizes))
        self.norms = nn.ModuleList(norm(width) for _ in range(layers))
        self.dropout = dropout
        for parameter in self.layers.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, operations: Nodes, sees: Edges) -> Float[Tensor, "cell channel"]:
        h, sees = with_global_node(operations, sees)
        real = h.sum(-1) > 0
        for layer, norm in zip(self.layers, self.norms, strict=True):
            # padding is excluded from a norm over the batch
            nodes = functional.dropout(functional.relu(norm(layer((sees @ h)[real]))), self.dropout, self.training)
            h = nodes.new_zeros((*real.shape, nodes.shape[-1])).index_put((real,), nodes)
        return h[:, -1]


class BONAS(GraphNetwork):
    """Four convolutions of 64 with batch normalisation; each node sees those before it."""

    about = About("BONAS", "Shi et al. 2020, arXiv:1911.09336; as in arXiv:2104.01177", needs=("cells",))
    training = Training(epochs=100, batch=128, rate=1e-4, cosine=True)
    fewest_labels = 2  # batch normalisation

    def tensors(self, inputs: Any) -> list[Tensor]:
        return [inputs.operations(), inputs.adjacency().mT]

    def build(self, context: Any) -> nn.Module:
        return _BONAS(GlobalNodeEmbedding(nn.BatchNorm1d, layers=4, width=64, dropout=0.0, bound=0.05), 64)


class _BONAS(nn.Module):
    def __init__(self, embed: nn.Module, width: int):
        super().__init__()
        self.embed, self.readout = embed, nn.Linear(width, 1)

    def forward(self, operations: Nodes, sees: Edges) -> Float[Tensor, " cell"]:
        return self.readout(self.embed(operations, sees))[:, 0]


class BRPNAS(GraphNetwork):
    """Four convolutions of 600 on the pruned cell, trained to predict the better of two cells.

    The truth of a pair is the softmax of their scores, scaled to 0 to 1 by the evaluated cells. Pairs are drawn anew in
    each epoch, four for each cell (the authors use all pairs, which needs a GPU, and also contract skips). Predictions
    only rank; their scale has no meaning.
    """

    about = About("BRP-NAS (pairwise GCN)", "Dudziak et al. 2020, arXiv:2007.08668", needs=("cells",))
    training = Training(epochs=250, batch=64, rate=3.5e-4, weight_decay=5e-4, decoupled=True, cosine=True)
    read = staticmethod(pruned)
    fewest_labels = 2
    partners = 4

    def build(self, context: Any) -> nn.Module:
        return Comparer(GlobalNodeEmbedding(nn.LayerNorm, layers=4, width=600, dropout=0.2, bound=600**-0.5), 600)

    def items(self, cells: int) -> int:
        return cells * self.partners

    def loss(self, net: Any, read: list[Tensor], value: Float[Tensor, " cell"], batch: Batch) -> Tensor:
        first = batch // self.partners
        second = (first + torch.randint(1, len(value), first.shape)) % len(value)  # any other cell
        seen, place = torch.cat([first, second]).unique(return_inverse=True)
        embedded = net.embed(*(tensor[seen] for tensor in read))
        compared = net.compare(*embedded[place].chunk(2))
        unit = (value - value.min()) / (value.max() - value.min()).clamp(min=1e-12)
        truth = torch.stack([unit[first], unit[second]], dim=1).softmax(1)
        return functional.kl_div(compared, truth, reduction="sum")


class Comparer(nn.Module):
    def __init__(self, embed: nn.Module, width: int):
        super().__init__()
        self.embed, self.pair = embed, nn.Linear(2 * width, 2)

    def compare(self, first: Float[Tensor, "pair channel"], second: Float[Tensor, "pair channel"]) -> Tensor:
        """Log-probabilities that the first and that the second is the better."""
        return functional.log_softmax(self.pair(torch.cat([first, second], dim=1)), dim=1)

    def forward(self, operations: Nodes, sees: Edges) -> Float[Tensor, " cell"]:
        """Scores whose differences are the log odds of `compare`, averaged over both orders of a pair."""
        of_first, of_second = (self.pair.weight[0] - self.pair.weight[1]).chunk(2)
        return self.embed(operations, sees) @ (of_first - of_second) / 2


def averaged(adjacency: Edges) -> Edges:
    """Equal weights of a node and of the neighbours in its row of `adjacency`."""
    with_self = adjacency + torch.eye(adjacency.shape[-1], device=adjacency.device)
    return with_self / with_self.sum(-1, keepdim=True)


def with_global_node(operations: Nodes, sees: Edges) -> tuple[Nodes, Edges]:
    """Adds a last node with an operation of its own, which sees every real node; all nodes see themselves."""
    real = operations.sum(-1)
    n = real.shape[1]
    h = functional.pad(operations, (0, 1, 0, 1))
    h[:, -1, -1] = 1
    wider = functional.pad(sees, (0, 1, 0, 1))
    wider[:, -1, :n] = real
    return h, wider + torch.eye(n + 1, device=h.device)
