"""Two goals at once: a high score at a low cost that is known beforehand, such as a latency or a number of parameters.

A cell is on the *front* when no other has at least its score at no more than its cost. The *hypervolume* is the area
that the front dominates up to a reference, in units of score times cost; it grows with every cell that reaches the
front, and only then.

Axes: point; known, points that were measured already; draw. Higher scores and lower costs are better.

Source: Zitzler and Thiele 1999; expected hypervolume improvement, Emmerich et al. 2006, here with one goal known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from metanp.cell import Cell
from metanp.search.history import Evaluated, History

Points = Float[np.ndarray, " point"]
Known = Float[np.ndarray, " known"]


def on_front(score: Points, cost: Points) -> Bool[np.ndarray, " point"]:
    """Which points are on the front; of equal ones, the first."""
    front = np.zeros(len(score), dtype=bool)
    highest = -np.inf
    for i in np.lexsort((-score, cost)):
        front[i] = score[i] > highest
        highest = max(highest, score[i])
    return front


def pareto_front(history: History, cost: Callable[[Cell], float]) -> list[Evaluated]:
    """The evaluated cells that are on the front, cheapest first; see `on_front`."""
    costs = np.array([float(cost(cell)) for cell in history.cells])
    front = np.flatnonzero(on_front(history.scores, costs))
    return [history.evaluated[i] for i in front[np.argsort(costs[front], kind="stable")]]


@dataclass(frozen=True)
class Reference:
    """The corner to which areas are measured: points of a lower score or a higher cost count for nothing."""

    score: float
    cost: float

    @classmethod
    def beyond(cls, score: Float[np.ndarray, " a"], cost: Float[np.ndarray, " b"]) -> Reference:
        """Below the lowest score and above the highest cost, so that these count too.

        By a tenth of their ranges; of costs with few levels, by the mean step between levels where that is more.
        """
        return cls(-_beyond(-score), _beyond(cost, 1 / max(1, len(np.unique(cost)) - 1)))


def _beyond(values: Float[np.ndarray, " value"], share: float = 0.0) -> float:
    if not len(values):
        return 0.0
    highest = float(values.max())
    return highest + max(share, 0.1) * (float(np.ptp(values)) or abs(highest) or 1.0)


def hypervolume(score: Points, cost: Points, reference: Reference) -> float:
    """Area that the points dominate."""
    inside = (score > reference.score) & (cost < reference.cost)
    score, cost = score[inside], cost[inside]
    front = on_front(score, cost)
    order = np.argsort(cost[front])
    score, cost = score[front][order], cost[front][order]
    widths = np.diff(np.append(cost, reference.cost))
    return float(((score - reference.score) * widths).sum())


def hypervolume_improvement(
    drawn: Float[np.ndarray, "draw point"], cost: Points, known_score: Known, known_cost: Known, reference: Reference
) -> Float[np.ndarray, "draw point"]:
    """What each point, taken alone, would add to the area of the known points, for each drawn score of it."""
    front = on_front(known_score, known_cost) & (known_score > reference.score) & (known_cost < reference.cost)
    order = np.argsort(known_cost[front])
    # the best known score is a staircase over cost: one step from each start to the next
    start = np.concatenate([[-np.inf], known_cost[front][order]])
    end = np.append(start[1:], reference.cost)
    best = np.concatenate([[reference.score], known_score[front][order]])
    width = np.maximum(end[:, None] - np.maximum(start[:, None], cost), 0)
    above = np.maximum(drawn[:, None] - best[:, None], 0)  # (draw, step, point)
    return (above * width).sum(1)
