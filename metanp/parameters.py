"""The parameters of an architecture: numbers and texts by name, as Optuna, a YAML file or a search's own code has them.

    {"depth": 3, "width": [48, 64], "block": {"kernel": "5x5", "residual": True}}

is the same as

    {"depth": 3, "width.0": 48, "width.1": 64, "block.kernel": "5x5", "block.residual": 1}

Nothing here knows a graph.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

Value = int | float | str
Parameters = tuple[tuple[str, Value], ...]


def plain_parameters(parameters: Mapping[str, Any]) -> Parameters:
    """Sorted by name; truth values as 1 and 0, whole numbers as int; what is None is left out.

    Raises:
        ValueError: no mapping, or a value that is neither number, text, truth value, list nor mapping; names it.
    """
    if not isinstance(parameters, Mapping):
        raise ValueError(f"the parameters are {parameters!r:.80}; expected names and values, as {{'depth': 3}}")
    found: dict[str, Value] = {}
    for name, value in _flat("", parameters):
        if name in found:
            raise ValueError(f"parameter {name!r} is given twice")
        found[name] = value
    return tuple(sorted(found.items()))


def _flat(name: str, value: Any) -> Iterator[tuple[str, Value]]:
    todo = [(name, value)]
    while todo:
        name, value = todo.pop()
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if isinstance(value, Mapping):
            todo += [(f"{name}.{key}".lstrip("."), one) for key, one in value.items()]
        elif isinstance(value, list | tuple):
            todo += [(f"{name}.{i}", one) for i, one in enumerate(value)]
        elif value is not None:
            yield name, _plain(name, value)


def _plain(name: str, value: Any) -> Value:
    if isinstance(value, str):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"parameter {name!r} is {value!r:.80}; expected a number or a text") from None
    if not math.isfinite(number):
        raise ValueError(f"parameter {name!r} is {value!r}; expected a finite number, or None where there is none")
    return int(number) if number.is_integer() else number
