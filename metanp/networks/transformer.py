"""Transformers whose layers differ, as in FlexiBERT: a list of layers, from tokens to one score a class.

A layer mixes tokens, projects, adds and normalises, then does the same with a feed-forward part of some equally wide
layers; a transform (`fourier`, `cosine`) is only added, not normalised. Embeddings have fewer channels than layers and
are projected. The score is read off the first token.

With 256 channels and feed-forward parts 1,024 wide, a list has exactly the parameters that NAS-Bench-BERT gives, which
counts every layer in that size, but for the last linear layer.

Sources: Tuli et al., "FlexiBERT", JAIR 2023 (arXiv:2205.11656); Serianni and Kalita, "Training-free NAS for RNNs and
transformers", ACL 2023 (arXiv:2306.00288).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from metanp.nearest import nearest
from metanp.networks.mixing import Attention, Cosine, Fourier, SpanConvolution
from metanp.networks.skeleton import Skeleton, TextNetwork

KINDS = ("attention", "weighted_attention", "fourier", "cosine", "convolution")
# FlexiBERT's two words of a layer -> kind, kernel size
TEXTS = {"SA:SDP": ("attention", 0), "SA:WMA": ("weighted_attention", 0)}
TEXTS |= {"LT:DFT": ("fourier", 0), "LT:DCT": ("cosine", 0), "DSC:5": ("convolution", 5), "DSC:9": ("convolution", 9)}


@dataclass(frozen=True)
class TransformerLayer:
    """One layer. kind: of `KINDS`. width: of the feed-forward part. depth: its hidden layers."""

    kind: str
    heads: int = 4
    width: int = 1024
    depth: int = 1
    kernel_size: int = 5


@dataclass(frozen=True)
class Transformer(Skeleton):
    """Its architecture is a list of layers: `TransformerLayer`, dictionaries with its fields, or texts of FlexiBERT as
    `SA:SDP:4:1024:1` (operation and its parameter, heads, width, depth).

    channels: of every layer. embedding: channels of a token's embedding. tokens: different ones. positions: the longest
    text.
    """

    channels: int = 256
    embedding: int = 128
    tokens: int = 30_522
    positions: int = 512

    def build(self, architecture: Any, classes: int, image_channels: int, prune: bool) -> nn.Module:
        layers = [_Layer(self.channels, layer) for layer in read_layers(architecture)]
        return TokenNetwork(_Embedding(self), nn.Sequential(*layers), nn.Linear(self.channels, classes))


class TokenNetwork(TextNetwork):
    """From texts of token numbers to one score a class."""

    def __init__(self, embedding: _Embedding, layers: nn.Module, head: nn.Module):
        super().__init__()
        self.embedding, self.layers, self.head = embedding, layers, head

    def forward(self, tokens: Int[Tensor, "text token"]) -> Float[Tensor, "text class"]:
        """ValueError where the texts are too long, or no whole numbers."""
        return self.head(self.layers(self.embedding(tokens))[:, 0])


class _Embedding(nn.Module):
    def __init__(self, sizes: Transformer):
        super().__init__()
        self.token = nn.Embedding(sizes.tokens, sizes.embedding)
        self.position = nn.Embedding(sizes.positions, sizes.embedding)
        self.segment = nn.Embedding(2, sizes.embedding)
        self.normalised = nn.LayerNorm(sizes.embedding)
        self.projected = nn.Linear(sizes.embedding, sizes.channels)

    def forward(self, tokens: Tensor) -> Tensor:
        if tokens.ndim != 2 or tokens.is_floating_point():
            raise ValueError(f"texts are {tokens.dtype}{list(tokens.shape)}; expected whole numbers (text, token)")
        longest = self.position.num_embeddings
        if tokens.shape[1] > longest:
            raise ValueError(f"texts of {tokens.shape[1]} tokens; there are positions for {longest}: cut them off")
        place = torch.arange(tokens.shape[1], device=tokens.device)
        embedded = self.token(tokens) + self.position(place) + self.segment(torch.zeros_like(tokens))
        return self.projected(self.normalised(embedded))


class _Layer(nn.Module):
    def __init__(self, channels: int, layer: TransformerLayer):
        super().__init__()
        self.mixing = _mixing(channels, layer)
        self.projected = nn.Linear(channels, channels)
        transform = layer.kind in ("fourier", "cosine")
        self.first: nn.Module = nn.Identity() if transform else nn.LayerNorm(channels)
        widths = [channels, *[layer.width] * layer.depth]
        wide: list[nn.Module] = []
        for before, after in pairwise(widths):
            wide += [nn.Linear(before, after), nn.GELU()]
        self.wide = nn.Sequential(*wide, nn.Linear(widths[-1], channels))
        self.second = nn.LayerNorm(channels)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = self.first(tokens + self.projected(self.mixing(tokens)))
        return self.second(tokens + self.wide(tokens))


def _mixing(channels: int, layer: TransformerLayer) -> nn.Module:
    if layer.kind == "convolution":
        return SpanConvolution(channels, layer.heads, layer.kernel_size)
    if layer.kind in ("fourier", "cosine"):
        return Fourier() if layer.kind == "fourier" else Cosine()
    return Attention(channels, channels, layer.heads, weighted=layer.kind == "weighted_attention")


def read_layers(layers: Any) -> list[TransformerLayer]:
    """ValueError where the list holds something else; names the first."""
    if isinstance(layers, str):
        layers = layers.split()
    if isinstance(layers, Mapping) or not isinstance(layers, Iterable):
        raise ValueError(f"the skeleton transformer takes a list of layers, not {layers!r:.80}")
    return [_read_layer(i, layer) for i, layer in enumerate(layers)]


def _read_layer(i: int, layer: Any) -> TransformerLayer:
    known = [f.name for f in fields(TransformerLayer)]
    if isinstance(layer, str):
        layer = _read_text(i, layer)
    if isinstance(layer, Mapping) and "kind" in layer and set(layer) <= set(known):
        layer = TransformerLayer(**layer)
    if not isinstance(layer, TransformerLayer):
        raise ValueError(f"layer {i} is {layer!r:.80}; give kind, and of {', '.join(known[1:])} what differs")
    if layer.kind not in KINDS:
        raise ValueError(f"layer {i} is of kind {layer.kind!r:.80}; {nearest(layer.kind, KINDS)}")
    return layer


def _read_text(i: int, text: str) -> TransformerLayer:
    operation, *sizes = text.rsplit(":", 3)
    if operation not in TEXTS or len(sizes) != 3 or not all(size.isdigit() for size in sizes):
        raise ValueError(f"layer {i} is {text[:80]!r}; expected such as 'SA:SDP:4:1024:1', of {', '.join(TEXTS)}")
    kind, kernel_size = TEXTS[operation]
    heads, width, depth = map(int, sizes)
    return TransformerLayer(kind, heads, width, depth, kernel_size or 5)
