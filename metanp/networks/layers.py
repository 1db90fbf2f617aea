"""The layers that skeletons and operations are made of: convolutions with their normalisation, pools, and nothing.

Each takes and gives images, (image, channel, height, width). Which operation becomes which layer, a skeleton says.
`Preactivated` is that of NAS-Bench-201 and TransNAS-Bench-101 (ReLU, convolution, batch normalisation), `Activated`
that of NAS-Bench-101 and NAS-Bench-Macro (convolution, batch normalisation, activation).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from metanp.networks.place import Place


def convolution(place: Place, kernel_size: int, dilation: int = 1, groups: int = 1) -> nn.Conv2d:
    """A convolution without bias that keeps the image's size but for the stride."""
    padding = (kernel_size - 1) * dilation // 2
    return nn.Conv2d(
        place.inputs, place.outputs, kernel_size, place.stride, padding, dilation, groups=groups, bias=False
    )


def normalisation(channels: int, affine: bool = True) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, affine=affine)


class Preactivated(nn.Sequential):
    """ReLU, convolution, batch normalisation."""

    def __init__(self, place: Place, kernel_size: int, dilation: int = 1):
        super().__init__(nn.ReLU(), convolution(place, kernel_size, dilation), normalisation(place.outputs))


class Activated(nn.Sequential):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, place: Place, kernel_size: int, dilation: int = 1):
        super().__init__(convolution(place, kernel_size, dilation), normalisation(place.outputs), nn.ReLU())


class Zero(nn.Module):
    """What carries nothing: an image of zeros."""

    def __init__(self, place: Place):
        super().__init__()
        self.place = place

    def forward(self, images: Tensor) -> Tensor:
        if self.place.keeps_shape:
            return torch.zeros_like(images)
        n, _, height, width = images.shape
        step = self.place.stride
        return images.new_zeros(n, self.place.outputs, -(-height // step), -(-width // step))


def average_pool(place: Place, kernel_size: int) -> nn.AvgPool2d:
    """The mean over a window, of the pixels inside the image alone."""
    return nn.AvgPool2d(kernel_size, place.stride, kernel_size // 2, count_include_pad=False)


def maximum_pool(place: Place, kernel_size: int) -> nn.MaxPool2d:
    return nn.MaxPool2d(kernel_size, place.stride, kernel_size // 2)


class Residual(nn.Module):
    """NAS-Bench-201's block between stages: two 3x3 convolutions that halve the image, and a shortcut beside them."""

    def __init__(self, place: Place):
        super().__init__()
        self.first = Preactivated(place, 3)
        self.second = Preactivated(place.after(), 3)
        shortcut = convolution(Place(place.inputs, place.outputs), 1)
        self.shortcut = nn.Sequential(nn.AvgPool2d(place.stride, place.stride), shortcut)

    def forward(self, images: Tensor) -> Tensor:
        return self.shortcut(images) + self.second(self.first(images))


class Pooled(nn.Sequential):
    """A light block between stages: ReLU, mean of 2x2 pixels, 1x1 convolution, batch normalisation."""

    def __init__(self, place: Place):
        pool = nn.AvgPool2d(place.stride, place.stride)
        super().__init__(
            nn.ReLU(), pool, convolution(Place(place.inputs, place.outputs), 1), normalisation(place.outputs)
        )
