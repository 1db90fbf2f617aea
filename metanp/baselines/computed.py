"""What this project's own baselines read: graph features, and exact counts of Weisfeiler-Lehman subtrees.

Of the pruned cell, each distinct one once, so that isomorphic cells are one row. Other readings are in
`metanp.baselines.encodings`.

Source of the counts: Shervashidze et al. 2011; for cells, Ru et al. 2021 (NAS-BOWL, arXiv:2006.07556).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metanp.baselines.inputs import Counts, Inputs
from metanp.cell import Cell
from metanp.cell_array import CellArray, as_array, initial_colour, refine
from metanp.features import graph_features
from metanp.side import Side

WL_STEPS = 2  # a third told no more on any benchmark tried


def computed(cells: Sequence[Cell] | CellArray) -> Inputs:
    """Graph features and counts of subtrees of one step, of two, ...; of the pruned cells."""
    pruned = as_array(cells).pruned()
    fingerprint, first, graph = np.unique(pruned.fingerprint(), return_index=True, return_inverse=True)
    pruned = pruned[first]
    row, node = np.nonzero(pruned.operation >= 0)
    colour, counts = initial_colour(pruned), []
    for _ in range(WL_STEPS):
        colour = refine(colour, pruned)
        counts.append(Counts.of(row, colour[row, node], len(pruned)))
    return Inputs(graph, fingerprint, graph_features(pruned), tuple(counts), Side.of(None, len(pruned)))
