"""What callers hand over, read and checked in one place: cells, numbers, counts, names and random generators.

What has one sensible reading is read: any iterable of cells by position, a pandas column whatever its index, tensors of
any kind, missing numbers in any spelling, 10.0 for 10, a seed for a generator. All else is refused, with a message that
names the item and says what to do. What is read is copied: a list that changes afterwards changes no answer.

`MetaNP`, `Search`, the baselines, the metrics and the command line all read through here. Nothing here predicts; numpy
alone, other libraries' objects are known by what they can do.

Axes: cell, as given.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Set
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from metanp.cell import Cell
from metanp.cell_array import CellArray

if TYPE_CHECKING:
    import torch


class InputError(ValueError, TypeError):
    """What a caller handed over cannot be read as what is wanted; the message names the item and what to do."""


SHOWN = 60  # characters of a refused item in a message
HOW_TO_READ = "make cells with Cell.from_nasbench201 or its like"


def read_cells(cells: Any, what: str = "cells") -> list[Cell] | CellArray:
    """Cells in the order given, copied.

    Args:
        what: how messages call them.

    Raises:
        InputError: something that is no collection of cells, or an item that is no `Cell`; names it and its position.
    """
    if isinstance(cells, CellArray):
        return CellArray(cells.operation.copy(), cells.adjacency.copy())
    listed = _listed(cells, what)
    for place, cell in enumerate(listed):
        if not isinstance(cell, Cell):
            raise InputError(f"cell {place} is {shown(cell)}, no Cell; make one with Cell.from_nasbench201 or its like")
    return listed


def read_evaluated(cells: Any) -> list[Cell] | CellArray:
    """Cells that scores belong to, in an order of their own.

    Raises:
        InputError: as `read_cells`; or a set, whose order says nothing.
    """
    if isinstance(cells, Set) and not hasattr(cells, "mapping"):
        raise InputError("the evaluated cells are a set, which has no order that scores could follow; give a list")
    return read_cells(cells, "evaluated cells")


def _listed(cells: Any, what: str) -> list[Any]:
    if isinstance(cells, Cell):
        raise InputError(f"the {what} are one Cell; give a list, [cell]")
    if isinstance(cells, str | bytes):
        raise InputError(f"the {what} are a text, {shown(cells)}; give a list of cells: {HOW_TO_READ}")
    if isinstance(cells, Mapping):
        raise InputError(f"the {what} are a mapping; give its keys or its values as a list")
    if hasattr(cells, "columns"):
        raise InputError(f"the {what} are a table; give the column that holds the cells")
    if getattr(cells, "ndim", 1) != 1:
        raise InputError(f"the {what} are an array of shape {np.shape(cells)}; give a list of cells, or one column")
    try:
        return list(cells)
    except TypeError:
        raise InputError(f"the {what} are {shown(cells)} ({type(cells).__name__}); give a list of cells") from None


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
    values = _host(values)
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    if isinstance(values, str | bytes | Mapping) or values is None:
        raise InputError(f"the {what} are {shown(values)} ({type(values).__name__}); give a list of numbers")
    if not hasattr(values, "dtype"):
        try:
            values = [_host(value) for value in values]
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


def _host(values: Any) -> Any:
    """Tensors, on any device and of any precision, and tables' columns as numpy's; anything else as it is."""
    if "torch" in sys.modules and isinstance(values, sys.modules["torch"].Tensor):
        return values.detach().cpu().double().numpy()
    if hasattr(values, "to_numpy") and hasattr(values, "__len__"):
        plain = isinstance(getattr(values, "dtype", None), np.dtype)
        return values.to_numpy() if plain else values.to_numpy(dtype=object)
    return values


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


def read_count(value: Any, name: str, least: int | None = 1) -> int:
    """A whole number, as 10, 10.0 or numpy's.

    Raises:
        InputError: no number.
        ValueError: no whole number, or one below `least`.
    """
    try:
        if isinstance(value, bool | np.bool_ | str | bytes):
            raise InputError
        number = float(_host(value))
        count = index(value) if hasattr(value, "__index__") and not _is_array(value) else int(number)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} is {shown(value)} ({type(value).__name__}); give a whole number") from None
    if count != number and abs(number) < 2**53:
        raise ValueError(f"{name} is {shown(value)}; give a whole number")
    if least is not None and count < least:
        raise ValueError(f"{name} is {count}; give {least} or more")
    return count


def _is_array(value: Any) -> bool:
    return hasattr(value, "dtype") and not isinstance(value, np.integer)


def read_flag(value: Any, name: str) -> bool:
    """True or False, numpy's too.

    Raises:
        InputError: anything else: a text such as "min" would count as True.
    """
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise InputError(f"{name} is {shown(value)} ({type(value).__name__}); give True or False")


def read_probability(value: Any, name: str) -> float:
    """A probability that is neither 0 nor 1.

    Raises:
        InputError: no number.
        ValueError: not between 0 and 1.
    """
    try:
        number = float(_host(value))
    except (TypeError, ValueError):
        raise InputError(f"{name} is {shown(value)} ({type(value).__name__}); give a number, such as 0.9") from None
    if not 0 < number < 1:
        raise ValueError(f"{name} is {value}: {value} is no probability between 0 and 1, such as 0.9")
    return number


def read_seed(rng: Any) -> int:
    """A seed of 0 or more: the one given, or one drawn from a generator; a new one each time for None.

    Args:
        rng: None, a whole number, `numpy.random.Generator` or `RandomState`, or `torch.Generator`.

    Raises:
        InputError: something else.
        ValueError: a negative seed.
    """
    if rng is None:
        return int(np.random.default_rng().integers(2**62))
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**62))
    if isinstance(rng, np.random.RandomState):
        return int(rng.randint(2**62, dtype=np.int64))
    if "torch" in sys.modules and isinstance(rng, sys.modules["torch"].Generator):
        draw = sys.modules["torch"].randint(2**62, (1,), generator=rng, device=rng.device)
        return int(draw.item())
    try:
        return read_count(rng, "rng", least=0)
    except InputError:
        kinds = "a seed (0 or more), a numpy.random.Generator, a torch.Generator, or None"
        raise InputError(f"rng is {shown(rng)} ({type(rng).__name__}); give {kinds}") from None


def read_generator(rng: Any) -> np.random.Generator:
    """A generator of numpy's: the one given, or a new one from what `read_seed` takes."""
    return rng if isinstance(rng, np.random.Generator) else np.random.default_rng(read_seed(rng))


