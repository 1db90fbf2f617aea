"""Which images a network learns from, is validated on and is tested on: split, normalised, on the device."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from data.images import load_images
from data.images.batches import Labelled, Pixels
from metanp.brief import brief

FREE = ("output", "download", "threads", "device")
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


@dataclass
class OnImages:
    """Options of a command that trains on images.

    data: of `data.images.IMAGE_SETS`. side, train, validation: as in `Images`.
    """

    data: str = "digits"
    side: int = 16
    train: int = 0
    validation: int = 0
    seed: int = 0
    device: str = "auto"
    threads: int = 0  # 0 leaves torch's own choice
    download: bool = False

    def deciding(self) -> dict[str, Any]:
        """The settings that decide what comes of a training."""
        return {name: value for name, value in asdict(self).items() if name not in FREE}

    def prepared(self) -> Prepared:
        """The images on the device; raises as `prepare`."""
        images = Images(self.data, self.side, self.train, self.validation)
        return prepare(images, device_of(self.device), self.download)


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
