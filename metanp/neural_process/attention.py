"""The textbook processes without a grid: conditional, attentive and transformer neural process.

They differ in how the context reaches a target: as one mean for all targets, by one attention step for each target, or
through layers in which evaluated cells also attend to one another.

Axes: as in `metanp.neural_process.base`; width, of hidden vectors.

Sources: Garnelo et al. 2018 (arXiv:1807.01613); Kim et al. 2019 (arXiv:1901.05761), its deterministic path; Nguyen &
Grover 2022 (arXiv:2207.04179), whose diagonal variant is the transformer here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from metanp.brief import brief
from metanp.encoder import Points
from metanp.neural_process.textbook import Textbook, readout


@dataclass
class AttentionConfig:
    """Sizes; `heads` are of attention, `layers` are the transformer's."""

    width: int = 128
    heads: int = 4
    layers: int = 4


@dataclass(frozen=True)
class ContextState:
    """What a process keeps of the context: vectors of the evaluated cells for each layer; `hidden` marks padding."""

    values: tuple[Float[Tensor, "task cell width"], ...]
    hidden: Bool[Tensor, "task cell"]
    keys: Float[Tensor, "task cell width"] | None = None  # what the queries of targets are compared with

    __repr__ = brief

    def prune(self, weight: float) -> ContextState:
        """Nothing to drop."""
        return self

    def quick(self) -> ContextState:
        """All of it."""
        return self


class CNP(Textbook):
    """Every evaluated cell becomes a vector; targets see only the mean of these."""

    def __init__(self, config: AttentionConfig, d_embed: int):
        super().__init__()
        self.encode = _mlp(d_embed + 1, config.width)
        self.readout = readout(config.width + d_embed, config.width)

    def condition(
        self, xc: Points, yc: Float[Tensor, "task context"], mask: Bool[Tensor, "task context"], spread: Any = None
    ) -> ContextState:
        value = self.encode(torch.cat([xc.embedding, yc[..., None]], dim=-1)) * mask[..., None]
        return ContextState((value,), ~mask)

    def read_off(self, state: ContextState, xt: Points) -> Float[Tensor, "task 1 target 2"]:
        seen = (~state.hidden).sum(-1).clamp(min=1)[:, None, None]
        mean = state.values[0].sum(1, keepdim=True) / seen
        return self.readout(torch.cat([mean.expand(*xt.embedding.shape[:-1], -1), xt.embedding], dim=-1))[:, None]


class AttentiveCNP(Textbook):
    """Every target attends to evaluated cells like it; one learned extra cell makes an empty context possible."""

    def __init__(self, config: AttentionConfig, d_embed: int):
        super().__init__()
        self.encode = _mlp(d_embed + 1, config.width)
        self.key = _mlp(d_embed, config.width)
        self.nothing = nn.Parameter(torch.zeros(2, 1, 1, config.width))
        self.attend = nn.MultiheadAttention(config.width, config.heads, batch_first=True)
        self.readout = readout(config.width + d_embed, config.width)

    def condition(
        self, xc: Points, yc: Float[Tensor, "task context"], mask: Bool[Tensor, "task context"], spread: Any = None
    ) -> ContextState:
        value = self.encode(torch.cat([xc.embedding, yc[..., None]], dim=-1))
        key, value = (
            torch.cat([extra.expand(len(x), 1, -1), x], dim=1)
            for extra, x in zip(self.nothing, (self.key(xc.embedding), value), strict=True)
        )
        return ContextState((value,), nn.functional.pad(~mask, (1, 0)), key)

    def read_off(self, state: ContextState, xt: Points) -> Float[Tensor, "task 1 target 2"]:
        query, values = self.key(xt.embedding), state.values[0]
        seen, _ = self.attend(query, state.keys, values, key_padding_mask=state.hidden, need_weights=False)
        return self.readout(torch.cat([seen, xt.embedding], dim=-1))[:, None]


class TransformerNP(Textbook):
    """Evaluated cells attend to one another, targets to evaluated cells and to no other target, layer by layer."""

    def __init__(self, config: AttentionConfig, d_embed: int):
        super().__init__()
        self.enter = _mlp(d_embed + 2, config.width)  # a score, and whether there is one
        self.nothing = nn.Parameter(torch.zeros(1, 1, config.width))
        self.layers = nn.ModuleList(_Block(config) for _ in range(config.layers))
        self.readout = nn.Sequential(nn.LayerNorm(config.width), readout(config.width, config.width))

    def condition(
        self, xc: Points, yc: Float[Tensor, "task context"], mask: Bool[Tensor, "task context"], spread: Any = None
    ) -> ContextState:
        known = torch.stack([yc, torch.ones_like(yc)], dim=-1)
        h = self.enter(torch.cat([xc.embedding, known], dim=-1))
        h, hidden = torch.cat([self.nothing.expand(len(h), 1, -1), h], dim=1), nn.functional.pad(~mask, (1, 0))
        states = []
        for layer in self.layers:
            states.append(h)
            h = layer(h, h, hidden)
        return ContextState(tuple(states), hidden)

    def read_off(self, state: ContextState, xt: Points) -> Float[Tensor, "task 1 target 2"]:
        h = self.enter(nn.functional.pad(xt.embedding, (0, 2)))
        for layer, context in zip(self.layers, state.values, strict=True):
            h = layer(h, context, state.hidden)
        return self.readout(h)[:, None]


class _Block(nn.Module):
    """Attention to the context, then a network for each cell; each normalised before."""

    def __init__(self, config: AttentionConfig):
        super().__init__()
        self.norm, self.norm_out = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.attend = nn.MultiheadAttention(config.width, config.heads, batch_first=True)
        self.network = _mlp(config.width, config.width)

    def forward(
        self, h: Float[Tensor, "task cell width"], context: Float[Tensor, "task seen width"], hidden: Tensor
    ) -> Float[Tensor, "task cell width"]:
        seen = self.norm(context)
        attended, _ = self.attend(self.norm(h), seen, seen, key_padding_mask=hidden, need_weights=False)
        h = h + attended
        return h + self.network(self.norm_out(h))


def _mlp(d_in: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(d_in, width), nn.GELU(), nn.Linear(width, width))