def read_torch_generator(rng: Any) -> torch.Generator:
    """A CPU generator of PyTorch's: the one given, or a new one from what `read_seed` takes.

    Raises:
        ValueError: a generator of another device: draws are made on the CPU, so that a seed means one answer.
    """
    import torch

    if isinstance(rng, torch.Generator):
        if rng.device.type != "cpu":
            raise ValueError(f"rng is a generator of {rng.device}; give one of the CPU, or a seed")
        return rng
    return torch.Generator().manual_seed(read_seed(rng) % 2**63)


def read_text(text: Any, what: str) -> str:
    """A text.

    Raises:
        InputError: anything else, such as NaN where a table has a hole.
    """
    if isinstance(text, str):
        return str(text)
    raise InputError(f"{what} is written as a string, not as {shown(text)} ({type(text).__name__})")


def read_items(items: Any, what: str) -> list[Any]:
    """A list, a tuple, an array or anything else that can be walked.

    Raises:
        InputError: a text, or what cannot be walked.
    """
    if not isinstance(items, str | bytes | Mapping) and isinstance(items, Iterable):
        return list(items)
    raise InputError(f"{what} is {shown(items)} ({type(items).__name__}); give a list")


def shown(value: Any) -> str:
    """A value in a message, on one line and not too long."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # of an object that cannot even be printed
        text = f"<{type(value).__name__}>"
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
