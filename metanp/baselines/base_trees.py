"""What tree baselines share: a library's regressor on one table of all inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.baselines.base import Baseline, Moments, library
from metanp.baselines.inputs import Inputs


class Trees(Baseline):
    """Args: seed: of the subsamples. n_jobs: threads.

    A subclass sets the library's regressor and its settings.
    """

    regressor: tuple[str, str]  # module and class
    settings: Mapping[str, Any]

    def __init__(self, seed: int = 0, n_jobs: int = 1):
        super().__init__(seed)
        self.n_jobs = n_jobs

    @property
    def libraries(self) -> tuple[str, ...]:
        """The regressor's."""
        return self.regressor[:1]

    def _make(self, cells: int) -> Any:
        """The unfitted regressor for so many evaluated cells."""
        module, name = self.regressor
        return getattr(library(module), name)(**self.settings, n_jobs=self.n_jobs, random_state=self.seed)

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        self._regressor = self._make(len(value)).fit(self._table(context)[context.graph], value)

    def _predict(self, inputs: Inputs) -> Moments:
        return self._regressor.predict(self._table(inputs)).astype(np.float64), None

    def _table(self, inputs: Inputs) -> Float[np.ndarray, "graph column"]:
        return np.concatenate(inputs.blocks(self._context), axis=1)
