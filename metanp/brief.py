"""Reprs that fit on a screen: what an object is and how large, not everything that it holds.

A notebook shows the repr of the last value; of a pool or a model state that would be megabytes of numbers. A dataclass
with arrays sets `__repr__ = brief` in its body, which shows the shape of each array:

    Side(names=('flops',), values=float64[15625, 1])

Independent of cells and models; a repr computes nothing, so that showing an object is cheap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

LONGEST = 400  # characters of a repr
VALUE = 80  # characters of one value in it
FEW = 4  # items of a collection that are written out


def brief(self: Any) -> str:
    """The repr of a dataclass: its fields by name, each short; those with `repr=False` are left out."""
    return called(self, **{f.name: getattr(self, f.name) for f in fields(self) if f.repr})


def called(self: Any, **values: Any) -> str:
    """`Name(key=value, ...)`, each value short, and as many of them as fit."""
    return clipped(f"{type(self).__name__}({listed(f'{name}={short(value)}' for name, value in values.items())})")


def short(value: Any) -> str:
    """One value in at most about `VALUE` characters: a shape for an array, the size of a large collection."""
    if isinstance(value, np.ndarray) and value.shape:
        return f"{value.dtype}{list(value.shape)}"
    if hasattr(value, "dtype") and len(getattr(value, "shape", "")):  # a tensor, without importing its library
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    if isinstance(value, str):
        return clipped(repr(value[: VALUE + 1]), VALUE)
    if isinstance(value, bytes | int) and not isinstance(value, bool):
        return clipped(repr(value), VALUE) if not isinstance(value, int) or abs(value) < 10**VALUE else "a huge number"
    if isinstance(value, tuple | list | set | frozenset | Mapping):
        return _collection(value)
    if callable(value):
        return f"<{getattr(value, '__name__', type(value).__name__)}>"
    return clipped(repr(value), VALUE)


def listed(parts: Iterable[str], room: int = LONGEST - 60) -> str:
    """Parts joined by commas; those that no longer fit are counted."""
    parts, taken = list(parts), 0
    for i, part in enumerate(parts):
        taken += len(part) + 2
        if taken > room:
            return ", ".join([*parts[:i], f"... {len(parts) - i:,} more"])
    return ", ".join(parts)


def clipped(text: str, room: int = LONGEST) -> str:
    """The text on one line, its end cut off where it is longer than `room`."""
    text = " ".join(text.split("\n"))
    return text if len(text) <= room else text[: room - 3] + "..."


def counted(number: int, noun: str) -> str:
    """`1 cell`, `15,625 cells`."""
    many = f"{number:,}" if number < 10**15 else f"{float(number):.1e}" if number < 10**300 else "countless"
    return f"{many} {noun}{'' if number == 1 else 's'}"


def _collection(value: Collection[Any]) -> str:
    if len(value) <= FEW:
        written = repr(value) if not value else _written(value)
        if len(written) <= VALUE:
            return written
    return f"<{type(value).__name__} of {len(value):,}>"


def _written(value: Collection[Any]) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{short(key)}: {short(one)}" for key, one in value.items()) + "}"
    inside = ", ".join(map(short, value))
    if isinstance(value, tuple):
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return f"[{inside}]" if isinstance(value, list) else f"{{{inside}}}"
