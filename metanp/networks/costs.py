"""What a network costs: parameters, FLOPs, activations, and how long it takes on this device.

FLOPs are those of PyTorch's own counter, of one image forward: convolutions and matrix products alone, a multiplication
and an addition counted as two. Activations are the numbers that convolutions, linear layers and attention's products
put out (Radosavovic et al., CVPR 2020), again of one image.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from metanp.networks.skeleton import TextNetwork

WARM_UP = 3  # runs before the clock counts
_ATEN = torch.ops.aten
ALIKE = {  # operations of a convolutional network whose output has a shape that follows from the inputs' shapes alone
    _ATEN.convolution.default,
    _ATEN.native_batch_norm.default,
    _ATEN.cudnn_batch_norm.default,
    _ATEN.relu.default,
    _ATEN.add.Tensor,
    _ATEN.avg_pool2d.default,
}
_known: dict[Any, tuple[tuple[int, int], list[tuple[int, ...]]]] = {}  # by operation and shapes


@dataclass(frozen=True)
class Cost:
    """parameters, flops and activations of one image; latency in seconds of a whole batch, NaN where not measured."""

    parameters: int
    flops: int
    activations: int
    latency: float


def cost(net: nn.Module, shape: Sequence[int], batch: int = 1, runs: int = 10) -> Cost:
    """What `net` costs in evaluation on its own device; its mode is as before afterwards.

    Args:
        shape: of an image, (channel, height, width), such as (3, 32, 32); of a text, (token,), such as (128,).
        batch: images the latency is of.
        runs: warm ones, of which the latency is the median; 0 leaves the latency out.

    Raises:
        ValueError: a shape that the network refuses.
    """
    parameters = sum(p.numel() for p in net.parameters() if p.requires_grad)
    with _evaluating(net):
        with _plain_attention(), _Counter() as counter:
            net(_input(net, shape, 1))
        latency = _latency(net, _input(net, shape, batch), runs) if runs else float("nan")
    return Cost(parameters, counter.flops, counter.activations, latency)


class _Counter(TorchDispatchMode):
    """FLOPs by the formulas of PyTorch's counter, and the sizes of what is put out by the operations that it counts.

    `FlopCounterMode` itself also finds out which module each operation belongs to, which takes five times as long. And
    what one of `ALIKE` was seen to do to such shapes, in whatever network, is not done again: zeros stand for it, as
    numbers do not matter here.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = self.activations = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in ALIKE:
            what = (func, _shapes(args), _shapes(kwargs.items()))
            if what not in _known:
                _known[what] = _cost_of(func, args, kwargs, out := func(*args, **kwargs)), _sizes(out)
            (flops, activations), sizes = _known[what]
            zeros = [args[0].new_zeros(size) for size in sizes]
            out = zeros[0] if len(zeros) == 1 else tuple(zeros)
        else:
            out = func(*args, **kwargs)
            flops, activations = _cost_of(func, args, kwargs, out)
        self.flops += flops
        self.activations += activations
        return out


def _cost_of(func: Any, args: Any, kwargs: Any, out: Any) -> tuple[int, int]:
    """FLOPs and activations of an operation that put out `out`."""
    formula = flop_registry.get(func._overloadpacket)
    if formula is None:
        return 0, 0
    return formula(*args, **kwargs, out_val=out), (out if isinstance(out, Tensor) else out[0]).numel()


def _sizes(out: Any) -> list[tuple[int, ...]]:
    return [tuple(x.shape) for x in ([out] if isinstance(out, Tensor) else out)]


def _shapes(values: Any) -> tuple[Any, ...]:
    """Arguments of an operation with shapes and types in the place of tensors."""
    return tuple(
        (*x.shape, x.dtype) if isinstance(x, Tensor) else _shapes(x) if isinstance(x, list | tuple) else x
        for x in values
    )


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Attention as matrix products: what it is fused into in evaluation, PyTorch's counter does not count."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def _evaluating(net: nn.Module) -> Iterator[None]:
    training = [module for module in net.modules() if module.training]
    for module in training:
        vars(module)["training"] = False  # past `Module.__setattr__`, which asks what a value is
    try:
        with torch.no_grad():
            yield
    finally:
        for module in training:
            vars(module)["training"] = True


def _input(net: nn.Module, shape: Sequence[int], batch: int) -> Tensor:
    first = next(net.parameters(), torch.zeros(()))
    dtype = torch.int64 if isinstance(net, TextNetwork) else first.dtype
    zeros = torch.zeros(batch, *shape, device=first.device, dtype=dtype)
    return zeros.contiguous(memory_format=torch.channels_last) if zeros.ndim == 4 else zeros  # faster on a CPU


def _latency(net: nn.Module, images: Tensor, runs: int) -> float:
    """Median seconds of warm runs."""
    for _ in range(WARM_UP):
        net(images)
    return median(_seconds(net, images) for _ in range(runs))


def _seconds(net: nn.Module, images: Tensor) -> float:
    _finish(images.device)
    start = time.perf_counter()
    net(images)
    _finish(images.device)
    return time.perf_counter() - start


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
