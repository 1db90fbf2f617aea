"""The graph encoder: a pruned cell becomes an embedding.

Message passing along the edges and against them, joined by the computed graph features. An operation is read as its
attributes, shared by all spaces, plus a learned residual of its own (zero at the start).

Axes: graph, node, edge as in `metanp.graphs`; d_embed, unitless, about unit variance.

Source of the layer: a residual graph network in the manner of Li et al. 2020 (arXiv:2006.07739), two directions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from metanp.brief import brief
from metanp.features import FEATURE_GROUPS, FEATURE_NAMES
from metanp.graph_batch import GraphBatch
from metanp.operations import ATTRIBUTE_TABLE
from metanp.side import HINTS


@dataclass(frozen=True)
class Points:
    """What a neural process reads of cells; all fields have the same leading axes, then their own.

    embedding: learned.
    features: computed graph features, scaled.
    patterns: names of the Weisfeiler-Lehman patterns at the nodes, 0 where there is no node.
    side: the user's own numbers, standardised by the context, NaN where missing; no column where there are none.
    hint: what side features with a role say of the score, by kind of role (`metanp.side`); 0 where they say nothing.
    """

    embedding: Float[Tensor, "*batch d_embed"]
    features: Float[Tensor, "*batch feature"]
    patterns: Int[Tensor, "*batch step node"]
    side: Float[Tensor, "*batch side"]
    hint: Float[Tensor, "*batch kind"]

    __repr__ = brief

    @classmethod
    def of_embedding(cls, x: Float[Tensor, "*batch d_embed"]) -> "Points":
        """Coordinates alone, for problems that have no graph."""
        none = x.new_zeros((*x.shape[:-1], 0))
        patterns = x.new_zeros((*x.shape[:-1], 0, 0), dtype=torch.long)
        return cls(x, none, patterns, none, x.new_zeros((*x.shape[:-1], HINTS)))

    def map(self, function) -> "Points":
        """The same function applied to every field."""
        return Points(*(function(values) for values in vars(self).values()))

    def with_side(self, side: Float[Tensor, "*batch side"], hint: Float[Tensor, "*batch kind"]) -> "Points":
        """The same with these side features, and what those with a role say."""
        return replace(self, side=side, hint=hint)

    def float(self) -> "Points":
        """In single precision, except the names of patterns."""
        return self.map(lambda values: values.float() if values.is_floating_point() else values)


@dataclass
class EncoderConfig:
    """Sizes of the graph encoder, and the groups of graph features that the model reads: all, except in ablations."""

    width: int = 64
    layers: int = 3
    d_embed: int = 64
    features: list[str] = field(default_factory=lambda: list(FEATURE_GROUPS))


class GraphEncoder(nn.Module):
    """Graphs to points: `encoder(graphs)` is one `Points` of embeddings (graph, d_embed) and computed features."""

    def __init__(self, config: EncoderConfig):
        super().__init__()
        self.d_embed = config.d_embed
        table = torch.from_numpy(ATTRIBUTE_TABLE)
        self.attributes: Tensor
        self.register_buffer("attributes", table, persistent=False)
        self.from_attributes = nn.Linear(table.shape[1], config.width)
        self.residual = nn.Embedding(len(table), config.width)
        nn.init.zeros_(self.residual.weight)
        self.layers = nn.ModuleList(BidirectionalLayer(config.width) for _ in range(config.layers))
        self.seen: Tensor
        self.register_buffer("seen", _seen(config.features), persistent=False)
        self.feature_scale = nn.Parameter(torch.zeros(len(FEATURE_NAMES)))
        self.from_features = nn.Sequential(
            nn.Linear(len(FEATURE_NAMES), config.width), nn.GELU(), nn.Linear(config.width, config.width)
        )
        self.readout = nn.Sequential(
            nn.LayerNorm(3 * config.width),
            nn.Linear(3 * config.width, 2 * config.width),
            nn.GELU(),
            nn.Linear(2 * config.width, config.d_embed),
            nn.LayerNorm(config.d_embed, elementwise_affine=False),
        )

    def forward(self, graphs: GraphBatch) -> Points:
        h = self.from_attributes(self.attributes[graphs.operation]) + self.residual(graphs.operation)
        for layer in self.layers:
            h = layer(h, graphs)
        # counts grow with the cell; square roots keep those of large cells from dominating
        features = torch.sqrt(graphs.features) * torch.exp(self.feature_scale) * self.seen
        pooled = graphs.over_nodes(h) / 4
        embedding = self.readout(torch.cat([pooled, h[graphs.last], self.from_features(features)], dim=-1))
        none = features.new_zeros((len(features), HINTS))
        return Points(embedding, features, graphs.patterns, none[:, :0], none)


def _seen(groups: Sequence[str]) -> Bool[Tensor, " feature"]:
    """Which features are in these groups.

    Raises:
        ValueError: a group that there is not; names it.
    """
    if unknown := set(groups) - set(FEATURE_GROUPS):
        raise ValueError(f"no group of graph features is called {sorted(unknown)}; there are {list(FEATURE_GROUPS)}")
    return torch.tensor([group in groups for group, names in FEATURE_GROUPS.items() for _ in names])


class BidirectionalLayer(nn.Module):
    """h + MLP(h, sum over predecessors, sum over successors), normalised before."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.forwards = nn.Linear(width, width, bias=False)
        self.backwards = nn.Linear(width, width, bias=False)
        self.mix = nn.Sequential(nn.Linear(3 * width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, h: Float[Tensor, "node width"], graphs: GraphBatch) -> Float[Tensor, "node width"]:
        x = self.norm(h)
        before = graphs.over_predecessors(self.forwards(x))
        after = graphs.over_successors(self.backwards(x))
        return h + self.mix(torch.cat([x, before, after], dim=-1))
