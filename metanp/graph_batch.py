"""Graphs side by side as one large graph, in tensors, as the encoder reads them; and sums over its edges and nodes.

Twenty lines of PyTorch do what torch-geometric would do: importing that package takes longer than PyTorch itself.

Axes: graph; node and edge of all graphs together, one graph after the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from metanp.brief import brief


@dataclass(frozen=True)
class GraphBatch:
    """See `metanp.graphs` for features and patterns.

    operation: number of each node's operation. start, end: nodes of each edge. graph: which graph each node is of.
    last: each graph's output node.
    """

    operation: Int[Tensor, " node"]
    start: Int[Tensor, " edge"]
    end: Int[Tensor, " edge"]
    graph: Int[Tensor, " node"]
    last: Int[Tensor, " graph"]
    features: Float[Tensor, "graph feature"]
    patterns: Int[Tensor, "graph step node"]

    __repr__ = brief

    def __len__(self) -> int:
        return len(self.last)

    def to(self, device: torch.device | str) -> GraphBatch:
        """The same on another device."""
        return GraphBatch(**{name: value.to(device) for name, value in vars(self).items()})

    def over_predecessors(self, h: Float[Tensor, "node width"]) -> Float[Tensor, "node width"]:
        """For each node the sum of `h` over the nodes from which an edge leads to it."""
        return _sums(h[self.start], self.end, len(h))

    def over_successors(self, h: Float[Tensor, "node width"]) -> Float[Tensor, "node width"]:
        """For each node the sum of `h` over the nodes to which an edge leads from it."""
        return _sums(h[self.end], self.start, len(h))

    def over_nodes(self, h: Float[Tensor, "node width"]) -> Float[Tensor, "graph width"]:
        """The sum of `h` over the nodes of each graph."""
        return _sums(h, self.graph, len(self))


def _sums(values: Float[Tensor, "row width"], place: Int[Tensor, " row"], size: int) -> Float[Tensor, "size width"]:
    """Rows added up by where they belong."""
    return values.new_zeros(size, values.shape[1]).scatter_add_(0, place[:, None].expand_as(values), values)
