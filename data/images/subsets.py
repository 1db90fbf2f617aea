"""Small sets of images: digits, which come with scikit-learn, and subsets of CIFAR-10 and Fashion-MNIST.

`digits`: 1,797 grey images of 8x8 pixels (Alpaydin and Kaynak, 1998), in the order of the package; the first 1,500 are
to learn from. `cifar10_jpeg`: 10,000 and 2,000 images of CIFAR-10 that went through JPEG, so that accuracies on it are
not those of CIFAR-10. `fashion_mnist_6k`: the first 6,000 and 1,000 images of Fashion-MNIST.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from data.fetch import FileUnavailable
from data.images.files import image_file
from data.images.image_set import ImageSet

DIGITS_TO_LEARN_FROM = 1_500


def digits(download: bool = False) -> ImageSet:
    """Those of scikit-learn's `load_digits`, read from its file: every training of a search would import the package.

    Its pixels are 0 to 16 in the package.

    Raises:
        FileUnavailable: the package is not installed.
    """
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise FileUnavailable("digits come with scikit-learn, which is not installed; pip install scikit-learn")
    rows = np.loadtxt(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    images = torch.from_numpy(np.round(rows[:, :-1].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)).unsqueeze(3)
    labels = torch.from_numpy(rows[:, -1].astype(np.int64))
    n = DIGITS_TO_LEARN_FROM
    return ImageSet("digits", images[:n], labels[:n], images[n:], labels[n:], tuple(map(str, range(10))))


def cifar10_jpeg(download: bool = False) -> ImageSet:
    return _subset("cifar10_jpeg", "cifar10_jpeg_10k_2k.npz")


def fashion_mnist_6k(download: bool = False) -> ImageSet:
    return _subset("fashion_mnist_6k", "fashion_mnist_6k_1k.npz")


def _subset(name: str, file: str) -> ImageSet:
    with np.load(image_file(file), allow_pickle=False) as arrays:
        images = [torch.from_numpy(arrays[f"x_{part}"]) for part in ("train", "test")]
        labels = [torch.from_numpy(arrays[f"y_{part}"].astype(np.int64)) for part in ("train", "test")]
        classes = tuple(map(str, arrays["classes"]))
    train, test = (x if x.ndim == 4 else x.unsqueeze(3) for x in images)
    return ImageSet(name, train, labels[0], test, labels[1], classes)
