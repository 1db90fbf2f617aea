"""BANANAS: Bayesian optimisation with an ensemble of perceptrons on the cell's paths.

The value of each child of the best cells is drawn independently from a normal distribution with the ensemble's mean and
spread (independent Thompson sampling); the highest draws are asked for.

Setting: the authors': 10 random cells, then 10 at a time; the best cell is mutated 100 times, then the next best, until
there are 100 children or five have been parents. The ensemble is `metanp.baselines.networks.BANANAS`, three networks as
in the later study of the same authors; the paper has five of half the depth. Paths are not truncated.

Needs a space, for neighbours.

Source: White et al. 2021 (arXiv:1910.11858); github.com/naszilla/naszilla, file nas_algorithms.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from metanp.contract import Predictor
from metanp.search.strategies.guided_evolution import GuidedEvolution
from metanp.search.strategies.mutants import Brood
from metanp.search.surrogate import Prediction

BROOD = Brood(parents=5, each=100, enough=100)


class BANANAS(GuidedEvolution):
    """Args: as `GuidedEvolution`; the predictor must know its spread.

    Raises:
        ValueError: it does not.
    """

    title = "BANANAS"
    source = "White et al. 2021, arXiv:1910.11858"

    def __init__(
        self,
        predictor: str | Callable[..., Predictor] = "metanp.baselines.networks:BANANAS",
        first: int = 10,
        batch: int = 10,
        brood: Brood = BROOD,
        checkpoint: str = "default",
    ):
        super().__init__(predictor, first, batch, brood, checkpoint)
        self.title = type(self).title

    def value(self, predicted: Prediction, rng: np.random.Generator) -> Float[np.ndarray, " option"]:
        if predicted.std is None:
            raise ValueError(f"Thompson sampling needs a standard deviation; {self.surrogate.title} gives none")
        return rng.normal(predicted.mean, predicted.std)
