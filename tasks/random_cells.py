"""Random cells of no benchmark: other sizes and operations, so that a model does not rely on one space.

Each cell draws its number of nodes, its density and a small set of operations. Cells may have nodes on no path; pruning
is the model's task.
"""

import numpy as np

from metanp.cell_array import CellArray
from metanp.operations import INPUT, NONE, OUTPUT, SKIP, VOCABULARY

INNER_NODES = (2, 8)  # operations between input and output, both ends included
OPERATIONS = (2, 6)  # different operations in a cell's own small set


def random_cells(n: int, rng: np.random.Generator) -> CellArray:
    """`n` cells, each with a live path."""
    parts, found = [], 0
    while found < n:
        cells = _draw(2 * n, rng)
        alive = cells.pruned().adjacency.any((1, 2))
        parts.append(cells[np.flatnonzero(alive)])
        found += int(alive.sum())
    return CellArray.concatenate(parts)[:n]


def _draw(n: int, rng: np.random.Generator) -> CellArray:
    width = INNER_NODES[1] + 2
    inner = rng.integers(INNER_NODES[0], INNER_NODES[1] + 1, size=n)
    position = np.arange(width)
    # the operations of a cell's own set, NONE never among them
    sets = SKIP + rng.integers(len(VOCABULARY) - SKIP, size=(n, OPERATIONS[1]))
    size = rng.integers(OPERATIONS[0], OPERATIONS[1] + 1, size=n)
    pick = rng.integers(0, 2**30, size=(n, width)) % size[:, None]
    operation = np.take_along_axis(sets, pick, axis=1)
    operation[:, 0] = INPUT
    operation[np.arange(n), inner + 1] = OUTPUT
    operation[position > inner[:, None] + 1] = -1
    assert NONE not in sets
    density = rng.uniform(0.25, 0.7, size=(n, 1, 1))
    edge = np.triu(rng.random((n, width, width)) < density, 1)
    real = operation >= 0
    edge &= real[:, :, None] & real[:, None, :]
    return CellArray(operation.astype(np.int16), edge)
