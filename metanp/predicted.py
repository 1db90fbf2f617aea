"""What a predictor says of candidates: mean and standard deviation at once, any quantile when asked.

Axes: cell, the candidates as given. Everything in the units of the scores that were given to `fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metanp.given import read_items, read_probability


@dataclass(frozen=True)
class Predicted:
    """The distribution of a score of each candidate.

    quantile: a probability to the values that the scores stay below with it.
    """

    mean: Float[np.ndarray, " cell"]
    std: Float[np.ndarray, " cell"]
    quantile: Callable[[float], Float[np.ndarray, " cell"]]

    def quantiles(self, probabilities: Sequence[float]) -> Float[np.ndarray, "probability cell"]:
        """The values that each candidate's score stays below with these probabilities.

        Raises:
            TypeError, ValueError: a probability that is not between 0 and 1.
        """
        wanted = [read_probability(p, "the probability") for p in read_items(probabilities, "the probabilities")]
        return np.stack([self.quantile(p) for p in wanted]) if wanted else np.zeros((0, len(self.mean)))
