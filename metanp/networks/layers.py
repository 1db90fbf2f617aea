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


class FactorizedReduction(nn.Module):
    """What stands for a skip where the shape changes: ReLU, then two 1x1 convolutions, the second one pixel aside, that
    make half of the channels each, then batch normalisation. As in DARTS and TransNAS-Bench-101."""

    def __init__(self, place: Place):
        super().__init__()
        half = place.outputs // 2
        widths = (half, place.outputs - half)
        self.halves = nn.ModuleList(convolution(Place(place.inputs, width, place.stride), 1) for width in widths)
        self.normalised = normalisation(place.outputs)

    def forward(self, images: Tensor) -> Tensor:
        images = images.relu()
        aside = nn.functional.pad(images, (0, 1, 0, 1))[:, :, 1:, 1:]
        return self.normalised(torch.cat([self.halves[0](images), self.halves[1](aside)], 1))


class Separable(nn.Sequential):
    """Twice ReLU, depthwise convolution, 1x1 convolution, batch normalisation; the first one strides. As in DARTS."""

    def __init__(self, place: Place, kernel_size: int):
        same = Place(place.inputs, place.inputs)
        super().__init__(*_depthwise(place, same, kernel_size, 1), *_depthwise(same, place, kernel_size, 1))


class Dilated(nn.Sequential):
    """ReLU, dilated depthwise convolution, 1x1 convolution, batch normalisation. As in DARTS."""

    def __init__(self, place: Place, kernel_size: int, dilation: int):
        super().__init__(*_depthwise(place, place, kernel_size, dilation))


def _depthwise(first: Place, last: Place, kernel_size: int, dilation: int) -> list[nn.Module]:
    """`first` gives the stride, `last` the channels that come out."""
    inputs = first.inputs
    depthwise = convolution(Place(inputs, inputs, first.stride), kernel_size, dilation, groups=inputs)
    return [nn.ReLU(), depthwise, convolution(Place(inputs, last.outputs), 1), normalisation(last.outputs)]


class Shortcut(nn.Sequential):
    """A 1x1 convolution and batch normalisation."""

    def __init__(self, place: Place):
        super().__init__(convolution(place, 1), normalisation(place.outputs))


class Residual(nn.Module):
    """Two 3x3 convolutions, each after its ReLU and before its normalisation, and a shortcut beside them.

    Args:
        pooled: where the shape changes, the shortcut is a mean over 2x2 pixels and a 1x1 convolution, as between the
            stages of NAS-Bench-201; else a 1x1 convolution with batch normalisation, as in TransNAS-Bench-101.
    """

    def __init__(self, place: Place, pooled: bool = True):
        super().__init__()
        self.first = Preactivated(place, 3)
        self.second = Preactivated(place.after(), 3)
        self.shortcut: nn.Module = nn.Identity()
        if not place.keeps_shape:
            self.shortcut = _pooled_shortcut(place) if pooled else Shortcut(place)

    def forward(self, images: Tensor) -> Tensor:
        return self.shortcut(images) + self.second(self.first(images))


def _pooled_shortcut(place: Place) -> nn.Module:
    pool = nn.AvgPool2d(place.stride, place.stride)
    return nn.Sequential(pool, convolution(Place(place.inputs, place.outputs), 1))


class Pooled(nn.Sequential):
    """A light block between stages: ReLU, mean of 2x2 pixels, 1x1 convolution, batch normalisation."""

    def __init__(self, place: Place):
        pool = nn.AvgPool2d(place.stride, place.stride)
        super().__init__(
            nn.ReLU(), pool, convolution(Place(place.inputs, place.outputs), 1), normalisation(place.outputs)
        )
