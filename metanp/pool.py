"""Candidate cells encoded once, for any number of rankings.

Encoding does not depend on the evaluated cells, so a search that asks after each training encodes its candidates once.

Axes: cell, as given; graph, the distinct pruned cells among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Int, UInt64

from metanp.brief import clipped, counted, listed, short
from metanp.cell import Cell
from metanp.cell_array import PAIRS, CellArray
from metanp.distinct import Distinct
from metanp.encoder import GraphEncoder, Points
from metanp.graphs import Graphs
from metanp.side import Side

CHUNK = 8192  # graphs encoded at once: tens of megabytes of activations


@dataclass(frozen=True, eq=False)
class Pool:
    """Encoded cells; made by `MetaNP.encode`, valid for that checkpoint alone."""

    cells: Sequence[Cell] | CellArray
    points: Points  # one row a graph
    graph: Int[np.ndarray, " cell"]
    fingerprint: UInt64[np.ndarray, " graph"]
    side: Side
    checkpoint: str

    def __len__(self) -> int:
        return len(self.graph)

    def __repr__(self) -> str:
        size = f"{counted(len(self), 'cell')}, {len(self.fingerprint):,} distinct"
        features = f"; features: {clipped(listed(self.side.names, 150), 200)}" if self.side.names else ""
        return f"Pool({size}{features}; for {short(self.checkpoint)})"

    def only(self, rows: Int[np.ndarray, " row"]) -> Pool:
        """Some of the cells, in the order of `rows`."""
        cells = self.cells[rows] if isinstance(self.cells, CellArray) else [self.cells[int(i)] for i in rows]
        return replace(self, cells=cells, graph=self.graph[rows], side=self.side.rows(rows))

    def cell(self, index: int) -> Cell:
        """One of the cells, as given."""
        if isinstance(self.cells, CellArray):
            return self.cells[[index]].to_cells()[0]
        return self.cells[index]

    def distinct(self) -> tuple[Int[np.ndarray, " row"], Int[np.ndarray, " cell"]]:
        """The first cell of each set of cells with equal predictions, and which set each cell is in."""
        known = np.where(np.isnan(self.side.values), np.inf, self.side.values)  # NaN does not equal NaN, inf does inf
        rows = np.column_stack([self.graph, known]) if self.side.names else self.graph
        _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        return first, inverse.ravel()

    def among(self, other: Pool | None) -> Bool[np.ndarray, " cell"]:
        """Which cells compute the same as one of `other`: alike by fingerprint first, then by their exact key."""
        if other is None:
            return np.zeros(len(self), dtype=bool)
        known = {other.cell(i).key for i in range(len(other))}
        alike = np.isin(self.fingerprint, other.fingerprint)[self.graph]
        for i in np.flatnonzero(alike):
            alike[i] = self.cell(int(i)).key in known
        return alike


def encode(encoder: GraphEncoder, cells: Sequence[Cell] | CellArray, side: Side, checkpoint: str) -> Pool:
    """Run the encoder over the distinct cells, in pieces."""
    device = encoder.feature_scale.device
    distinct = Distinct.of(cells)
    points: Points | None = None
    with torch.inference_mode():
        for own, pruned in distinct.groups:
            at_once = max(1, min(CHUNK, PAIRS // pruned.operation.shape[1] ** 2))
            for start in range(0, len(own), at_once):
                rows = torch.from_numpy(own[start : start + at_once]).to(device)
                part = encoder(Graphs.of(pruned[start : start + at_once]).to_batch().to(device))
                # written in place, so that a large pool is never held twice
                points = points or _room(part, len(distinct), distinct.width)
                for name, whole in vars(points).items():
                    values = getattr(part, name)
                    whole[(rows, ..., slice(values.shape[-1]))] = values
    assert points is not None
    return Pool(cells, points, distinct.graph, distinct.fingerprint, side, checkpoint)


def _room(part: Points, graphs: int, width: int) -> Points:
    """Zeros of the shapes of `part`, for so many graphs of up to `width` nodes."""
    room = part.map(lambda x: x.new_zeros((graphs, *x.shape[1:])))
    patterns = part.patterns.new_zeros((graphs, part.patterns.shape[1], width))
    return replace(room, patterns=patterns)
