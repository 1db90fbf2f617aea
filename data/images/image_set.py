"""Images and their labels, checked: what every source of images becomes.

Axes:
    image    in the source's own order
    height, width, channel    pixels, 0 to 255; colour has three channels, grey one
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from metanp.brief import brief


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images to learn from, and others to be judged by.

    name: of the images.
    train, test: uint8 (image, height, width, channel).
    train_labels, test_labels: int64 (image,), numbers of `classes`.
    classes: names, in the source's order.

    Raises:
        ValueError: images of another kind, or a label outside the classes; names it.
    """

    name: str
    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor
    classes: tuple[str, ...]

    __repr__ = brief

    def __post_init__(self) -> None:
        for images, labels in ((self.train, self.train_labels), (self.test, self.test_labels)):
            _check(self.name, images, labels, len(self.classes))
        if self.train.shape[1:] != self.test.shape[1:]:
            raise ValueError(
                f"{self.name}: {list(self.train.shape)} to learn from, but {list(self.test.shape)} to test"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of an image as networks take it: (channel, height, width)."""
        height, width, channels = self.train.shape[1:]
        return channels, height, width

    def resized(self, side: int) -> ImageSet:
        """Images of `side` x `side` pixels: padded with black to the next multiple, then means of whole pixels.

        CIFAR's 32x32 become means of 2x2; Fashion-MNIST's 28x28 are padded to 32x32 first. Smaller images are
        repeated pixel by pixel, then padded.
        """
        return replace(self, train=_resized(self.train, side), test=_resized(self.test, side))


def _resized(images: Tensor, side: int) -> Tensor:
    if images.shape[1] == images.shape[2] == side:
        return images
    larger = max(images.shape[1:3])
    channels_first = images.permute(0, 3, 1, 2)
    if larger < side:
        repeated = channels_first.repeat_interleave(side // larger, 2).repeat_interleave(side // larger, 3)
        return _padded(repeated, side).permute(0, 2, 3, 1).contiguous()
    step = -(-larger // side)
    small = functional.avg_pool2d(_padded(channels_first, side * step).float(), step)
    return small.round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _padded(images: Tensor, side: int) -> Tensor:
    """Black around the image, evenly; what is odd goes to the right and below."""
    rows, columns = (side - size for size in images.shape[2:])
    return functional.pad(images, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))


def _check(name: str, images: Tensor, labels: Tensor, classes: int) -> None:
    if images.ndim != 4 or images.dtype != torch.uint8 or images.shape[3] not in (1, 3):
        raise ValueError(
            f"{name}: images are {images.dtype}{list(images.shape)}; expected uint8 (image, height, width, channel) "
            "with one channel or three"
        )
    if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
        raise ValueError(
            f"{name}: labels are {labels.dtype}{list(labels.shape)} of {len(images)} images; expected int64"
        )
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        at = int(outside.nonzero()[0])
        raise ValueError(f"{name}: image {at} has the label {int(labels[at])}; there are {classes} classes, from 0 on")
