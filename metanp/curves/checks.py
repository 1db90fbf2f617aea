"""What is refused of learning curves; every message names the configuration and says what to do."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_curves(curves: Any) -> None:
    """Raises ValueError for what `metanp.curves.Curves` says; `curves` is one that is being made."""
    if curves.values.ndim != 3 or not curves.quantities:
        raise ValueError(f"values of shape {curves.values.shape}; expected configurations x quantities x epochs")
    n, quantities, columns = curves.values.shape
    names = [quantity.name for quantity in curves.quantities]
    if len(names) != quantities or len(set(names)) != quantities:
        raise ValueError(f"{quantities} quantities named {names}; give each one name of its own")
    for what, found, expected in (("epochs", curves.epochs, columns), ("lengths", curves.lengths, n)):
        if np.shape(found) != (expected,):
            raise ValueError(f"{what} of shape {np.shape(found)} for {n} configurations and {columns} epochs")
    for name, column in {**curves.architecture, **curves.hyperparameters}.items():
        if np.shape(column) != (n,):
            raise ValueError(f"the feature {name!r} has shape {np.shape(column)}; give one number a configuration")
    check_epochs(curves.epochs)
    _check_values(curves, names)


def check_epochs(epochs: np.ndarray, whose: str = "the curves") -> None:
    """Epochs begin with 0 or 1 and go up by one.

    Raises:
        ValueError: they go backwards, one is missing, or they begin elsewhere; names the epoch.
    """
    epochs = np.asarray(epochs)
    if not len(epochs):
        raise ValueError(f"{whose}: no epochs at all; give at least one")
    steps = np.diff(epochs)
    if (back := np.flatnonzero(steps <= 0)).size:
        at = int(back[0])
        raise ValueError(f"{whose}: epoch {epochs[at + 1]} comes after {epochs[at]}; sort by epoch, one value each")
    if (gap := np.flatnonzero(steps > 1)).size:
        at = int(gap[0])
        raise ValueError(
            f"{whose}: no value between the epochs {epochs[at]} and {epochs[at + 1]}; "
            "give every epoch, or number the evaluations 1, 2, 3, ..."
        )
    if epochs[0] not in (0, 1):
        raise ValueError(f"{whose}: the first epoch is {epochs[0]}; begin with 1, or with 0 for the untrained network")


def _check_values(curves: Any, names: list[str]) -> None:
    if np.isinf(curves.values).any():
        row, place, column = (int(i[0]) for i in np.nonzero(np.isinf(curves.values)))
        raise ValueError(
            f"{names[place]} of configuration {row} is infinite at epoch {curves.epochs[column]}; "
            "a failed run is NaN from there on"
        )
    n, _, columns = curves.values.shape
    if n and not 0 <= curves.lengths.min() <= curves.lengths.max() <= columns:
        raise ValueError(
            f"lengths from {curves.lengths.min()} to {curves.lengths.max()}, but there are {columns} epochs"
        )
    number = np.isfinite(curves.values)
    beyond = number & (np.arange(columns) >= curves.lengths[:, None])[:, None]
    if beyond.any():
        row = int(np.nonzero(beyond)[0][0])
        raise ValueError(
            f"configuration {row} has values behind its length {curves.lengths[row]}; cut one to the other"
        )
    if (again := ~number[:, :, :-1] & number[:, :, 1:]).any():
        row, place, column = (int(i[0]) for i in np.nonzero(again))
        raise ValueError(
            f"{names[place]} of configuration {row} is NaN at epoch {curves.epochs[column]} and a number after it; "
            "a run that failed is NaN to its end; fill the gap, or cut the curve there"
        )
