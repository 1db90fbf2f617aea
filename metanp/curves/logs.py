"""Curves from logs: what a training wrote down, one (epoch, value) after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from metanp.curves.checks import check_epochs
from metanp.curves.curves import Curves, Quantity

Log = Iterable[tuple[int, float]]


def from_logs(logs: Mapping[str, Log], quantity: Quantity | Mapping[str, Quantity]) -> tuple[Curves, list[str]]:
    """The curves of several trainings of one quantity, and their ids in the order of the rows.

    Args:
        logs: id -> (epoch, value) in the order of training; NaN from a failure on.
        quantity: what was measured; by id where logs come from several places.

    Raises:
        ValueError: no log; epochs that go backwards or are missing; quantities of two directions or units, some logs
            with and some without an epoch 0; names the log.
    """
    if not logs:
        raise ValueError("no logs; give at least one training")
    read = {name: list(log) for name, log in logs.items()}
    for name, log in read.items():
        check_epochs(np.array([epoch for epoch, _ in log], np.int64), f"log {name!r}")
    names = list(read)
    described = {name: quantity if isinstance(quantity, Quantity) else quantity[name] for name in names}
    first = read[names[0]][0][0]
    for name in names[1:]:
        _check_alike(names[0], name, described)
        if read[name][0][0] != first:
            raise ValueError(f"log {name!r} begins with epoch {read[name][0][0]}, log {names[0]!r} with {first}")
    rows = [[value for _, value in log] for log in read.values()]
    return Curves.of(rows, described[names[0]], first), names


def _check_alike(one: str, other: str, described: Mapping[str, Quantity]) -> None:
    a, b = described[one], described[other]
    if a.maximize != b.maximize:
        raise ValueError(
            f"two directions in one table: more is better in log {(one if a.maximize else other)!r}, "
            f"less in log {(other if a.maximize else one)!r}; negate one of them, or make two tables"
        )
    if a != b:
        raise ValueError(f"log {other!r} is {b.name} in {b.unit}, log {one!r} {a.name} in {a.unit}; make two tables")
