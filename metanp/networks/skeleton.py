"""What surrounds the cells: a skeleton says how often an architecture is repeated, how wide, and on which images.

A skeleton is a small frozen dataclass. Its `build` makes an `ImageNetwork` of an architecture; how many cells stand
where, and what operations become, are its fields, so that another size of a benchmark's network is
`NASBench201(channels=8, cells=1)`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from metanp.cell import Cell
from metanp.networks.modules import Maker


@dataclass(frozen=True)
class Images:
    """The images a network takes.

    channels: 3 for colour, 1 for grey.
    multiple: what height and width must be multiples of.
    least: the smallest height and width, in pixels.
    """

    channels: int
    multiple: int = 1
    least: int = 1

    def check(self, shape: tuple[int, ...]) -> None:
        """ValueError where images of this (image, channel, height, width) do not fit; names the shape."""
        if len(shape) != 4:
            raise ValueError(f"images of shape {tuple(shape)}; expected (image, channel, height, width)")
        _, channels, *sides = shape
        if channels != self.channels:
            remedy = f"build it with image_channels={channels}"
            raise ValueError(f"images of {channels} channels for a network of {self.channels}; {remedy}")
        if any(side < self.least or side % self.multiple for side in sides):
            wanted = f"multiples of {self.multiple} of at least {self.least} pixels"
            raise ValueError(
                f"images of {sides[0]}x{sides[1]} pixels; this skeleton takes {wanted}: resize or pad them"
            )


class Skeleton(ABC):
    """How networks are made of an architecture."""

    @property
    def makers(self) -> Mapping[str, Maker]:
        """What makes modules of operations; none where a skeleton does not look them up."""
        return {}

    @abstractmethod
    def build(self, architecture: Any, classes: int, image_channels: int, prune: bool) -> nn.Module:
        """A network with freshly drawn weights.

        Raises:
            ValueError: what the skeleton cannot build; names it.
        """


class ImageNetwork(nn.Module):
    """From images to one score a class.

    Args:
        body: images -> images, any module.
        head: what follows, up to the scores.
        images: what it takes.
    """

    def __init__(self, body: nn.Module, head: nn.Module, images: Images):
        super().__init__()
        self.body, self.head, self.images = body, head, images

    def forward(self, images: Float[Tensor, "image channel height width"]) -> Float[Tensor, "image class"]:
        """Raises ValueError: images that do not fit, or a single one in training; names the shape."""
        self.images.check(tuple(images.shape))
        if self.training and len(images) == 1:
            raise ValueError(
                "a batch of one image in training: batch normalisation needs two or more; give a larger batch, or call "
                ".eval() first"
            )
        return self.head(self.body(images))


class TextNetwork(nn.Module):
    """What takes texts of token numbers, (text, token), instead of images."""


def read_cell(architecture: Any, skeleton: str) -> Cell:
    """ValueError where the architecture is no cell."""
    if isinstance(architecture, Cell):
        return architecture
    raise ValueError(
        f"the skeleton {skeleton} repeats a Cell, not a {type(architecture).__name__} as {architecture!r:.80} is; make "
        "one with Cell.from_nasbench201 or its like"
    )
