"""One forward pass of a network, and what its proxies read of it and of the backward passes that follow.

Several proxies read the same pass: the gradients of the loss (grad_norm, snip, plain), what flows through each channel
meanwhile (fisher), which ReLUs agree on the way (nwot), and the gradient at the images (jacov, epe_nas). A `Pass` runs
forward once, and each backward once, when something of it is first read. A proxy that is given a `Pass` as its batch
reads that one; else it makes its own (`passed`).

Axes: image; channel, of one layer; pixel, all values of an image in a row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from metanp.proxies.alone import Layer, alone, weighted_layers
from metanp.proxies.batch import Batch, check_classes, read_batch, refuse_text
from metanp.proxies.meter import Meter, Part, clock_of
from metanp.proxies.patterns import PIECEWISE_LINEAR

CHANNELS, PATTERNS, IMAGES = "channels", "patterns", "images"  # what can be watched, beside the gradients


class Pass:
    """A forward pass in training mode, and backward passes from it.

    Args:
        network: `alone`.
        watch: what is read beside the gradients; each costs time.

    Its `meter` knows what each part took.
    """

    def __init__(self, network: nn.Module, batch: Batch, watch: Collection[str]):
        self.network, self.batch, self.watch = network, batch, frozenset(watch)
        self.meter = Meter(clock_of(network))
        self.images = batch.images.clone().requires_grad_() if IMAGES in watch else batch.images
        self.labels = batch.labels
        self._flowing: list[tuple[Layer, Tensor]] = []
        self._both_on = torch.zeros(len(self.images), len(self.images), dtype=torch.float64)
        self._units = 0

    @Part
    def logits(self) -> Tensor:
        """(image, class); ValueError where a label is no class."""
        with ExitStack() as undo:
            if CHANNELS in self.watch:
                for layer in weighted_layers(self.network):
                    undo.callback(layer.register_forward_hook(self._flow).remove)
            if PATTERNS in self.watch:
                for module in self.network.modules():
                    if isinstance(module, PIECEWISE_LINEAR):
                        undo.callback(module.register_forward_pre_hook(self._compare).remove)
            logits = forward(self.network, self.images)
        check_classes(self.labels, logits)
        return logits

    @Part
    def loss(self) -> Tensor:
        """Cross entropy, in nats."""
        return functional.cross_entropy(self.logits, self.labels)

    @Part
    def gradients(self) -> list[tuple[Tensor, Tensor]]:
        """The weight of each layer and the loss's gradient at it, zero where it is on no path to the loss."""
        return self._backward[0]

    @Part
    def channel_flows(self) -> list[tuple[Layer, Tensor]]:
        """Each layer that ran and, (image, channel), its output times the loss's gradient there, summed over pixels."""
        return self._backward[1]

    @Part
    def _backward(self) -> tuple[list[tuple[Tensor, Tensor]], list[tuple[Layer, Tensor]]]:
        weights, loss = [layer.weight for layer in weighted_layers(self.network)], self.loss
        outputs = [output for _, output in self._flowing]
        found = torch.autograd.grad(loss, [*weights, *outputs], retain_graph=IMAGES in self.watch, allow_unused=True)
        known = [torch.zeros_like(w) if g is None else g for w, g in zip(weights, found, strict=False)]
        ran = zip(self._flowing, found[len(weights) :], strict=True)
        with self.meter.aside("channel_flows"):
            flows = [(layer, _by_channel(output.detach(), back)) for (layer, output), back in ran if back is not None]
        self._flowing.clear()
        return [(w.detach(), g) for w, g in zip(weights, known, strict=True)], flows

    @Part
    def jacobian(self) -> Tensor:
        """(image, pixel): the gradient at each image of the sum of its scores."""
        return self._at_images(self.logits.sum())

    @Part
    def class_jacobians(self) -> Tensor:
        """(image, class * pixel): the gradient at each image of each of its scores."""
        return torch.cat([self._at_images(one) for one in self.logits.sum(0)], dim=1)

    @Part
    def agreement(self) -> Tensor:
        """(image, image): on how many ReLUs of the network two images agree, each output value being one."""
        _ = self.logits
        on = self._both_on.diagonal()
        return 2 * self._both_on - on[:, None] - on[None, :] + self._units

    def _at_images(self, value: Tensor) -> Tensor:
        refuse_text(self.batch, "the Jacobian")
        (found,) = torch.autograd.grad(value, self.images, retain_graph=True, allow_unused=True)
        if found is None:
            raise ValueError("the scores do not depend on the images: no path carries anything")
        return found.flatten(1)

    def _flow(self, layer: Any, inputs: Any, output: Tensor) -> None:
        self._flowing.append((layer, output))

    @torch.no_grad()
    def _compare(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        with self.meter.aside("agreement"):
            values = inputs[0].detach().flatten(1)
            on = torch.gt(values, 0, out=torch.empty_like(values))
            self._both_on += (on @ on.T).double().cpu()
            self._units += on.shape[1]


def _by_channel(output: Tensor, gradient: Tensor) -> Tensor:
    """Images have their channels second, texts last."""
    if output.dim() == 4:
        return (output * gradient).flatten(2).sum(2)
    return (output * gradient).flatten(1, -2).sum(1) if output.dim() > 2 else output * gradient


def forward(network: nn.Module, images: Tensor) -> Tensor:
    """The network's scores of a batch; ValueError where it cannot read the images, with the reason."""
    try:
        return network(images)
    except RuntimeError as error:
        said = str(error).strip().splitlines()[0][:200]
        raise ValueError(f"the network cannot read images of shape {tuple(images.shape)}: {said}") from error


@contextmanager
def passed(network: nn.Module, batch: Any, rng: Any, watch: Collection[str] = ()) -> Iterator[Pass]:
    """The pass that stands in the batch's place, or a new one over the batch."""
    if isinstance(batch, Pass):
        if missing := set(watch) - batch.watch:
            if IMAGES in missing:
                refuse_text(batch.batch, "the Jacobian")
            raise ValueError(f"the pass watches no {missing.pop()}; make it with watch={sorted(watch)}")
        yield batch
        return
    with alone(network, rng):
        checked = read_batch(batch, network)
        yield Pass(network, checked, set(watch) - ({IMAGES} if checked.is_text else set()))
