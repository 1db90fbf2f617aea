"""Random order: the reference of a ranking without information.

Each distinct cell gets a normal number that depends on the seed, the evaluated cells and the cell itself, so that
isomorphic cells agree, and a cell's prediction does not depend on the other candidates.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from metanp.baselines.base import Baseline, Moments
from metanp.baselines.computed import computed
from metanp.baselines.inputs import Inputs
from metanp.contract import About
from metanp.hashed_refinement import mix


class RandomOrder(Baseline):
    """Predictions have the spread of the evaluated scores, and no relation to the cells."""

    about = About("random order", "chance", family="reference", needs=())
    read = staticmethod(computed)

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        # another order for every label set, or the mean over label sets would be that of a single draw
        shown = int(mix(context.fingerprint[context.graph]).sum())
        self._key = np.random.default_rng([self.seed, shown]).integers(2**64, dtype=np.uint64)
        self._mean, self._std = value.mean(), value.std()

    def _predict(self, inputs: Inputs) -> Moments:
        uniform = ((mix(inputs.fingerprint ^ self._key) >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53
        return self._mean + self._std * ndtri(uniform), np.full(inputs.n_rows, self._std)
