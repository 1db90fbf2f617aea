"""Images and labels from a NumPy file, and the batch that proxies look at.

The file holds the arrays `x`, images with their channels first or last, and `y`, class numbers. Whole numbers are
pixels: each channel is brought to mean 0 and variance 1 over the file. Floats are taken as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from jaxtyping import Float, Int

from metanp.given.settings import read_count, read_generator
from metanp.proxies.batch import Batch

CHANNELS = (1, 3)  # grey and colour: the axis of an image that has as many is that of its channels


def read_images(path: Path) -> tuple[Float[np.ndarray, "image channel height width"], Int[np.ndarray, " image"]]:
    """All images and labels of a file.

    Raises:
        ValueError: no NumPy file of plain arrays, no `x` or `y`, or other shapes; names the file and what to do.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in ("x", "y") if name not in file]
            if missing:
                hint = f"it has {', '.join(file.files)}" if file.files else "it has none"
                raise _Refused(
                    f"{path} has no array {missing[0]!r}; {hint}; save it with numpy.savez(FILE, x=..., y=...)"
                )
            return prepared(file["x"], file["y"], str(path))
    except _Refused:
        raise
    except (ValueError, EOFError, AttributeError, TypeError, BadZipFile) as error:
        raise ValueError(
            f"{path} is no .npz of plain arrays ({error}); save it with numpy.savez(FILE, x=..., y=...)"
        ) from error


def prepared(
    x: np.ndarray, y: np.ndarray, called: str
) -> tuple[Float[np.ndarray, "image channel height width"], Int[np.ndarray, " image"]]:
    """Images with their channels first, normalised where they were pixels, and labels; ValueError says `called`."""
    return _images(x, called), _labels(y, len(x), called)


def draw_batch(images: Any, labels: Any, size: int, rng: Any = 0) -> Batch:
    """A batch of `size` images drawn without replacement.

    Raises:
        ValueError: fewer than two, or more than there are.
    """
    size = read_count(size, "the batch size", least=2)
    if size > len(images):
        raise ValueError(f"a batch of {size} of {len(images)} images; give a smaller one")
    drawn = read_generator(rng).choice(len(images), size, replace=False)
    return Batch(torch.as_tensor(images[drawn], dtype=torch.float32), torch.as_tensor(labels[drawn].astype(np.int64)))


class _Refused(ValueError):
    """Said already."""


def _images(x: np.ndarray, called: str) -> Float[np.ndarray, "image channel height width"]:
    if x.ndim == 4 and x.shape[1] not in CHANNELS and x.shape[3] in CHANNELS:
        x = x.transpose(0, 3, 1, 2)
    if x.ndim != 4 or x.shape[1] not in CHANNELS or x.dtype.kind not in "buif":
        wanted = "numbers, (image, channel, height, width) or (image, height, width, channel) with 1 or 3 channels"
        raise _Refused(f"{called}: x is {x.dtype} of shape {x.shape}; expected {wanted}")
    if x.dtype.kind == "f":
        return x
    mean, std = x.mean(axis=(0, 2, 3), keepdims=True), x.std(axis=(0, 2, 3), keepdims=True)
    return ((x - mean) / np.where(std > 0, std, 1)).astype(np.float32)


def _labels(y: np.ndarray, n: int, called: str) -> Int[np.ndarray, " image"]:
    if y.shape != (n,) or y.dtype.kind not in "ui":
        raise _Refused(f"{called}: y is {y.dtype} of shape {y.shape}; expected one class number for each of {n} images")
    return y
