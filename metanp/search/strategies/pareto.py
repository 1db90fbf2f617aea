"""MetaNP's search for the front of score against a known cost: it asks for the largest expected gain in dominated area.

In a batch, cells that were chosen or are pending count as if their expected score had been measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from metanp.brief import brief
from metanp.cell import Cell
from metanp.predicted import Predicted
from metanp.search.belief import Belief, upper_end
from metanp.search.candidates import Candidates, Options
from metanp.search.history import History
from metanp.search.pareto import Reference, hypervolume_improvement
from metanp.search.strategies.bayesian import Bayesian
from metanp.search.strategy import Pick

DRAWS = 128


class Pareto(Bayesian):
    """Search for cells of a high score at a low cost.

    Args:
        cost: of a cell, known without evaluating it, lower is better; asked once for each cell that is feasible or was
            evaluated.
        reference: the corner of the area, in scores as a search that maximises has them (negatives where it minimises);
            without it, beyond the lowest measured score and the highest cost of a feasible candidate.
        checkpoint: as in `MetaNP`.
        device: as in `MetaNP`.
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
        points = _Points(history.scores.tolist(), self._cost_of(history.cells).tolist())

        def added(options: Options, predicted: Predicted) -> Float[np.ndarray, " option"]:
            cost = self._costs_of(options, candidates)
            upper = upper_end(options, predicted)
            return points.improvement(upper[None], cost, self._reference(points, predicted.mean, cost))[0]

        belief = Belief.of(self.model, history, candidates, n, rng, added)
        if not len(belief.contenders):
            return [Pick(cell) for cell in candidates.random(history.taken, n, rng)]
        cost = self._costs_of(belief.options, candidates)
        rows = self._greedy(belief, cost, points, n, rng)
        costs, notes = cost[rows].tolist(), self._notes(belief, rows, rng)
        cells = [belief.options.cell(int(row)) for row in rows]
        return [Pick(c, {**note, "cost": cost}) for c, note, cost in zip(cells, notes, costs, strict=True)]

    def _greedy(
        self,
        belief: Belief,
        cost: Float[np.ndarray, " option"],
        points: _Points,
        n: int,
        rng: np.random.Generator,
    ) -> Int[np.ndarray, " pick"]:
        """Contenders one after another, each the one that adds most to the area of known and chosen points."""
        rows = belief.contenders
        reference, drawn = self._reference(points, belief.mean, cost), belief.draws(rows, DRAWS, rng)
        there = points.joined(belief.mean[belief.pending], cost[belief.pending])
        chosen: list[int] = []
        for _ in range(min(n, len(rows))):
            gain = there.improvement(drawn, cost[rows], reference).mean(0)
            gain[chosen] = -np.inf
            chosen.append(int(np.argmax(gain)))
            there = there.joined(belief.mean[rows[chosen[-1:]]], cost[rows[chosen[-1:]]])
        return rows[chosen]

    def _reference(self, points: _Points, mean: np.ndarray, cost: np.ndarray) -> Reference:
        if self.reference is not None:
            return self.reference
        return Reference.beyond(np.array(points.score) if points.score else mean, cost[np.isfinite(cost)])

    def _costs_of(self, options: Options, candidates: Candidates) -> Float[np.ndarray, " option"]:
        """Costs, infinite where a cell is not feasible."""

        def made() -> Float[np.ndarray, " option"]:
            cells = [options.cell(i) for i in range(len(options))]
            wanted = np.array([candidates.feasible(cell) for cell in cells], dtype=bool)
            cost = np.full(len(cells), np.inf)
            cost[wanted] = self._cost_of([cell for cell, yes in zip(cells, wanted, strict=True) if yes])
            return cost

        return options.once(("cost", self), made)

    def _cost_of(self, cells: list[Cell]) -> Float[np.ndarray, " cell"]:
        for cell in cells:
            if cell.key not in self._costs:
                self._costs[cell.key] = _number(self.cost(cell), cell)
        return np.array([self._costs[cell.key] for cell in cells])


@dataclass(frozen=True)
class _Points:
    """Scores and costs of known points."""

    score: list[float]
    cost: list[float]

    __repr__ = brief

    def joined(self, score: np.ndarray, cost: np.ndarray) -> _Points:
        return _Points([*self.score, *score.tolist()], [*self.cost, *cost.tolist()])

    def improvement(self, drawn: np.ndarray, cost: np.ndarray, reference: Reference) -> np.ndarray:
        return hypervolume_improvement(drawn, cost, np.array(self.score), np.array(self.cost), reference)


def _number(value: float, cell: Cell) -> float:
    if not np.isfinite(value):
        raise ValueError(f"the cost of {cell.to_json()} is {value}; leave such cells out with feasible=")
    return float(value)
