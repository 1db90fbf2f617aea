"""Images on a device, normalised once, and batches of them: cropped and flipped at random, or as they are.

Everything is a tensor operation on the device, so that neither a CPU core nor a GPU waits for images. Batches are
(image, channel, height, width), in the memory order of channels last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from metanp.brief import brief

Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True, eq=False)
class Pixels:
    """Mean and standard deviation of each channel, of values from 0 to 1."""

    mean: Tensor
    std: Tensor

    __repr__ = brief

    @classmethod
    def of(cls, images: Tensor) -> Pixels:
        """Of images (image, height, width, channel) of bytes."""
        values = images.reshape(-1, images.shape[3]).double() / 255
        return cls(values.mean(0).float(), values.std(0).clamp(min=1e-6).float())

    def normalised(self, images: Tensor) -> Tensor:
        """Of mean 0 and standard deviation 1 over the images that these are of."""
        return (images.float() / 255 - self.mean.to(images.device)) / self.std.to(images.device)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Normalised images (image, height, width, channel) and labels, on one device."""

    images: Tensor
    labels: Tensor

    __repr__ = brief

    def __len__(self) -> int:
        return len(self.labels)

    def in_order(self, size: int) -> Iterator[Batch]:
        """Every image once, as it is."""
        for images, labels in zip(self.images.split(size), self.labels.split(size), strict=True):
            yield images.permute(0, 3, 1, 2), labels

    def shuffled(self, size: int, padding: int, flip: bool, rng: torch.Generator) -> Iterator[Batch]:
        """Whole batches in random order, each image cropped from a padded one and flipped; fewer than one are left out.

        Args:
            padding: pixels of the mean colour on each side before the crop.
            rng: a CPU generator, so that a seed means the same batches on every device.
        """
        padded = functional.pad(self.images, (0, 0, padding, padding, padding, padding))
        order = torch.randperm(len(self), generator=rng)
        for chosen in order[: len(self) - len(self) % size].split(size):
            windows = self._windows(len(chosen), padding, flip, rng)
            chosen, rows, columns = (index.to(self.images.device) for index in (chosen, *windows))
            images = padded[chosen[:, None, None], rows[:, :, None], columns[:, None, :]]
            yield images.permute(0, 3, 1, 2), self.labels[chosen]

    def _windows(self, n: int, padding: int, flip: bool, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """The rows and the columns of each crop, (image, pixel); a flip reads columns backwards."""
        height, width = self.images.shape[1:3]
        down, right = torch.randint(2 * padding + 1, (2, n), generator=rng)
        rows, columns = torch.arange(height).expand(n, -1), torch.arange(width).expand(n, -1)
        if flip:
            turned = torch.rand(n, generator=rng) < 0.5
            columns = torch.where(turned[:, None], width - 1 - columns, columns)
        return rows + down[:, None], columns + right[:, None]
