"""How tokens of a text are mixed: attention, Fourier and cosine transforms, attention beside dynamic convolution.

Each takes and gives (text, token, channel). What follows is the layer's, see `metanp.networks.transformer`.

Sources: Tuli et al., "FlexiBERT", JAIR 2023 (arXiv:2205.11656); Lee-Thorp et al., "FNet", NAACL 2022; Jiang et al.,
"ConvBERT", NeurIPS 2020 (arXiv:2008.02496).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    """Scaled dot products of queries and keys; `weighted` puts a learned matrix between the two.

    Args:
        inside: channels of queries, keys and values, all heads together.
    """

    def __init__(self, channels: int, inside: int, heads: int, weighted: bool = False):
        super().__init__()
        if inside % heads:
            raise ValueError(f"{inside} channels cannot be shared evenly by {heads} heads; take a divisor")
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(channels, inside) for _ in range(3))
        self.between = nn.Linear(inside, inside, bias=False) if weighted else nn.Identity()

    def forward(self, tokens: Tensor) -> Tensor:
        query, key, value = (
            split_heads(x, self.heads).transpose(1, 2)
            for x in (self.between(self.query(tokens)), self.key(tokens), self.value(tokens))
        )
        return functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)


class SpanConvolution(nn.Module):
    """Half of the channels are attention's; the other half a convolution whose kernel is computed for every token, of
    its query and of the tokens around it."""

    def __init__(self, channels: int, heads: int, kernel_size: int):
        super().__init__()
        inside, self.heads, self.kernel_size = channels // 2, max(1, heads // 2), kernel_size
        self.attention = Attention(channels, inside, self.heads)
        self.around = nn.Sequential(
            nn.Conv1d(channels, channels, kernel_size, padding=kernel_size // 2, groups=channels, bias=False),
            nn.Conv1d(channels, inside, 1),
        )
        self.kernel = nn.Linear(inside, self.heads * kernel_size)
        self.values = nn.Linear(channels, inside)

    def forward(self, tokens: Tensor) -> Tensor:
        around = self.around(tokens.transpose(1, 2)).transpose(1, 2)
        kernel = split_heads(self.kernel(around * self.attention.query(tokens)), self.heads).softmax(-1)
        padding = self.kernel_size // 2
        padded = functional.pad(self.values(tokens), (0, 0, padding, padding))
        windows = padded.unfold(1, self.kernel_size, 1)  # (text, token, channel, place in the window)
        by_head = windows.unflatten(2, (self.heads, -1))
        return torch.cat([self.attention(tokens), (by_head * kernel.unsqueeze(3)).sum(-1).flatten(2)], 2)


class Fourier(nn.Module):
    """The real part of the Fourier transform over tokens and channels."""

    def forward(self, tokens: Tensor) -> Tensor:
        return torch.fft.fft2(tokens).real


class Cosine(nn.Module):
    """The cosine transform (type II, orthonormal) over tokens and channels."""

    def forward(self, tokens: Tensor) -> Tensor:
        over_tokens, over_channels = (cosines(n, tokens) for n in tokens.shape[1:])
        return over_tokens @ tokens @ over_channels.T


def cosines(n: int, like: Tensor) -> Tensor:
    """The matrix of the orthonormal cosine transform of `n` values."""
    at = torch.arange(n, dtype=like.dtype, device=like.device)
    matrix = torch.cos(math.pi / n * at[:, None] * (at + 0.5)) * math.sqrt(2 / n)
    matrix[0] /= math.sqrt(2)
    return matrix


def split_heads(tokens: Tensor, heads: int) -> Tensor:
    """(text, token, channel) -> (text, token, head, channel of a head)."""
    return tokens.unflatten(2, (heads, -1))
