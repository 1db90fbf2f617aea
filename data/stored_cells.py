"""Cells as columns of a file, and back: arrays for what a word says, JSON text for all else.

Columns: `operation` (of a word its place in the vocabulary, -1 where padded, -2 - i for the i-th described operation of
the file), `adjacency` as bits, and `parameters`, a text a cell, where any cell has some. Described operations have
other numbers in every process, so the file's description lists them, each once. A table of words alone, without
parameters, has neither.

Knows no table and no file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Int

from metanp.cell_array import MOST_NUMBERS, CellArray
from metanp.operations import VOCABULARY, Operation, described, operation_index
from metanp.parameters import plain_parameters

FIRST = -2  # of described operations; further ones have lower numbers
DESCRIBED = "operations"  # their place in the description of a file


def columns_of(cells: CellArray) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns, and what the file's description has to say beside them."""
    numbers = [int(i) for i in np.unique(cells.operation) if i >= len(VOCABULARY)]
    numbers.sort(key=lambda i: described(i).text)  # one order, whatever the process met first
    operation = _renumbered(cells.operation, {number: FIRST - i for i, number in enumerate(numbers)})
    bits = np.packbits(cells.adjacency.reshape(len(cells), -1), axis=1)
    columns: dict[str, Any] = {"operation": operation, "adjacency": bits}
    if cells.parameters is not None:
        columns["parameters"] = [json.dumps(dict(one), separators=(",", ":")) for one in cells.parameters]
    return columns, {DESCRIBED: [described(i).to_json() for i in numbers]} if numbers else {}


def cells_of(columns: Mapping[str, Any], description: Mapping[str, Any]) -> CellArray:
    """The cells of such columns.

    Raises:
        ValueError: an operation or a parameter that cannot be read; names it.
    """
    given = columns["operation"]
    n, node = given.shape
    adjacency = np.unpackbits(columns["adjacency"], axis=1, count=node * node).reshape(n, node, node)
    here = {
        FIRST - i: operation_index(Operation.from_json(one)) for i, one in enumerate(description.get(DESCRIBED, []))
    }
    if (lowest := int(given.min(initial=-1))) <= FIRST - len(here):
        raise ValueError(f"operation {FIRST - lowest} of {len(here)} described ones")
    return CellArray(_renumbered(given, here), adjacency.astype(bool), _parameters(columns))


def _parameters(columns: Mapping[str, Any]) -> np.ndarray | None:
    if "parameters" not in columns:
        return None
    found = np.empty(len(columns["parameters"]), dtype=object)
    for i, text in enumerate(columns["parameters"]):
        found[i] = plain_parameters(json.loads(text))
    return found


def _renumbered(operation: Int[np.ndarray, "cell node"], new: Mapping[int, int]) -> Int[np.ndarray, "cell node"]:
    if not new:
        return operation
    changed = operation.astype(np.int32 if max(new.values()) > MOST_NUMBERS else np.int16)
    for before, after in new.items():
        changed[operation == before] = after
    return changed
