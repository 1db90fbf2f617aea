"""Cells as graphs, for networks that read nodes and edges: dense, padded, no side features.

    written    every cell as it is written
    pruned     each distinct pruned cell

Axes: cell, as given; graph, a distinct row; node, in topological order, padded; operation as in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from metanp.baselines.inputs import Inputs
from metanp.cell import Cell
from metanp.cell_array import CellArray, as_array
from metanp.distinct import Distinct
from metanp.operations import VOCABULARY, words
from metanp.side import Side


@dataclass(frozen=True, repr=False)
class GraphInputs(Inputs):
    """Cells as inputs of a network on graphs: no numbers, only the cell of each row."""

    cells: CellArray

    @classmethod
    def of(cls, graph: Int[np.ndarray, " cell"], cells: CellArray) -> Self:
        """From the row of each cell, and the rows."""
        none = np.zeros((len(cells), 0), dtype=np.float32)
        return cls(graph, cells.fingerprint(), none, (), Side.of(None, len(cells)), cells)

    def rows(self, start: int, stop: int) -> GraphInputs:
        """Some of the rows, each as one cell."""
        return self.take(np.arange(len(self.cells))[start:stop])

    def take(self, rows: Int[np.ndarray, " row"]) -> GraphInputs:
        """Some of the rows, by number, each as one cell."""
        cells = self.cells[rows]
        return GraphInputs.of(np.arange(len(cells)), cells)

    def with_side(self, side: Side) -> GraphInputs:
        """Returns these inputs themselves.

        Raises:
            ValueError: there are side features.
        """
        if side.names:
            raise ValueError(f"this baseline reads cells alone, no side features such as {side.names[0]!r}")
        return self

    def adjacency(self) -> Float[Tensor, "graph node node"]:
        """[graph, from, to], 1 for an edge."""
        return torch.tensor(self.cells.adjacency, dtype=torch.float32)

    def operations(self) -> Float[Tensor, "graph node operation"]:
        """One-hot; zeros where padded."""
        operation = torch.tensor(words(self.cells.operation), dtype=torch.long)
        return functional.one_hot(operation + 1, len(VOCABULARY) + 1)[..., 1:].float()


@dataclass(frozen=True, repr=False)
class GraphAndSideInputs(GraphInputs):
    """Cells as graphs, a row of its own each, beside their side features."""

    def take(self, rows: Int[np.ndarray, " row"]) -> GraphAndSideInputs:
        return replace(self.of(np.arange(len(rows)), self.cells[rows]), side=self.side.rows(rows))

    def with_side(self, side: Side) -> GraphAndSideInputs:
        return replace(self, side=side)


def written_with_side(cells: Sequence[Cell] | CellArray) -> GraphAndSideInputs:
    """Every cell as it is written, to which `with_side` adds side features."""
    array = as_array(cells)
    return GraphAndSideInputs.of(np.arange(len(array)), array)


def written(cells: Sequence[Cell] | CellArray) -> GraphInputs:
    """Every cell as it is written, a row of its own."""
    array = as_array(cells)
    return GraphInputs.of(np.arange(len(array)), array)


def pruned(cells: Sequence[Cell] | CellArray) -> GraphInputs:
    """Each distinct pruned cell, so that isomorphic cells are one."""
    distinct = Distinct.of(cells)
    return GraphInputs.of(distinct.graph, distinct.array())
