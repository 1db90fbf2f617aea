"""The inputs of baselines: numbers, and counts of named patterns.

`metanp.baselines.computed`, `metanp.baselines.encodings` and `metanp.baselines.graf` compute them.

Patterns are named by a 64-bit number and stored sparsely. A fit has columns for the patterns of its evaluated cells
alone; other patterns of a cell share one column, the root of their sum of squares, which keeps all distances to
evaluated cells exact.

Side features (`metanp.side`), where given, are one more block; each cell is a row of its own then.

Axes: cell, as given; graph, a distinct row; pattern, a named count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Int, UInt64
from scipy.sparse import csr_matrix

from metanp.brief import brief
from metanp.side import Side, standardise_side


@dataclass(frozen=True)
class Counts:
    """How often each pattern occurs in each graph.

    name: of the patterns, ascending.
    count: (graph, pattern), sparse.
    """

    name: UInt64[np.ndarray, " pattern"]
    count: csr_matrix

    __repr__ = brief

    @classmethod
    def of(
        cls,
        graph: Int[np.ndarray, " hit"],
        pattern: UInt64[np.ndarray, " hit"],
        n_graphs: int,
        value: Float32[np.ndarray, " hit"] | None = None,
    ) -> Counts:
        """Count hits: `pattern[i]` occurs once more in `graph[i]`, or `value[i]` times."""
        name, column = np.unique(pattern, return_inverse=True)
        value = np.ones(len(graph), dtype=np.float32) if value is None else value
        return cls(name, csr_matrix((value, (graph, column)), shape=(n_graphs, len(name))))

    def columns(self, known: UInt64[np.ndarray, " known"]) -> Float32[np.ndarray, "graph column"]:
        """Counts of the `known` patterns (ascending), and a last column for all others."""
        place = np.searchsorted(known, self.name)
        found = np.isin(self.name, known)
        column = np.where(found, place, len(known))[self.count.indices]
        value = np.where(column < len(known), self.count.data, self.count.data**2)
        shape = (self.count.shape[0], len(known) + 1)
        dense = csr_matrix((value, column, self.count.indptr), shape=shape).toarray()
        dense[:, -1] = np.sqrt(dense[:, -1])
        return dense


@dataclass(frozen=True)
class Inputs:
    """Cells as a baseline reads them.

    graph: the row of each cell.
    fingerprint: a hash of what each row describes, equal for equal rows anywhere.
    features: numbers; no column where there are none.
    counts: blocks of patterns.
    side: side features of each row.
    """

    graph: Int[np.ndarray, " cell"]
    fingerprint: UInt64[np.ndarray, " graph"]
    features: Float32[np.ndarray, "graph feature"]
    counts: tuple[Counts, ...]
    side: Side

    __repr__ = brief

    def __len__(self) -> int:
        return len(self.graph)

    @property
    def n_rows(self) -> int:
        """Distinct rows."""
        return len(self.features)

    def rows(self, start: int, stop: int) -> Inputs:
        """Some of the rows, each as one cell."""
        counts = tuple(Counts(c.name, c.count[start:stop]) for c in self.counts)
        features = self.features[start:stop]
        side = self.side.rows(slice(start, stop))
        return Inputs(np.arange(len(features)), self.fingerprint[start:stop], features, counts, side)

    def with_side(self, side: Side) -> Inputs:
        """The same cells, each a row of its own beside its side features; as they are where there are none."""
        if not side:
            return self
        counts = tuple(Counts(c.name, c.count[self.graph]) for c in self.counts)
        fingerprint, features = self.fingerprint[self.graph], self.features[self.graph]
        return Inputs(np.arange(len(self)), fingerprint, features, counts, side)

    def with_derived(self) -> Inputs:
        """For evaluated cells: `Side.with_derived`."""
        return replace(self, side=self.side.with_derived()) if self.side.derived else self

    def blocks(self, context: Inputs) -> list[Float32[np.ndarray, "graph column"]]:
        """Features, counts, side features (missing ones average), with the columns of the cells in `context`."""
        blocks = [self.features]
        blocks += [own.columns(known.name) for own, known in zip(self.counts, context.counts, strict=True)]
        if context.side.names:
            known = context.side.values[context.graph]
            blocks.append(np.nan_to_num(standardise_side(known, self.side.like(context.side))).astype(np.float32))
        return blocks
