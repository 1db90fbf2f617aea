"""Architectures drawn by mutation: good ones and their neighbours, as a search meets them.

Ten at random; then, over and over, one of the five best so far is edited up to three times, and kept where the table
has it. What the table has only once, it gives only once.

Source: the second way in which White et al. 2021 (arXiv:2104.01177) draw architectures; there duplicates are allowed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int

from metanp.cell import Cell
from metanp.spaces import get_space

POOL, PARENTS, EDITS = 10, 5, 3
TRIES = 200  # edits that lead to no new cell of the table, until one at random is taken


class Measured(Protocol):
    """Cells and their scores. row_of: by `Cell.key`. space: the name of the one that cells are edited in; None where
    there is none."""

    @property
    def listed(self) -> list[Cell]: ...

    @property
    def row_of(self) -> dict[str, int]: ...

    @property
    def score(self) -> Float[np.ndarray, " cell"]: ...

    @property
    def space(self) -> str | None: ...


def mutated(
    measured: Measured, n: int, rng: np.random.Generator, without: Collection[int] = ()
) -> Int[np.ndarray, " drawn"]:
    """Rows of `n` different cells, none of them in `without`; those of a smaller `n` are the first of a larger one.

    Raises:
        ValueError: no space to edit cells in, or too few cells.
    """
    if measured.space is None:
        raise ValueError("cells of this table cannot be edited, as it names no space; take drawing=uniform")
    others = [row for row in rng.permutation(len(measured.score)).tolist() if row not in set(without)]
    if n > len(others):
        raise ValueError(f"{n} cells by mutation of {len(others)}; ask for fewer labels or targets")
    space = get_space(measured.space)
    drawn, left = others[:POOL], dict.fromkeys(others[POOL:])
    while len(drawn) < n:
        best = sorted(drawn, key=lambda row: -measured.score[row])[:PARENTS]
        for _ in range(TRIES):
            cell = measured.listed[best[int(rng.integers(len(best)))]]
            for _ in range(int(rng.integers(1, EDITS + 1))):
                cell = space.mutate(cell, rng)
            if (row := measured.row_of.get(cell.key)) in left:
                break
        else:
            row = next(iter(left))
        drawn.append(row)
        del left[row]
    return np.array(drawn[:n], dtype=np.int64)
