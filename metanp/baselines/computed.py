"""The inputs of this project's own baselines: graph features, and exact counts of Weisfeiler-Lehman subtrees.

They describe pruned cells, each distinct one once, so that isomorphic cells are one row. Other encodings are in
`metanp.baselines.encodings`.

Source of the counts: Shervashidze et al. 2011; for cells, Ru et al. 2021 (NAS-BOWL, arXiv:2006.07556).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metanp.baselines.inputs import Counts, Inputs
from metanp.cell import Cell
from metanp.cell_array import CellArray, initial_colour, refine
from metanp.distinct import Distinct
from metanp.features import graph_features
from metanp.side import Side

WL_STEPS = 2  # a third step added nothing on any benchmark tried


def computed(cells: Sequence[Cell] | CellArray) -> Inputs:
    """Graph features and counts of subtrees of one step, of two, ...; of the pruned cells."""
    distinct = Distinct.of(cells)
    counts = [Counts.of(graph, name, len(distinct)) for graph, name in _subtrees(distinct)]
    features, none = distinct.each(lambda pruned: graph_features(pruned.in_words())), Side.of(None, len(distinct))
    return Inputs(distinct.graph, distinct.fingerprint, features, tuple(counts), none)


def _subtrees(distinct: Distinct) -> list[list[np.ndarray]]:
    """For each step, the graph of every node, and the name of its subtree."""
    hits: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in range(WL_STEPS)]
    for graphs, pruned in distinct.groups:
        row, node = np.nonzero(pruned.operation >= 0)
        colour = initial_colour(pruned)
        for found in hits:
            colour = refine(colour, pruned)
            found.append((graphs[row], colour[row, node]))
    return [[np.concatenate(part) for part in zip(*found, strict=True)] for found in hits]
