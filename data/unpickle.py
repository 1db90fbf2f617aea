"""Pickles of others, opened without running their code.

A pickle is a program. This unpickler lets it name numpy arrays, scalars and dtypes, plain containers, and the harmless
stand-ins that a loader passes; anything else stops it with the forbidden name and the file, before it is called. Knows
no benchmark: the loader decides what a foreign class becomes (`Holder` for one that only carries data).

Source: Python documentation, `pickle`, "Restricting Globals".
"""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np


class ForbiddenGlobal(ValueError):
    """A pickle names a function or class that data does not need."""


class Holder:
    """Stands in for a foreign class: takes whatever attributes, or whole state, the pickle gives it; runs nothing."""

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            self.__dict__.update(state)
        else:
            self.state = state


def holder(name: str) -> type[Holder]:
    """A fresh stand-in class, so that no pickle can change one that another load uses."""
    return type(name, (Holder,), {})


def load(path: str | os.PathLike[str], allowed: Mapping[tuple[str, str], Any] | None = None) -> Any:
    """The object that the pickle at `path` describes.

    Args:
        allowed: (module, name) -> what stands in for it, beyond numpy and plain containers.

    Raises:
        ForbiddenGlobal: the pickle names anything else; nothing of it was called.
        ValueError: truncated, or no pickle at all; names the file.
    """
    with open(path, "rb") as file:
        try:
            return Restricted(file, os.fspath(path), {**HARMLESS, **(allowed or {})}).load()
        except ForbiddenGlobal:
            raise
        except Exception as error:  # a broken pickle can raise anything
            raise ValueError(f"{path}: not a whole pickle ({type(error).__name__}: {error}); fetch it again") from error


class Restricted(pickle.Unpickler):
    """Accepts the names in `allowed` and no others; `path` is for the message."""

    def __init__(self, file: Any, path: str, allowed: Mapping[tuple[str, str], Any]):
        super().__init__(file)
        self.path, self.allowed = path, allowed

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.allowed[module, name]
        except KeyError:
            raise ForbiddenGlobal(
                f"{self.path}: the pickle asks for {module}.{name}, which no data needs; nothing was run. "
                "Do not open this file by other means; fetch it again from where it belongs"
            ) from None


def _array_from_bytes(buffer: Any, dtype: np.dtype, shape: tuple[int, ...], order: Any = "C") -> np.ndarray:
    return np.frombuffer(buffer, dtype=dtype).reshape(shape, order=order)


def _latin1(text: str, encoding: str) -> bytes:
    """How protocol 2 writes bytes."""
    return text.encode("latin1")


def _numpy() -> dict[tuple[str, str], Any]:
    """numpy's own names; its modules were renamed in version 2, and old files keep the old names."""
    reconstruct, scalar = np.empty(0).__reduce__()[0], np.float64(0).__reduce__()[0]
    names: dict[tuple[str, str], Any] = {("numpy", "ndarray"): np.ndarray, ("numpy", "dtype"): np.dtype}
    for core in ("numpy.core", "numpy._core"):
        names[core + ".multiarray", "_reconstruct"] = reconstruct
        names[core + ".multiarray", "scalar"] = scalar
        names[core + ".numeric", "_frombuffer"] = _array_from_bytes
    return names


# "__builtin__" is how protocols 0 to 2 spell the module.
HARMLESS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    **{(module, kind.__name__): kind for module in ("builtins", "__builtin__") for kind in (set, frozenset, slice)},
    ("_codecs", "encode"): _latin1,
    **_numpy(),
}
