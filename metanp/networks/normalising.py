"""Which statistics batch normalisation uses when a network is read: three ways, for children of supernets above all.

    running        the averages that training kept. In a supernet all children write to them, the last ones most
    batch          those of the images that are read, all at once
    recalibrated   means over some training images, run through the network as it now is, in batches

Each holds inside of a `with`; the network is in evaluation there, and afterwards all averages and the mode are as they
were, to the last bit.

Source: recalibration as Guo et al. 2020 (arXiv:1904.00420), section 3.3, do it for a supernet's children.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from metanp.nearest import nearest

Reading = Literal["running", "batch", "recalibrated"]
READINGS: tuple[Reading, ...] = get_args(Reading)
AVERAGES = ("running_mean", "running_var", "num_batches_tracked")


@contextmanager
def read_by(net: nn.Module, reading: str, training: Iterable[Tensor] = ()) -> Iterator[None]:
    """The network in evaluation, with these statistics.

    Args:
        training: batches of images that `recalibrated` is of; the others look at none.

    Raises:
        ValueError: no such reading, or no batch to recalibrate with.
    """
    with restored(net) as layers:
        set_statistics(net, layers, reading, training)
        yield


@contextmanager
def restored(net: nn.Module) -> Iterator[list[_BatchNorm]]:
    """The network in evaluation, and its layers that keep averages, with which anything may be done."""
    mode = net.training
    layers = [module for module in net.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
    kept = [(layer, layer.momentum, [getattr(layer, name) for name in AVERAGES]) for layer in layers]
    net.eval()
    try:
        yield layers
    finally:
        for layer, momentum, averages in kept:
            layer.momentum = momentum
            for name, value in zip(AVERAGES, averages, strict=True):
                setattr(layer, name, value)
        net.train(mode)


def set_statistics(net: nn.Module, layers: Iterable[_BatchNorm], reading: str, training: Iterable[Tensor] = ()) -> None:
    """Inside of `restored`: as in `read_by`, for the network as it now is."""
    if reading not in READINGS:
        raise ValueError(f"no reading {reading!r:.80}; {nearest(reading, READINGS)}")
    if reading == "batch":
        for layer in layers:
            layer.running_mean = layer.running_var = None
    elif reading == "recalibrated":
        _recalibrate(net, list(layers), list(training))


def _recalibrate(net: nn.Module, layers: list[_BatchNorm], training: list[Tensor]) -> None:
    """New averages, evenly over the batches; the old ones stay untouched where somebody keeps them."""
    if not training:
        raise ValueError("no batch to recalibrate with; give some batches of training images")
    for layer in layers:
        for name in AVERAGES:
            setattr(layer, name, torch.zeros_like(getattr(layer, name)))
        layer.momentum = None  # the plain mean over batches
        layer.training = True
    with torch.no_grad():
        for images in training:
            net(images)
    for layer in layers:
        layer.training = False
