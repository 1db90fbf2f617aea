"""Candidate cells encoded once, for any number of rankings.

Encoding does not depend on the evaluated cells, so a search that asks after each training encodes its candidates once.

Axes: cell, as given; graph, the distinct pruned cells among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Bool, Int, UInt64

from metanp.brief import clipped, counted, listed, short
from metanp.cell import Cell
from metanp.cell_array import PAIRS, CellArray, keys
from metanp.curves.curves import Curves
from metanp.descriptions import NOTHING
from metanp.distinct import Distinct
from metanp.encoder import GraphEncoder, Points
from metanp.graphs import Graphs
from metanp.side import Side

CHUNK = 8192  # graphs encoded at once: tens of megabytes of activations


@dataclass(frozen=True, eq=False)
class Pool:
    """Encoded cells; made by `MetaNP.encode`, valid for that checkpoint alone.

    points: one row a graph. curves: of the cells' own trainings as far as they are, none for those that have not begun;
    None where no cell has one. row: of each cell in the pool that it was first encoded in.
    """

    cells: Sequence[Cell] | CellArray
    points: Points
    graph: Int[np.ndarray, " cell"]
    fingerprint: UInt64[np.ndarray, " graph"]
    side: Side
    checkpoint: str
    curves: Curves | None = None
    row: Int[np.ndarray, " cell"] = field(default_factory=lambda: np.zeros(0, dtype=int))

    def __len__(self) -> int:
        return len(self.graph)

    def __repr__(self) -> str:
        size = f"{counted(len(self), 'cell')}, {len(self.fingerprint):,} distinct"
        features = f"; features: {clipped(listed(self.side.names, 150), 200)}" if self.side.names else ""
        running = "" if self.curves is None else f"; curves of {int((self.curves.lengths > 0).sum()):,}"
        return f"Pool({size}{features}{running}; for {short(self.checkpoint)})"

    def only(self, rows: Int[np.ndarray, " row"]) -> Pool:
        """Some of the cells, in the order of `rows`."""
        cells = _some(self.cells, rows)
        curves = None if self.curves is None else self.curves[rows]
        return replace(
            self, cells=cells, graph=self.graph[rows], side=self.side.rows(rows), curves=curves, row=self.row[rows]
        )

    def followed_by(self, other: Pool) -> Pool:
        """The cells of this pool, then those of another, with the side features that this one has; without curves."""
        used, place = np.unique(other.graph, return_inverse=True)  # of a large pool there may be few
        index = torch.from_numpy(used).to(other.points.embedding.device)
        taken = other.points.map(lambda x: x[index])
        width = max(points.patterns.shape[-1] for points in (self.points, taken))
        parts = [vars(_widened(points, width)).values() for points in (self.points, taken)]
        points = Points(*(torch.cat([a, b]) for a, b in zip(*parts, strict=True)))
        cells = [*_listed(self.cells), *_listed(other.cells)]
        graph = np.concatenate([self.graph, place.ravel() + len(self.fingerprint)])
        fingerprint = np.concatenate([self.fingerprint, other.fingerprint[used]])
        values = np.concatenate([self.side.values, other.side.like(self.side)])
        side = replace(self.side, values=values, derived=NOTHING, whole=None)
        return Pool(cells, points, graph, fingerprint, side, self.checkpoint, row=np.arange(len(graph)))

    def cell(self, index: int) -> Cell:
        """One of the cells, as given."""
        if isinstance(self.cells, CellArray):
            return self.cells[[index]].to_cells()[0]
        return self.cells[index]

    def distinct(self) -> tuple[Int[np.ndarray, " row"], Int[np.ndarray, " cell"]]:
        """The first cell of each set of cells with equal predictions, and which set each cell is in."""
        known = np.where(np.isnan(self.side.values), np.inf, self.side.values)  # NaN does not equal NaN, inf does inf
        own = [] if self.curves is None else [np.where(self.curves.lengths > 0, 1 + self.row, 0)]
        rows = np.column_stack([self.graph, known, *own]) if self.side.names or own else self.graph
        _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        return first, inverse.ravel()

    def among(self, other: Pool) -> Bool[np.ndarray, " cell"]:
        """Which cells compute the same as one of `other`: alike by fingerprint first, then by their exact key.

        Where `other` was read as it is written too, cells alike are those that are also written alike.
        """
        alike = np.isin(self.fingerprint, other.fingerprint)[self.graph]
        rows = np.flatnonzero(alike)
        if len(rows):
            theirs = np.flatnonzero(np.isin(other.fingerprint, self.fingerprint)[other.graph])
            known = {*other._names(theirs, other.side)}
            alike[rows] = [name in known for name in self._names(rows, other.side)]
        return alike

    def _names(self, rows: Int[np.ndarray, " row"], known: Side) -> Iterator[tuple[str, bytes]]:
        """What cells compute, and their columns of cells as they are written."""
        columns = self.side.rows(rows).like(known)[:, len(known.names) - sum(map(len, known.written)) :]
        return zip(keys(_some(self.cells, rows)), (row.tobytes() for row in columns), strict=True)


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
    row = np.arange(len(distinct.graph))
    return Pool(cells, points, distinct.graph, distinct.fingerprint, side, checkpoint, row=row)


def _some(cells: Sequence[Cell] | CellArray, rows: Int[np.ndarray, " row"]) -> Sequence[Cell] | CellArray:
    return cells[rows] if isinstance(cells, CellArray) else [cells[int(i)] for i in rows]


def _listed(cells: Sequence[Cell] | CellArray) -> Sequence[Cell]:
    return cells.to_cells() if isinstance(cells, CellArray) else cells


def _widened(points: Points, width: int) -> Points:
    """The same with room for the patterns of so many nodes."""
    room = points.patterns.new_zeros((*points.patterns.shape[:-1], width))
    room[..., : points.patterns.shape[-1]] = points.patterns
    return replace(points, patterns=room)


def _room(part: Points, graphs: int, width: int) -> Points:
    """Zeros of the shapes of `part`, for so many graphs of up to `width` nodes."""
    room = part.map(lambda x: x.new_zeros((graphs, *x.shape[1:])))
    patterns = part.patterns.new_zeros((graphs, part.patterns.shape[1], width))
    return replace(room, patterns=patterns)
