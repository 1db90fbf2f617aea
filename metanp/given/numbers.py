"""Columns of numbers from callers: scores, side features, truths.

Axes: cell, as given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.given.settings import InputError, host, shown


def read_scores(score: Any, n: int) -> Float[np.ndarray, " cell"]:
    """One finite score for each of `n` evaluated cells, any unit.

    Raises:
        InputError: no numbers.
        ValueError: another number of scores, or one that is missing or not finite; names the first such cell.
    """
    try:
        values = read_numbers(score, "scores")
    except InputError:
        raise
    except ValueError as error:
        raise ValueError(f"{n} cells but {error}") from None
    if len(values) != n:
        raise ValueError(f"{n} cells but scores of shape {values.shape}; expected one score a cell")
    if (wrong := np.flatnonzero(~np.isfinite(values))).size:
        bad = int(wrong[0])
        raise ValueError(
            f"the score of cell {bad} is {values[bad]}; "
            "leave the cell out, or give MetaNP the cells whose evaluation failed: fit(..., failed=[cell])"
        )
    return values


def read_numbers(values: Any, what: str) -> Float[np.ndarray, " cell"]:
    """A column of numbers, NaN where one is missing (None, NaN, pandas' NA, masked); copied.

    Raises:
        InputError: no collection of numbers; names the first item that is none.
        ValueError: more than one column.
    """
    values = host(values)
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    if isinstance(values, str | bytes | Mapping) or values is None:
        raise InputError(f"the {what} are {shown(values)} ({type(values).__name__}); give a list of numbers")
    if not hasattr(values, "dtype"):
        try:
            values = [host(value) for value in values]
        except TypeError:
            raise InputError(
                f"the {what} are {shown(values)} ({type(values).__name__}); give a list of numbers"
            ) from None
    column = _column(values, what)
    if column.ndim != 1:
        raise ValueError(f"{what} of shape {column.shape}; give one column of numbers, such as values[:, 0]")
    return column


def _column(values: Any, what: str) -> np.ndarray:
    """Numbers at once where numpy can, one by one where it cannot, so that a wrong one can be named."""
    kind = getattr(getattr(values, "dtype", None), "kind", "O")
    if kind in "biuf":
        return np.array(values, dtype=np.float64)
    if kind in "mMc":
        raise InputError(f"the {what} are of type {values.dtype}; give plain numbers, such as seconds")
    if hasattr(values, "dtype") and values.ndim != 1:
        return np.array(values, dtype=np.float64)
    return np.array([_number(value, place, what) for place, value in enumerate(values)], dtype=np.float64)


def _number(value: Any, place: int, what: str) -> float:
    if value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return np.nan
    try:
        if isinstance(value, np.ndarray | list | tuple) and np.size(value) == 1:
            value = np.ravel(value)[0]
        if isinstance(value, complex | np.complexfloating | np.datetime64 | np.timedelta64):
            raise InputError("no plain number")
        return float(value)
    except OverflowError:
        raise ValueError(f"item {place} of the {what} is {shown(value)}: too large for a number") from None
    except (TypeError, ValueError):
        raise InputError(
            f"item {place} of the {what} is {shown(value)} ({type(value).__name__}), which is no number; "
            "give a number, or NaN where it is missing"
        ) from None


def check_alike(cells: Any, beside: Any, what: str) -> None:
    """Refuse columns of tables whose rows are the same in another order: rows are matched by their position.

    Raises:
        ValueError: both have an index, and the second is the first in another order.
    """
    if isinstance(beside, Mapping):
        for name, column in beside.items():
            check_alike(cells, column, f"{what} {name!r}")
        return
    first, second = getattr(cells, "index", None), getattr(beside, "index", None)
    if first is None or second is None or not (hasattr(first, "equals") and hasattr(second, "equals")):
        return
    if not first.equals(second) and len(first) == len(second) and set(first) == set(second):
        raise ValueError(
            f"the {what} have the index of the cells in another order; rows are matched by position: "
            "bring both into one order, such as column.loc[cells.index]"
        )
