"""From described operations to modules: a table of makers, looked up by an operation's name, then by its kind.

A maker is any function of an `Operation` and the `Place` its module must fit; it gives None where it has none. A new
operation is an entry more:

    NASBench201(modules={"custom1": lambda operation, place: MyModule(place.inputs, place.outputs)})

What the description says beside the kind (kernel size, dilation, maximum, ...) the maker reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import nn

from metanp.networks.layers import (
    Activated,
    Dilated,
    FactorizedReduction,
    Preactivated,
    Separable,
    Shortcut,
    Zero,
    average_pool,
    maximum_pool,
)
from metanp.networks.place import Place
from metanp.operation import DEFAULTS, Operation
from metanp.operations import described, operation_index

UNREAD = ("stride", "groups", "width", "width_ratio", "heads", "squeeze_excite", "activation")

Maker = Callable[[Operation, Place], nn.Module | None]  # None: not of this operation, or not at this place
Makers = Mapping[str, Maker]


def module_of(one: str | Operation, place: Place, makers: Makers) -> nn.Module:
    """The module of an operation, a word or a described one, at a place.

    Raises:
        ValueError: no module of it fits there, or a description says what makers by kind do not read, such as a width;
            names those that there are.
    """
    operation = described(operation_index(one))
    name, own = operation.name, makers.get(operation.name)
    if own is None and (unread := _unread(operation)):
        raise ValueError(
            f"the operation {name!r} says {', '.join(unread)}, which the modules here do not read; give one with the "
            f"skeleton: modules={{{name!r}: function of an Operation and a Place}}"
        )
    maker = own or makers.get(operation.kind)
    module = maker(operation, place) if maker else None
    if module is None:
        raise ValueError(
            f"the operation {name!r} has no module here; there are some for {', '.join(sorted(makers))}; give one with "
            f"the skeleton: modules={{{name!r}: function of an Operation and a Place}}"
        )
    return module


def _unread(operation: Operation) -> list[str]:
    """What a description says that no maker by kind reads."""
    said = [name for name in UNREAD if getattr(operation, name) != DEFAULTS[name]]
    return said + ["two kernel sizes"] * isinstance(operation.kernel_size, tuple)


def skip(operation: Operation, place: Place) -> nn.Module | None:
    """An identity, where the shape stays."""
    return nn.Identity() if place.keeps_shape else None


def skip_or_reduction(operation: Operation, place: Place) -> nn.Module:
    """An identity; where the shape changes, a factorised reduction."""
    return nn.Identity() if place.keeps_shape else FactorizedReduction(place)


def skip_or_shortcut(operation: Operation, place: Place) -> nn.Module:
    """An identity; where the shape changes, a 1x1 convolution with batch normalisation."""
    return nn.Identity() if place.keeps_shape else Shortcut(place)


def separable(operation: Operation, place: Place) -> nn.Module | None:
    """Separable and dilated convolutions as in DARTS."""
    if not operation.separable or operation.expansion != 1:
        return None
    if operation.dilation > 1:
        return Dilated(place, operation.kernel, int(operation.dilation))
    return Separable(place, operation.kernel)


def none(operation: Operation, place: Place) -> nn.Module:
    return Zero(place)


def pool(operation: Operation, place: Place) -> nn.Module | None:
    """The largest or the mean of a window, where the channels stay."""
    if place.inputs != place.outputs:
        return None
    return (maximum_pool if operation.maximum else average_pool)(place, operation.kernel)


def preactivated(operation: Operation, place: Place) -> nn.Module | None:
    """ReLU, convolution, batch normalisation."""
    if operation.separable or operation.expansion != 1:
        return None
    return Preactivated(place, operation.kernel, int(operation.dilation))


def activated(operation: Operation, place: Place) -> nn.Module | None:
    """Convolution, batch normalisation, ReLU."""
    if operation.separable or operation.expansion != 1:
        return None
    return Activated(place, operation.kernel, int(operation.dilation))
