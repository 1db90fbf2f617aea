"""The distinct cells among many, whatever their sizes: the one place where lists of cells become rows of a model.

Axes: cell, as given; graph, a distinct one, by ascending fingerprint; group, graphs of like size (`by_size`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, UInt64

from metanp.brief import brief
from metanp.cell import Cell
from metanp.cell_array import CellArray, by_size


@dataclass(frozen=True)
class Distinct:
    """Distinct cells.

    graph: the number of each cell's graph.
    groups: positions of some graphs, and these graphs; all graphs are in one group unless some are large.
    """

    fingerprint: UInt64[np.ndarray, " graph"]
    graph: Int[np.ndarray, " cell"]
    groups: list[tuple[Int[np.ndarray, " some"], CellArray]]

    __repr__ = brief

    @classmethod
    def of(
        cls, cells: Sequence[Cell] | CellArray, form: Callable[[CellArray], CellArray] = CellArray.pruned
    ) -> Distinct:
        """`form` gives the form in which cells are compared: the pruned one by default."""
        formed = [(rows, form(some)) for rows, some in by_size(cells)]
        fingerprint = np.zeros(len(cells), dtype=np.uint64)
        for rows, some in formed:
            fingerprint[rows] = some.fingerprint()
        fingerprint, first, graph = np.unique(fingerprint, return_index=True, return_inverse=True)
        groups = []
        for rows, some in formed:
            own = np.flatnonzero(np.isin(first, rows))
            groups.append((own, some[np.searchsorted(rows, first[own])]))
        return cls(fingerprint, graph, groups)

    def __len__(self) -> int:
        return len(self.fingerprint)

    @property
    def width(self) -> int:
        """Nodes of the largest array."""
        return max(some.operation.shape[1] for _, some in self.groups)

    def each(self, function: Callable[[CellArray], np.ndarray]) -> np.ndarray:
        """`function` of every graph, one row a graph."""
        parts = np.concatenate([function(some) for _, some in self.groups])
        return parts[np.argsort(np.concatenate([rows for rows, _ in self.groups]), kind="stable")]

    def array(self) -> CellArray:
        """All in one array, padded to the largest."""
        if len(self.groups) == 1:
            return self.groups[0][1]
        order = np.argsort(np.concatenate([rows for rows, _ in self.groups]), kind="stable")
        return CellArray.concatenate([some for _, some in self.groups])[order]
