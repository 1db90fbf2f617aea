"""ImageNet16-120: 151,700 and 6,000 colour images of 16x16 pixels, for whoever has them.

The first 120 classes of ImageNet downsampled to 16x16, as NAS-Bench-201 uses them. It is not to be downloaded freely:
the environment variable METANP_IMAGENET16 names the folder with `train_data_batch_1` to `_10` and `val_data`, pickles
that are read without running what they say.

Source: Chrabaszcz, Loshchilov and Hutter, arXiv:1707.08819; Dong and Yang, "NAS-Bench-201", ICLR 2020.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data import unpickle
from data.fetch import FileUnavailable
from data.images.image_set import ImageSet

CLASSES = 120


def load(download: bool = False) -> ImageSet:
    folder = Path(os.environ.get("METANP_IMAGENET16") or "")
    if not os.environ.get("METANP_IMAGENET16") or not (folder / "val_data").is_file():
        raise FileUnavailable(
            "imagenet16_120: cannot be downloaded freely; register at image-net.org, fetch ImageNet 16x16, and name "
            "the folder with train_data_batch_1 to _10 and val_data in the environment variable METANP_IMAGENET16"
        )
    parts = [_read(folder / f"train_data_batch_{i}") for i in range(1, 11)]
    train, labels = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    return ImageSet("imagenet16_120", train, labels, *_read(folder / "val_data"), tuple(map(str, range(CLASSES))))


def _read(path: Path) -> tuple[Tensor, Tensor]:
    """The images of the first 120 classes; the file numbers classes from 1 on."""
    batch = unpickle.load(path)
    labels = torch.from_numpy(np.asarray(batch["labels"], dtype=np.int64) - 1)
    images = torch.from_numpy(np.asarray(batch["data"], dtype=np.uint8)).reshape(-1, 3, 16, 16).permute(0, 2, 3, 1)
    kept = labels < CLASSES
    return images[kept].contiguous(), labels[kept]
