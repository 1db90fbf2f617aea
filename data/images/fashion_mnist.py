"""Fashion-MNIST: 60,000 and 10,000 grey images of 28x28 pixels, ten classes, in the files of MNIST's form (IDX).

An IDX file is a magic number (two zeros, the type, the number of axes), the axes' sizes as big-endian integers of four
bytes, then the values; here all are unsigned bytes, compressed with gzip.

Source: Xiao, Rasul and Vollgraf, arXiv:1708.07747; the form: Y. LeCun, the MNIST database.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data.images.files import image_file
from data.images.image_set import ImageSet

CLASSES = (
    *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)


def load(download: bool = False) -> ImageSet:
    train, train_labels, test, test_labels = (
        read_idx(image_file(f"{part}-{kind}-ubyte.gz", download))
        for part in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    )
    return ImageSet(
        "fashion_mnist", train.unsqueeze(3), train_labels.long(), test.unsqueeze(3), test_labels.long(), CLASSES
    )


def read_idx(path: Path) -> Tensor:
    """The values of an IDX file of unsigned bytes, compressed; ValueError names a file that is none."""
    try:
        data = gzip.decompress(path.read_bytes())
        if data[:3] != b"\0\0\x08":
            raise ValueError("its magic number is another")
        axes = np.frombuffer(data, ">i4", count=data[3], offset=4)
        values = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(axes)
    except (OSError, EOFError, IndexError, ValueError) as error:
        raise ValueError(f"{path}: no IDX file of bytes ({error}); fetch it again") from error
    return torch.from_numpy(values.copy())
