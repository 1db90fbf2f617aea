"""Activation patterns: which units of a network are on for which images.

A unit is one output value of an activation module; it is on for an image where that output is above zero. Activations
that are functions inside of a network's `forward` are not seen: write them as modules.

`nn.ReLU` and its like cut the space of images into regions on which the network is linear, and a pattern names one.
GELU and SiLU do not: the sign of their output is read all the same, and it is no count of regions.

Axes: image; unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

PIECEWISE_LINEAR = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU)
SMOOTH = (nn.GELU, nn.SiLU)
WORD = 64  # images whose signs fit one whole number


def check_piecewise_linear(network: nn.Module) -> None:
    """ValueError where there is no module of `PIECEWISE_LINEAR`, with the proxies that read other networks."""
    if not any(isinstance(module, PIECEWISE_LINEAR) for module in network.modules()):
        raise ValueError(
            "the network has no ReLU, and so no patterns for nwot; swap and swap_standard read GELU and SiLU "
            "too; a ReLU that is a function inside of forward is not seen: write it as nn.ReLU()"
        )


class Watched:
    """Hooks on the activations of a network, for as long as it is open; what they saw of the last forward pass."""

    def __init__(self, network: nn.Module):
        kinds = (*PIECEWISE_LINEAR, *SMOOTH)
        self.modules = [module for module in network.modules() if isinstance(module, kinds)]
        if not self.modules:
            raise ValueError(
                "the network has no activation module (ReLU, GELU, SiLU), and so no patterns; one that is a function "
                "inside of forward is not seen: write it as nn.ReLU()"
            )
        self.signs: list[Tensor] = []

    def __enter__(self) -> Watched:
        self._hooks = [module.register_forward_hook(self._see) for module in self.modules]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _see(self, module: nn.Module, inputs: object, output: Tensor) -> None:
        self.signs.append((output.detach() > 0).flatten(1))


def sample_wise(signs: Sequence[Tensor]) -> int:
    """How many different columns (image, unit) has: over the images, what a unit does."""
    codes = np.sort(_codes(list(_words(signs))))  # of whole numbers, many times faster than np.unique
    return int(np.count_nonzero(codes[1:] != codes[:-1])) + 1


def standard(signs: Sequence[Tensor]) -> int:
    """How many different rows (image, unit) has: over the units, what an image does; at most one an image."""
    rows = torch.cat(list(signs), dim=1).cpu().numpy()
    return len({row.tobytes() for row in np.packbits(rows, axis=1)})


def _words(signs: Sequence[Tensor]) -> Iterator[np.ndarray]:
    """Whole numbers (unit) whose bits are the signs of up to `WORD` images."""
    for start in range(0, len(signs[0]), WORD):
        yield np.concatenate([_word(layer[start : start + WORD]) for layer in signs])


def _word(signs: Tensor) -> np.ndarray:
    octets = [_octet(signs[start : start + 8]) for start in range(0, len(signs), 8)]
    width = next(size for size in (4, 8) if size >= len(octets))
    word = np.zeros((signs.shape[1], width), dtype=np.uint8)
    for place, octet in enumerate(octets):
        word[:, place] = octet
    return word.view(f"<u{width}")[:, 0]


def _octet(signs: Tensor) -> np.ndarray:
    """The signs of up to eight images in one byte, the first in its lowest bit."""
    rows = signs.view(torch.uint8)
    byte = rows[0].clone()
    for place, row in enumerate(rows[1:], start=1):
        byte |= row << place
    return byte.cpu().numpy()


def _codes(words: list[np.ndarray]) -> np.ndarray:
    """One whole number a unit, equal where all its words are: those met before, then 32 further bits at a time."""
    code = words[0]
    for word in words[1:]:
        for part in np.divmod(word.astype(np.uint64), np.uint64(2**32)):
            seen = np.unique(code, return_inverse=True)[1]
            low = np.unique(part, return_inverse=True)[1]
            code = seen.astype(np.uint64) << np.uint64(32) | low.astype(np.uint64)
    return code
