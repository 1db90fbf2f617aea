"""Rows of a compressed CSV file, and rows of one architecture put together as its runs.

Knows no benchmark. An empty field is NaN.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float64

Rows = Sequence[dict[str, str]]


def read(path: Path) -> Rows:
    """The rows of a `.csv.gz`, in the file's order.

    Raises:
        ValueError: no such file of text, or no row; names it.
    """
    try:
        with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a compressed CSV file ({error}); put a fresh copy there") from error
    if not rows:
        raise ValueError(f"{path}: no row; put a fresh copy there")
    return rows


def numbers(rows: Rows, name: str) -> Float64[np.ndarray, " row"]:
    """One column.

    Raises:
        ValueError: a field that is no number; names its row.
    """
    found = np.full(len(rows), np.nan)
    for i, row in enumerate(rows):
        if row[name]:
            try:
                found[i] = float(row[name])
            except ValueError:
                raise ValueError(f"row {i} has {name}={row[name]!r:.40}; expected a number") from None
    return found


class Repeats:
    """Which rows are of one architecture.

    first: of each architecture the first row, in the order of rows; so what does not change between runs is
    `column[first]`. runs: rows -> (architecture, run), padded with NaN to the most runs.
    """

    def __init__(self, keys: Sequence[Hashable]):
        place: dict[Hashable, int] = {}
        self.architecture = np.array([place.setdefault(key, len(place)) for key in keys], dtype=np.int64)
        self.first = np.unique(self.architecture, return_index=True)[1]

    def __len__(self) -> int:
        return len(self.first)

    def runs(self, column: Float64[np.ndarray, " row"]) -> Float64[np.ndarray, "cell seed"]:
        """The column, one row an architecture; runs that gave nothing are left out."""
        known = np.isfinite(column)
        of, values = self.architecture[known], column[known]
        count = np.bincount(of, minlength=len(self))
        order = np.argsort(of, kind="stable")
        found = np.full((len(self), max(1, int(count.max(initial=1)))), np.nan)
        run = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
        found[of[order], run] = values[order]
        return found
