"""Curves as callers of `MetaNP` give them: `Curves`, or one list of numbers a cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from metanp.brief import counted
from metanp.curves.curves import Curves, Quantity
from metanp.given import InputError, read_items, read_numbers, shown

SCORE = "score"  # what a plain list of numbers is called


def read_curves(given: Any, n: int, maximize: bool, what: str) -> Curves | None:
    """Curves of `n` cells, rows as the cells.

    Args:
        given: None, `Curves`, or a collection of lists of numbers such as a matrix, a value an epoch from epoch 1 on; a
            row may be None or empty, and end with NaN where nothing was measured yet.
        maximize: the direction of plain numbers.
        what: the cells, for messages.

    Raises:
        InputError: something else.
        ValueError: another number of rows than there are cells; what `Curves` refuses.
    """
    if given is None:
        return None
    if not isinstance(given, Curves):
        rows = [_row(row, i) for i, row in enumerate(_rows(given))]
        if len(rows) == n:
            return Curves.of(rows, Quantity(SCORE, "", maximize))
        raise ValueError(f"{counted(len(rows), 'curve')} for {n} {what}; give one each, [] where there is none yet")
    if len(given) != n:
        raise ValueError(
            f"{counted(len(given), 'curve')} for {n} {what}; give one each, of length 0 where there is none"
        )
    return given


def read_prefixes(given: Any, n: int, maximize: bool) -> Curves | None:
    """Curves of `n` candidates, as far as their trainings are; None where none has begun. Arguments as `read_curves`.

    Raises:
        InputError, ValueError: as `read_curves`; or the training of a candidate has failed.
    """
    curves = read_curves(given, n, maximize, "candidates")
    if curves is None or not (curves.lengths > int(curves.epochs[0] == 0)).any():  # nothing, or untrained networks
        return None
    if len(broken := np.flatnonzero(curves.failed & (curves.lengths > 0))):
        raise ValueError(
            f"the training of candidate {broken[0]} failed: its curve is NaN at the end; leave the candidate out, and "
            "give it to fit(..., failed=)"
        )
    return curves


def _rows(given: Any) -> list[Any]:
    if hasattr(given, "to_numpy"):  # a table of pandas goes by columns
        given = given.to_numpy()
    try:
        return list(read_items(given, "curves"))
    except InputError:
        raise InputError(f"curves are {shown(given)}; give Curves, or one list of numbers a cell") from None


def _row(row: Any, place: int) -> np.ndarray:
    """Numbers up to the last that there is."""
    if row is None:
        return np.zeros(0)
    try:
        numbers = read_numbers(row, "values")
    except (ValueError, TypeError) as error:
        raise InputError(f"curve {place}: {error}; give a list of numbers, one an epoch") from None
    known = np.flatnonzero(~np.isnan(numbers))
    return numbers[: known[-1] + 1] if len(known) else np.zeros(0)
