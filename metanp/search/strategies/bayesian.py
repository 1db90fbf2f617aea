"""Bayesian optimisation with MetaNP: its predictions for the candidates, and an acquisition that chooses by them.

It needs no random cells to begin with: before any cell was evaluated it uses its prior. Nothing is trained in between.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from metanp.nearest import nearest_one
from metanp.predictor import MetaNP
from metanp.search.acquisitions import ACQUISITIONS
from metanp.search.belief import Belief
from metanp.search.candidates import Candidates
from metanp.search.history import History
from metanp.search.strategy import Pick, Strategy

JUDGED = 256  # joint draws behind the probability of an improvement


class Bayesian(Strategy):
    """What `metanp` as a strategy is: MetaNP's belief of all candidates, and an acquisition that chooses from it.

    Args:
        checkpoint: as in `MetaNP`.
        acquisition: of `metanp.search.acquisitions.ACQUISITIONS`.
        device: as in `MetaNP`.

    Raises:
        ValueError: no such acquisition; names the nearest.
    """

    title = "MetaNP"
    source = "this project"

    def __init__(self, checkpoint: str = "default", acquisition: str = "best", device: str = "cpu"):
        if acquisition not in ACQUISITIONS:
            near = nearest_one(acquisition, ACQUISITIONS)
            raise ValueError(f"unknown acquisition {acquisition!r}; {near}; known: {', '.join(ACQUISITIONS)}")
        self.checkpoint, self.device, self.acquisition = checkpoint, device, acquisition

    def __getstate__(self) -> dict[str, Any]:
        """Without the model, which is loaded anew when it is needed."""
        return {name: value for name, value in vars(self).items() if name != "model"}

    @cached_property
    def model(self) -> MetaNP:
        """Loaded when it is first needed."""
        return MetaNP(self.checkpoint, self.device)

    def propose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        belief = Belief.of(self.model, history, candidates, n, rng)
        if not len(belief.contenders):  # an open space, and no cell that was considered is feasible
            return [Pick(cell) for cell in candidates.random(history.taken, n, rng)]
        rows = ACQUISITIONS[self.acquisition](belief, n, rng)
        cells = [belief.options.cell(int(row)) for row in rows]
        return [Pick(*pair) for pair in zip(cells, self._notes(belief, rows, rng), strict=True)]

    def _notes(self, belief: Belief, rows: np.ndarray, rng: np.random.Generator) -> list[dict[str, float]]:
        notes = [{"mean": float(belief.mean[row]), "std": float(belief.std[row])} for row in rows]
        if not np.isfinite(belief.best):  # no incumbent
            return notes
        better = (belief.draws(rows, JUDGED, rng) > belief.best).mean(0)
        return [{**note, "p_improve": float(p)} for note, p in zip(notes, better, strict=True)]
