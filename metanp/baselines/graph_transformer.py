"""A topology-aware graph transformer with a ranking loss, after PINAT and NN-Former.

Of each layer's four heads, two attend to all nodes and two along edges alone, one with and one against them. A node
enters as its operation, its row of the graph's Laplacian and the operations of its neighbours. The loss is squared
errors and, as in NN-Former, absolute errors of differences within a batch.

Axes: cell; node, in topological order, padded; head.

Sources: Lu et al. 2023 (PINAT), whose sizes and training are taken; Xu et al. 2025 (NN-Former) for attention along and
against edges and for the loss.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from metanp.baselines.graph_networks import Edges, GraphNetwork, Nodes
from metanp.baselines.networks import Training
from metanp.contract import About
from metanp.operations import VOCABULARY

WIDEST = 32  # nodes whose positions are distinguished


class GraphTransformer(GraphNetwork):
    """Three layers of 80, four heads of 64; `ranking` is the weight of the differences."""

    about = About(
        "graph transformer (PINAT-like)",
        "after Lu et al. 2023 (PINAT) and Xu et al. 2025 (NN-Former)",
        needs=("cells",),
    )
    training = Training(epochs=300, batch=10, rate=1e-4, weight_decay=1e-3, cosine=True)
    fewest_labels = 10
    ranking = 0.2

    def tensors(self, inputs: Any) -> list[Tensor]:
        return [inputs.operations(), inputs.adjacency(), laplacian_rows(inputs.adjacency())]

    def build(self, context: Any) -> nn.Module:
        return _Transformer(layers=3, width=80, d_head=64, d_feedforward=512, d_hidden=96, dropout=0.1)

    def loss(self, net: Any, read: list[Tensor], value: Float[Tensor, " cell"], batch: Int[Tensor, " item"]) -> Tensor:
        score, truth = net(*(tensor[batch] for tensor in read)), value[batch]
        other = torch.randperm(len(batch), device=score.device)
        apart = (score - score[other]) - (truth - truth[other])
        return functional.mse_loss(score, truth) + self.ranking * apart.abs().mean()


class _Transformer(nn.Module):
    def __init__(self, layers: int, width: int, d_head: int, d_feedforward: int, d_hidden: int, dropout: float):
        super().__init__()
        self.operation = nn.Linear(len(VOCABULARY), width, bias=False)
        self.position = nn.Linear(WIDEST, width)
        self.near = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.layers = nn.ModuleList(AttentionLayer(width, d_head, d_feedforward, dropout) for _ in range(layers))
        self.readout = nn.Sequential(nn.Linear(width, d_hidden, bias=False), nn.Linear(d_hidden, 1, bias=False))
        nn.init.normal_(self.operation.weight)

    def forward(self, operations: Nodes, adjacency: Edges, laplacian: Nodes) -> Float[Tensor, " cell"]:
        real = operations.sum(-1)
        what, own = self.operation(operations), torch.eye(real.shape[1], device=real.device)
        into, out_of = adjacency.mT + own, adjacency + own
        here, before, after = self.near
        local = functional.elu(here(what) + before(into @ what) / 2 + after(out_of @ what) / 2)
        h = what + local + self.position(laplacian)
        seen = torch.stack([real[:, None, :].expand_as(into)] * 2 + [into, out_of], dim=1) > 0
        for layer in self.layers:
            h = layer(h, seen)
        pooled = (h * real[..., None]).sum(1) / real.sum(1, keepdim=True)
        return self.readout(pooled)[:, 0]


class AttentionLayer(nn.Module):
    """Attention under a mask of its own for each head, then a perceptron for each node; normalised after."""

    def __init__(self, width: int, d_head: int, d_feedforward: int, dropout: float):
        super().__init__()
        self.d_head = d_head
        self.project = nn.Linear(width, 3 * 4 * d_head, bias=False)
        self.join = nn.Linear(4 * d_head, width)
        self.feedforward = nn.Sequential(
            nn.Linear(width, d_feedforward), nn.ReLU(), nn.Dropout(dropout), nn.Linear(d_feedforward, width)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, h: Nodes, seen: Tensor) -> Nodes:
        query, key, value = self.project(h).unflatten(-1, (3, 4, self.d_head)).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        h = self.norms[0](h + self.dropout(self.join(attended.transpose(1, 2).flatten(2))))
        return self.norms[1](h + self.dropout(self.feedforward(h)))


def laplacian_rows(adjacency: Edges) -> Nodes:
    """Rows of degree less adjacency, of the graph without directions; columns for the first nodes."""
    both = adjacency + adjacency.mT
    laplacian = torch.diag_embed(both.sum(-1)) - both
    return functional.pad(laplacian, (0, WIDEST - laplacian.shape[-1]))
