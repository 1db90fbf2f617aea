"""The model's input: distinct pruned cells with everything that is computed from them.

`Graphs` is the bridge from `CellArray` (numpy, a whole space) to the encoder (torch). Cells that no model here
distinguishes share one row, so that 15,625 strings of NAS-Bench-201 cost as much as their 8,765 pruned cells.

Axes: graph, a distinct pruned cell; cell, as given; node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int, Int64

from metanp.brief import brief
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.distinct import Distinct
from metanp.features import graph_features, wl_patterns
from metanp.graph_batch import GraphBatch
from metanp.operations import words


@dataclass(frozen=True)
class Graphs:
    """Distinct pruned cells and what is computed from them.

    pruned: the graphs.
    features: `metanp.features.graph_features`.
    patterns: `metanp.features.wl_patterns`.
    """

    pruned: CellArray
    features: Float32[np.ndarray, "graph feature"]
    patterns: Int64[np.ndarray, "graph step node"]

    __repr__ = brief

    @classmethod
    def of(cls, pruned: CellArray) -> Graphs:
        """Compute the features of cells that are pruned already, row by row."""
        return cls(pruned, graph_features(pruned.in_words()), wl_patterns(pruned))

    @classmethod
    def distinct(cls, cells: Sequence[Cell] | CellArray) -> tuple[Graphs, Int[np.ndarray, " cell"]]:
        """The distinct graphs among `cells`, and which of them each cell is."""
        distinct = Distinct.of(cells)
        return cls.of(distinct.array()), distinct.graph

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, index: np.ndarray | slice) -> Graphs:
        return Graphs(self.pruned[index], self.features[index], self.patterns[index])

    @classmethod
    def concatenate(cls, parts: Sequence[Graphs]) -> Graphs:
        """Batches concatenated, padded to the widest."""
        width = max(part.patterns.shape[2] for part in parts)
        padded = [np.pad(p.patterns, ((0, 0), (0, 0), (0, width - p.patterns.shape[2]))) for p in parts]
        return cls(
            CellArray.concatenate([part.pruned for part in parts]),
            np.concatenate([part.features for part in parts]),
            np.concatenate(padded),
        )

    def to_batch(self) -> GraphBatch:
        """All of them in tensors."""
        real = self.pruned.operation >= 0
        number = np.cumsum(real.ravel()).reshape(real.shape) - 1
        cell, start, end = np.nonzero(self.pruned.adjacency)
        size = real.sum(1)
        return GraphBatch(
            operation=torch.from_numpy(words(self.pruned.operation)[real].astype(np.int64)),
            start=torch.from_numpy(number[cell, start].astype(np.int64)),
            end=torch.from_numpy(number[cell, end].astype(np.int64)),
            graph=torch.from_numpy(np.repeat(np.arange(len(self)), size)),
            last=torch.from_numpy(np.cumsum(size) - 1),
            features=torch.from_numpy(self.features),
            patterns=torch.from_numpy(self.patterns),
        )
