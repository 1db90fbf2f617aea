"""What a predictor says of candidates: mean and standard deviation at once, any quantile when asked.

Axes: cell, the candidates as given. Everything in the units of the scores that were given to `fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


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
            ValueError: a probability that is not between 0 and 1.
        """
        if wrong := [p for p in probabilities if not 0 < p < 1]:
            raise ValueError(f"{wrong[0]} is no probability between 0 and 1, such as 0.9")
        return np.stack([self.quantile(p) for p in probabilities])
