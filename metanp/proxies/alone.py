"""A network to itself: what a proxy does to it, nobody sees afterwards.

Proxies run networks in training mode, differentiate frozen weights, draw weights anew and put hooks on layers. For as
long as they do, stand-ins are in the place of the network's parameters and buffers, so that its own are not touched;
modes and hooks are put back at the end, whatever happened. Copying the whole network would cost a tenth of a forward
and backward pass. PyTorch's global generator is put aside meanwhile: dropout inside of the network draws from the seed
that is an argument.

Not for several threads that share a network.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn

from metanp.given.settings import InputError, read_seed, shown
from metanp.torch_state import usual_torch

Layer = nn.Conv2d | nn.Linear


@contextmanager
def alone(network: nn.Module, rng: Any, copy_weights: bool = False) -> Iterator[ExitStack]:
    """The network is in training mode inside, its weights all differentiable.

    Args:
        rng: of whatever is random inside the network: a seed, or a generator.
        copy_weights: whether weights may be changed; else they share the network's numbers.

    Yields: what is undone at the end, for hooks.

    Raises:
        InputError: no `torch.nn.Module`.
    """
    if not isinstance(network, nn.Module):
        raise InputError(f"the network is {shown(network)} ({type(network).__name__}); give a torch.nn.Module")
    seed = read_seed(rng)
    devices = {p.device for p in network.parameters() if p.device.type == "cuda"}
    with usual_torch(), torch.enable_grad(), torch.random.fork_rng(devices=list(devices)), ExitStack() as undo:
        torch.manual_seed(seed % 2**63)
        for module in network.modules():
            undo.callback(setattr, module, "training", module.training)
            module.training = True
            if getattr(module, "inplace", False):  # what is written over could not be read any more
                undo.callback(setattr, module, "inplace", True)
                module.inplace = False  # type: ignore[assignment]
        _stand_in(network, copy_weights, undo)
        yield undo


def _stand_in(network: nn.Module, copy_weights: bool, undo: ExitStack) -> None:
    """Puts stand-ins for parameters and buffers into a network; what is tied stays tied."""
    made: dict[int, torch.Tensor] = {}
    for module in network.modules():
        for name, weight in list(module._parameters.items()):
            if weight is not None:
                if id(weight) not in made:
                    value = weight.detach().clone() if copy_weights else weight.detach()
                    made[id(weight)] = nn.Parameter(value, requires_grad=value.is_floating_point())
                undo.callback(setattr, module, name, weight)
                setattr(module, name, made[id(weight)])
        for name, buffer in list(module._buffers.items()):
            if buffer is not None:
                undo.callback(setattr, module, name, buffer)
                setattr(module, name, made.setdefault(id(buffer), buffer.detach().clone()))


def weighted_layers(network: nn.Module) -> list[Layer]:
    """The layers whose weights proxies read: all convolutions of images and linear layers, each once.

    Raises:
        ValueError: there is none.
    """
    layers = [module for module in network.modules() if isinstance(module, Layer)]
    if not layers:
        raise ValueError("the network has neither a Conv2d nor a Linear layer, whose weights proxies read")
    return layers
