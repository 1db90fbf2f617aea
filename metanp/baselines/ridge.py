"""Ridge regression on what is written: the parameters of configurations, the one-hot operations and edges of cells.

Both of its variances are found by marginal likelihood (MacKay 1992), as scikit-learn's `BayesianRidge` does. An
architecture that has parameters or described operations is these numbers and its side features alone; any other is its
operations by node and its edges, and where all evaluated cells are chains these count twice.

Source: Hoerl & Kennard 1970; MacKay 1992, "Bayesian Interpolation".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from scipy.sparse import diags_array

from metanp.baselines.base import Baseline, Moments, library
from metanp.baselines.encodings import adjacency
from metanp.baselines.inputs import Counts, Inputs
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.contract import About
from metanp.descriptions import Descriptions


def written(cells: Sequence[Cell] | CellArray) -> Inputs:
    """One-hot operations and edges of the cells without a column of their own; parameters come with side features."""
    inputs, said = adjacency(cells), Descriptions.of(cells)
    plain = np.ones(len(inputs), dtype=np.float32)
    for values in (*said.flags.values(), *said.numbers.values()):
        plain[list(values)] = 0
    kept = tuple(Counts(block.name, (diags_array(plain) @ block.count).tocsr()) for block in inputs.counts)
    return replace(inputs, counts=kept)


class RawRidge(Baseline):
    """Linear in the raw parameters; `std` is of a new measurement."""

    about = About("ridge on raw parameters", "Hoerl & Kennard 1970; MacKay 1992")
    read = staticmethod(written)
    libraries = ("sklearn.linear_model",)

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        self._ridge = library("sklearn.linear_model").BayesianRidge()
        self._ridge.fit(self._table(context)[context.graph], value)

    def _predict(self, inputs: Inputs) -> Moments:
        return self._ridge.predict(self._table(inputs), return_std=True)

    def _table(self, inputs: Inputs) -> Float[np.ndarray, "graph column"]:
        return np.concatenate(inputs.blocks(self._context), axis=1, dtype=np.float64)
