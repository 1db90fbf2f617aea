"""Which images a network learns from, is validated on and is tested on: split, normalised, on the device."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from data.images import load_images
from data.images.batches import Labelled, Pixels
from metanp.brief import brief

VALIDATION_SHARE = 0.2  # of the images to learn from, where nothing else is said


@dataclass
class Images:
    """name: of `data.images.IMAGE_SETS`. side: pixels they are resized to; 0 leaves them as they are.

    train, validation: images taken from those to learn from, the first ones and those after them; validation=0 takes a
    fifth, train=0 all others.
    """

    name: str = "digits"
    side: int = 0
    train: int = 0
    validation: int = 0


@dataclass(frozen=True, eq=False)
class Prepared:
    """shape: (channel, height, width) of an image."""

    training: Labelled
    validation: Labelled
    test: Labelled
    classes: int
    shape: tuple[int, int, int]

    __repr__ = brief


def prepare(images: Images, device: str = "cpu", download: bool = False) -> Prepared:
    """Read, resize, split; normalised by mean and deviation of the training images.

    Raises:
        ValueError: no such images, or fewer than asked for.
        FileUnavailable: not at hand; says what to do.
    """
    source = load_images(images.name, download)
    if images.side:
        source = source.resized(images.side)
    n = len(source.train)
    validation = images.validation or round(VALIDATION_SHARE * n)
    train = images.train or n - validation
    if min(train, validation) < 1 or train + validation > n:
        raise ValueError(
            f"{images.name} has {n} images to learn from; {train} for training and {validation} for validation are "
            "not among them: take fewer"
        )
    pixels, after = Pixels.of(source.train[:train]), slice(train, train + validation)

    def part(some: Tensor, labels: Tensor) -> Labelled:
        return Labelled(pixels.normalised(some).to(device), labels.to(device))

    return Prepared(
        part(source.train[:train], source.train_labels[:train]),
        part(source.train[after], source.train_labels[after]),
        part(source.test, source.test_labels),
        len(source.classes),
        source.shape,
    )


def device_of(name: str) -> str:
    """`auto`: CUDA where there is one."""
    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"
