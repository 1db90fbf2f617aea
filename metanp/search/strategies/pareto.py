"""MetaNP's search for the front of score against a known cost: what is expected to add most to the dominated area.

In a batch, cells that were chosen or are pending count as if their expected score had been measured.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from metanp.cell import Cell
from metanp.search.belief import REACH, Belief, condition, encoded
from metanp.search.candidates import Candidates, Options
from metanp.search.history import History
from metanp.search.pareto import Reference, hypervolume_improvement
from metanp.search.strategies.bayesian import Bayesian
from metanp.search.strategy import Pick

DRAWS = 128


class Pareto(Bayesian):
    """Search for cells of a high score at a low cost.

    Args:
        cost: of a cell, known without evaluating it, lower is better; asked once a cell.
        reference: the corner of the area, as scores are told to a search that maximises (their negatives to one that
            minimises); without, the lowest score measured and the highest cost of a candidate.
        checkpoint, device: as in `MetaNP`.
    """

    title = "MetaNP, Pareto front"

    def __init__(
        self,
        cost: Callable[[Cell], float],
        reference: Reference | None = None,
        checkpoint: str = "default",
        device: str = "cpu",
    ):
        super().__init__(checkpoint, device=device)
        self.cost, self.reference = cost, reference
        self._costs: dict[str, float] = {}

    def propose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        condition(self.model, history, candidates)
        known_score, known_cost = history.scores, self._cost_of(history.cells)

        def added(options: Options) -> Float[np.ndarray, " option"]:
            cost = self._cost_of_options(options)
            predicted = self.model.predict_distribution(encoded(self.model, options), noise=False)
            reference = self._reference(history, predicted.mean, cost)
            upper = predicted.mean + REACH * predicted.std
            return hypervolume_improvement(upper[None], cost, known_score, known_cost, reference)[0]

        options = candidates.options(history, rng, added)
        belief = Belief.of(self.model, history, candidates, options, added(options))
        cost = self._cost_of_options(options)
        reference = self._reference(history, belief.mean, cost)
        pending = [int(row) for row in options.known[len(history.evaluated) :]]
        score, at = [*known_score, *belief.mean[pending]], [*known_cost, *cost[pending]]
        rows, left = belief.contenders, np.ones(len(belief.contenders), dtype=bool)
        drawn, chosen = belief.draws(rows, DRAWS, rng), []
        for _ in range(min(n, len(rows))):
            gain = hypervolume_improvement(drawn, cost[rows], np.array(score), np.array(at), reference).mean(0)
            best = int(np.argmax(np.where(left, gain, -np.inf)))
            left[best] = False
            chosen.append(int(rows[best]))
            score.append(belief.mean[rows[best]])
            at.append(cost[rows[best]])
        picks = np.array(chosen, dtype=np.int64)
        notes = self._notes(belief, picks, rng)
        return [
            Pick(options.cell(int(row)), {**note, "cost": float(cost[row])})
            for row, note in zip(picks, notes, strict=True)
        ]

    def _reference(self, history: History, mean: np.ndarray, cost: np.ndarray) -> Reference:
        if self.reference is not None:
            return self.reference
        lowest = history.scores.min() if history.evaluated else mean.min()
        return Reference(float(lowest), float(cost.max()))

    def _cost_of_options(self, options: Options) -> Float[np.ndarray, " option"]:
        return options.once(("cost", id(self)), lambda: self._cost_of([options.cell(i) for i in range(len(options))]))

    def _cost_of(self, cells: list[Cell]) -> Float[np.ndarray, " cell"]:
        for cell in cells:
            if cell.key not in self._costs:
                self._costs[cell.key] = _number(self.cost(cell), cell)
        return np.array([self._costs[cell.key] for cell in cells])


def _number(value: float, cell: Cell) -> float:
    if not np.isfinite(value):
        raise ValueError(f"the cost of {cell.to_json()} is {value}; leave such cells out with feasible=")
    return float(value)
