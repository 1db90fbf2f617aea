"""Networks and images small enough to follow by hand, for tests of proxies."""

import torch
from torch import Tensor, nn

LINEAR = [[2.0, 3.0], [2.0, 3.0]]  # equal rows: both classes are equally likely, whatever the image
IMAGES = torch.tensor([[1.0, 0.0], [0.0, 2.0]]).reshape(2, 1, 1, 2)
LABELS = torch.tensor([0, 1])


def linear(weight: list[list[float]] = LINEAR) -> nn.Module:
    """Scores are the weight times the two pixels."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(2, len(weight), bias=False))
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor(weight))
    return network


def gated(units: int = 2, activation: type[nn.Module] = nn.ReLU) -> nn.Module:
    """An activation of the pixels themselves, then a linear layer."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), activation(), nn.Linear(units, 2))


def convolutional(activation: type[nn.Module] = nn.ReLU, classes: int = 4) -> nn.Module:
    """Everything that proxies look for, of images with three channels."""
    torch.manual_seed(0)
    body = [nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), activation(), nn.Dropout(0.2), nn.Conv2d(6, 5, 1)]
    return nn.Sequential(*body, activation(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, classes))


def colour(n: int = 8, side: int = 6, classes: int = 4, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Images of noise, and labels in turn."""
    images = torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(seed))
    return images, torch.arange(n) % classes
