"""CIFAR-10 and CIFAR-100: 50,000 and 10,000 colour images of 32x32 pixels, from the official binary archives.

A record is the label (CIFAR-100: the coarse label, then the fine one, which is read), then 3,072 bytes: red, green,
blue, each row by row. The binary archives hold what the Python ones do and need no pickle.

Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009; www.cs.toronto.edu/~kriz/cifar.html.
"""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data.images.files import image_file
from data.images.image_set import ImageSet

PIXELS = 3 * 32 * 32


def load_cifar10(download: bool = False) -> ImageSet:
    path = image_file("cifar-10-binary.tar.gz", download)
    folder = "cifar-10-batches-bin"
    batches = [f"{folder}/data_batch_{i}.bin" for i in range(1, 6)]
    return _load("cifar10", path, batches, f"{folder}/test_batch.bin", f"{folder}/batches.meta.txt")


def load_cifar100(download: bool = False) -> ImageSet:
    path = image_file("cifar-100-binary.tar.gz", download)
    folder = "cifar-100-binary"
    return _load("cifar100", path, [f"{folder}/train.bin"], f"{folder}/test.bin", f"{folder}/fine_label_names.txt")


def _load(name: str, path: Path, train: Sequence[str], test: str, names: str) -> ImageSet:
    """The last byte before an image's pixels is its label."""
    wanted = {*train, test, names}
    with tarfile.open(path) as archive:
        found = {member.name: archive.extractfile(member) for member in archive if member.name in wanted}
        parts = {name: file.read() for name, file in found.items() if file is not None}
    if absent := wanted - parts.keys():
        raise ValueError(f"{path}: holds no {min(absent)}; fetch it again")
    classes = tuple(parts[names].decode().split())
    images = [read_records(b"".join(parts[part] for part in some), len(classes)) for some in (train, [test])]
    return ImageSet(name, *images[0], *images[1], classes)


def read_records(data: bytes, classes: int) -> tuple[Tensor, Tensor]:
    """Images (image, height, width, channel) and labels of CIFAR-10's records, or of CIFAR-100's."""
    labels = 2 if classes == 100 else 1
    records = torch.from_numpy(np.frombuffer(data, np.uint8).copy()).reshape(-1, labels + PIXELS)
    images = records[:, labels:].reshape(-1, 3, 32, 32).permute(0, 2, 3, 1).contiguous()
    return images, records[:, labels - 1].long()
