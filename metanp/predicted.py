"""What a predictor says of candidates: mean and standard deviation at once, any quantile when asked.

Axes: cell, the candidates as given. Everything in the units of the scores that were given to `fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from metanp.brief import counted
from metanp.given import read_items, read_probability

if TYPE_CHECKING:
    from metanp.pictures import Picture


@dataclass(frozen=True)
class Predicted:
    """The distribution of a score of each candidate.

    quantile: a probability to the values that the scores stay below with it.
    """

    mean: Float[np.ndarray, " cell"]
    std: Float[np.ndarray, " cell"]
    quantile: Callable[[float], Float[np.ndarray, " cell"]]

    def __len__(self) -> int:
        return len(self.mean)

    def __repr__(self) -> str:
        if not len(self):
            return "Predicted(no cell)"
        low, high = self.mean.min(), self.mean.max()
        return f"Predicted({counted(len(self), 'cell')}, means from {low:.4g} to {high:.4g})"

    def plot(self, measured: Sequence[float] | Float[np.ndarray, " cell"]) -> Picture:
        """Means and 90 % intervals against what was measured of each cell, NaN where nothing was.

        Raises:
            ValueError: not one measurement a cell, or none that is a number.
        """
        from metanp.pictures.predictions import draw_predictions

        return draw_predictions(np.asarray(measured), self.mean, *self.quantiles((0.05, 0.95)))

    def quantiles(self, probabilities: Sequence[float]) -> Float[np.ndarray, "probability cell"]:
        """The values that each candidate's score stays below with these probabilities.

        Raises:
            TypeError, ValueError: a probability that is not between 0 and 1.
        """
        wanted = [read_probability(p, "the probability") for p in read_items(probabilities, "the probabilities")]
        return np.stack([self.quantile(p) for p in wanted]) if wanted else np.zeros((0, len(self.mean)))
