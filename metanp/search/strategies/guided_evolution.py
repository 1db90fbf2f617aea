"""Predictor-guided evolution: many children of the best cells, among which a predictor chooses.

Setting: the study's: 20 random cells, then 20 at a time, the highest predicted of 200 children of the best five. There
an ensemble of three predictors of one kind chooses; here it is one. The framework was made to compare kinds of
predictor; the default is this project's XGBoost.

Needs a space, for neighbours.

Source: White et al. 2021, "How Powerful are Performance Predictors in Neural Architecture Search?" (arXiv:2104.01177);
NASLib, files scripts/create_configs.py and naslib/optimizers/discrete/npenas/optimizer.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from metanp.contract import Predictor
from metanp.search.candidates import Candidates
from metanp.search.history import History
from metanp.search.strategies.mutants import Brood
from metanp.search.strategies.random_first import RandomFirst
from metanp.search.strategy import Pick
from metanp.search.surrogate import Prediction, options_of, surrogate

BROOD = Brood(parents=5, each=40, enough=200)


class GuidedEvolution(RandomFirst):
    """Args: predictor, checkpoint: as in `metanp.search.surrogate`. brood: which children it chooses from."""

    needs_neighbours = True
    title = "guided evolution"
    source = "White et al. 2021, arXiv:2104.01177"

    def __init__(
        self,
        predictor: str | Callable[..., Predictor] = "metanp.baselines.trees:XGBoost",
        first: int = 20,
        batch: int = 20,
        brood: Brood = BROOD,
        checkpoint: str = "default",
    ):
        super().__init__(first, batch)
        self.brood, self.surrogate = brood, surrogate(predictor, checkpoint)
        self.title, self.fewest = f"{self.title} ({self.surrogate.title})", self.surrogate.fewest

    def choose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        children = self.brood.children(history, candidates, n, rng)
        if not children:
            return []
        predicted = self.surrogate.fit(history, candidates, rng)(options_of(children, candidates))
        rows = np.argsort(-self.value(predicted, rng), kind="stable")[:n].tolist()
        return [Pick(children[row], predicted.note(row)) for row in rows]

    def value(self, predicted: Prediction, rng: np.random.Generator) -> Float[np.ndarray, " option"]:
        """The value by which children are chosen."""
        return predicted.mean
