"""BRP-NAS: half of each batch is the highest predicted, half is drawn from a top share that shrinks.

In iteration i the random half comes from the highest 1 / 2^i of all candidates, evaluated ones among them. After the
last iteration there is no random half any more: the authors evaluate in the order of their predictor's ranking.

Setting: the authors' for NAS-Bench-201: five iterations of 20 cells, the first of them random, half of each batch the
highest. They train one network on through all iterations and not after them; here it is trained anew on all evaluated
cells in each ask, for all epochs. Its predictions only rank: unlike MetaNP's, their scale has no meaning, nor has the
`mean` in the notes.

Source: Dudziak et al. 2020, "BRP-NAS: Prediction-based NAS using GCNs" (arXiv:2007.08668);
github.com/SamsungLabs/eagle, file eagle/predictors/__main__.py with --iter 5 --sample_best2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from metanp.contract import Predictor
from metanp.search.candidates import Candidates
from metanp.search.history import History
from metanp.search.strategies.random_first import RandomFirst
from metanp.search.strategy import Pick
from metanp.search.surrogate import predict_all, surrogate

PAIRWISE = "metanp.baselines.graph_networks:BRPNAS"


class BRPNAS(RandomFirst):
    """Args: predictor, checkpoint: as in `metanp.search.surrogate`. batch: cells of an iteration, also of the first."""

    title = "BRP-NAS"
    source = "Dudziak et al. 2020, arXiv:2007.08668"

    def __init__(
        self,
        predictor: str | Callable[..., Predictor] = PAIRWISE,
        batch: int = 20,
        iterations: int = 5,
        checkpoint: str = "default",
    ):
        super().__init__(batch, batch)
        self.iterations, self.surrogate = iterations, surrogate(predictor, checkpoint)
        self.fewest = self.surrogate.fewest
        if predictor != PAIRWISE:
            self.title = f"{self.title} ({self.surrogate.title})"

    def choose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        predict = self.surrogate.fit(history, candidates, rng)
        options, predicted = predict_all(predict, history, candidates, rng)
        place, begun = predicted.place, len(history.known)
        share = len(options) // 2 ** max(begun // self.batch, 1)
        lot = np.where(place < share, rng.random(len(options)), -place)
        # every other cell is a random one, however few are asked for at once
        highest = sum(cell % 2 == 0 or cell >= self.iterations * self.batch for cell in range(begun, begun + n))
        kinds = ((predicted.mean, highest), (lot, n))
        picks: dict[str, Pick] = {}
        for value, most in kinds:
            for row in candidates.highest(options, value, most).tolist():
                cell = options.cell(row)
                picks.setdefault(cell.key, Pick(cell, predicted.note(row)))
        return list(picks.values())[:n]
