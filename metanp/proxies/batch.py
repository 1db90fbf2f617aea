"""What proxies look at: one batch of images, or of texts, and their labels.

Any pair will do: `(images, labels)`, arrays or tensors. Images are floats of about unit variance, (image, channel,
height, width); texts are whole numbers, (text, position), which have no gradient, so that few proxies read them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from metanp.given.settings import InputError, shown


class Batch(NamedTuple):
    """A batch that was checked.

    images: (image, channel, height, width), or tokens, (text, position).
    labels: (image), class numbers from 0.
    """

    images: Tensor
    labels: Tensor

    @property
    def is_text(self) -> bool:
        """Whether its items are numbers of tokens, not pixels."""
        return not self.images.is_floating_point()


def read_batch(batch: Any, network: nn.Module) -> Batch:
    """A pair of images and labels, on the network's device, in its precision.

    Raises:
        InputError: no pair, or no numbers.
        ValueError: images of a shape that no network here takes, of other channels than the network's, of one image,
            or not finite; labels that are no class numbers, or not one an image; names it and says what to do.
    """
    try:
        images, labels = (batch.images, batch.labels) if hasattr(batch, "images") else batch
    except (TypeError, ValueError):
        raise InputError(f"the batch is {shown(batch)}; give a pair: images and labels") from None
    like = next((p for p in network.parameters() if p.is_floating_point()), torch.zeros(0))
    images, labels = _tensor(images, "images"), _tensor(labels, "labels")
    if images.is_floating_point():
        images = images.detach().to(like.device, like.dtype)
    _check_images(images, network)
    _check_labels(labels, len(images))
    return Batch(images.to(like.device), labels.to(like.device, torch.int64))


def check_classes(labels: Tensor, logits: Tensor) -> None:
    """ValueError where a label is no class of the network; names the first such image."""
    if logits.dim() != 2 or len(logits) != len(labels):
        shape = tuple(logits.shape)
        raise ValueError(f"the network answers {len(labels)} images with shape {shape}; expected (image, class)")
    classes = logits.shape[1]
    if (labels >= classes).any():
        place = int((labels >= classes).nonzero()[0])
        wrong = int(labels[place])
        raise ValueError(
            f"the label of image {place} is {wrong}, and the network has {classes} classes, 0 to {classes - 1}; build "
            f"it with classes={wrong + 1} or more"
        )


def refuse_text(batch: Batch, proxy: str) -> None:
    """ValueError where the batch is text and the proxy needs a gradient or noise in the input."""
    if batch.is_text:
        raise ValueError(f"{proxy} reads images alone: texts are whole numbers; take swap, grad_norm or another")


def _tensor(values: Any, what: str) -> Tensor:
    try:
        tensor = torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError):
        raise InputError(f"the {what} are {shown(values)} ({type(values).__name__}); give an array") from None
    if tensor.is_complex():
        raise InputError(f"the {what} are complex numbers; give real ones")
    return tensor.detach()


def _check_images(images: Tensor, network: nn.Module) -> None:
    shape = tuple(images.shape)
    if images.dim() == 4 and not images.is_floating_point():
        raise ValueError(
            f"images of type {str(images.dtype)[6:]}; give floats of about unit variance, (x / 255 - .5) * 4"
        )
    if images.dim() != (4 if images.is_floating_point() else 2):
        raise ValueError(f"images of shape {shape}; expected (image, channel, height, width)")
    first = next((m for m in network.modules() if isinstance(m, nn.Conv2d)), None)
    if images.dim() == 4 and first is not None and shape[1] != first.in_channels:
        last = "; move the last axis forward: images.transpose(0, 3, 1, 2)" if shape[3] == first.in_channels else ""
        remedy = last or "; build the network with as many image_channels"
        raise ValueError(
            f"images of shape {shape} have {shape[1]} channels, the network takes {first.in_channels}{remedy}"
        )
    if shape[0] < 2:
        raise ValueError(
            f"a batch of {'one image' if shape[0] else 'no image'}: proxies compare images, and batch normalisation "
            "needs two or more; give 32, say"
        )
    if images.is_floating_point() and not (good := torch.isfinite(images).flatten(1).all(1)).all():
        raise ValueError(f"image {int((~good).nonzero()[0])} has a value that is not finite; leave it out")


def _check_labels(labels: Tensor, n: int) -> None:
    if labels.dim() != 1 or len(labels) != n:
        raise ValueError(f"{n} images but labels of shape {tuple(labels.shape)}; give one class number an image")
    wrong = (labels != labels.floor()) | (labels < 0) if labels.is_floating_point() else labels < 0
    if labels.dtype == torch.bool or wrong.any():
        place = int(wrong.nonzero()[0]) if wrong.any() else 0
        raise ValueError(f"the label of image {place} is {labels[place].item()}; give class numbers from 0")
