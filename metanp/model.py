"""The whole model on one line: distribution = process(encoder(cells), scores).

`Model` joins the graph encoder with one of the neural processes, as a `ModelConfig` says. A checkpoint holds it,
`metanp.meta_training` trains it, and `metanp.predictor` uses it. It handles graphs, and scores in the model's units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from metanp.brief import brief
from metanp.distribution import Mixture
from metanp.encoder import EncoderConfig, GraphEncoder
from metanp.graph_batch import GraphBatch
from metanp.neural_process import (
    CNP,
    AttentionConfig,
    AttentiveCNP,
    ConvCNP,
    ConvCNPConfig,
    NeuralProcess,
    TransformerNP,
    WhitenedConfig,
    WhitenedConvCNP,
)

WITHOUT_GRIDS: dict[str, Callable[[AttentionConfig, int], NeuralProcess]] = {
    "cnp": CNP,
    "attentive_cnp": AttentiveCNP,
    "transformer_np": TransformerNP,
}
PROCESSES = ("whitened_convcnp", "convcnp", *WITHOUT_GRIDS)


@dataclass
class ModelConfig:
    """Which process, and the sizes of everything; only the chosen process's own block is read."""

    process: str = "whitened_convcnp"  # of PROCESSES; the heads alone are whitened_convcnp with no maps
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    whitened: WhitenedConfig = field(default_factory=WhitenedConfig)
    convcnp: ConvCNPConfig = field(default_factory=ConvCNPConfig)
    attention: AttentionConfig = field(default_factory=AttentionConfig)


@dataclass(frozen=True)
class EpisodeBatch:
    """A meta-batch of episodes, padded; scores are in the model's units, fitted on each context alone.

    graphs: distinct graphs of all tasks; context and target: rows of it. side: NaN where missing. hint: of features
    with a role.
    """

    graphs: GraphBatch
    context: Int[Tensor, "task context"]
    target: Int[Tensor, "task target"]
    yc: Float[Tensor, "task context"]
    yt: Float[Tensor, "task target"]
    context_mask: Bool[Tensor, "task context"]
    target_mask: Bool[Tensor, "task target"]
    context_side: Float[Tensor, "task context side"]
    target_side: Float[Tensor, "task target side"]
    context_hint: Float[Tensor, "task context kind"]
    target_hint: Float[Tensor, "task target kind"]

    __repr__ = brief

    def to(self, device: torch.device | str) -> EpisodeBatch:
        """The same on another device."""
        return EpisodeBatch(**{name: value.to(device) for name, value in vars(self).items()})


class Model(nn.Module):
    """Encoder and process."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.encoder = GraphEncoder(config.encoder)
        self.process = build_process(config, config.encoder.d_embed)

    def forward(self, batch: EpisodeBatch) -> Mixture:
        """The distribution of every target of every task."""
        points = self.encoder(batch.graphs)
        xc = points.map(lambda x: x[batch.context]).with_side(batch.context_side, batch.context_hint)
        xt = points.map(lambda x: x[batch.target]).with_side(batch.target_side, batch.target_hint)
        return self.process(xc, batch.yc, batch.context_mask, xt)

    def log_likelihood(self, batch: EpisodeBatch) -> Float[Tensor, " task"]:
        """Mean log-density of each task's targets."""
        return self.process.log_likelihood(self(batch), batch.yt, batch.target_mask)


def build_process(config: ModelConfig, d_embed: int, graphs: bool = True) -> NeuralProcess:
    """The process that `config` names; `graphs=False` for plain coordinates.

    Raises:
        ValueError: an unknown process.
    """
    if config.process == "whitened_convcnp":
        return WhitenedConvCNP(config.whitened, d_embed, graphs)
    if config.process == "convcnp":
        return ConvCNP(config.convcnp, d_embed)
    if config.process in WITHOUT_GRIDS:
        return WITHOUT_GRIDS[config.process](config.attention, d_embed)
    raise ValueError(f"unknown process {config.process!r}; known: {', '.join(PROCESSES)}")
