"""Labelled images to train on, as tensors: digits, Fashion-MNIST, CIFAR-10 and -100, ImageNet16-120.

    from data.images import load_images

    images = load_images("fashion_mnist", download=True)
    images.train, images.train_labels, images.test, images.test_labels, images.classes

`digits` comes with scikit-learn. The others are files of `data/images/manifest.json`: taken from METANP_MIRROR or the
cache, downloaded only with `download=True`, and never used before their sha256 was checked. `cifar10_jpeg` and
`fashion_mnist_6k` are subsets that lie beside the mirror. No image is part of this repository.
"""

from __future__ import annotations

from collections.abc import Callable

from data.images import cifar, fashion_mnist, imagenet16, subsets
from data.images.image_set import ImageSet
from metanp.nearest import nearest

__all__ = ["IMAGE_SETS", "ImageSet", "load_images"]

IMAGE_SETS: dict[str, Callable[[bool], ImageSet]] = {
    "digits": subsets.digits,
    "fashion_mnist": fashion_mnist.load,
    "cifar10": cifar.load_cifar10,
    "cifar100": cifar.load_cifar100,
    "imagenet16_120": imagenet16.load,
    "cifar10_jpeg": subsets.cifar10_jpeg,
    "fashion_mnist_6k": subsets.fashion_mnist_6k,
}


def load_images(name: str, download: bool = False) -> ImageSet:
    """The images of this name.

    Raises:
        ValueError: no such images, or a file with other bytes than it should have.
        FileUnavailable: a file that is not at hand; says what to do.
    """
    if name not in IMAGE_SETS:
        raise ValueError(f"no images {name!r:.80}; {nearest(name, IMAGE_SETS)}")
    return IMAGE_SETS[name](download)
