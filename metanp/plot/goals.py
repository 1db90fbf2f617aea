"""Two goals: scores against a cost, and the front that no other cell is better than in both.

Axes: point, evaluated cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from metanp.cell import Cell
from metanp.given import InputError, read_flag, read_scores, shown
from metanp.plot.style import COLOURS, drawn_into, finish
from metanp.search import Search
from metanp.search.pareto import on_front

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Points = Float[np.ndarray, " point"]


def front(
    found: Search | Sequence[float] | Points,
    cost: Callable[[Cell], float] | Sequence[float] | Points,
    maximize: bool = True,
    axes: Axes | None = None,
) -> Axes:
    """Draw scores against costs, and the front: the best score at each cost. Lower costs are better.

    Args:
        found: a search, whose evaluated cells are drawn; or (point,) scores.
        cost: of a search, a function from a cell to its cost; of scores, (point,) costs, in any unit.
        maximize: of scores, False where lower is better; a search knows that itself.
        axes: to draw into; a new figure unless given. A log scale, `axes.set_xscale("log")`, keeps the front.

    Raises:
        ImportError: matplotlib is missing; says how to install it.
        InputError: a cost that is no function beside a search or one beside scores, no numbers, or no axes.
        ValueError: no cell, costs of another number of cells, or a number that is not finite; names the cell.
    """
    score, costs, sign = _of_search(found, cost) if isinstance(found, Search) else _of_points(found, cost, maximize)
    if not len(score):
        raise ValueError("nothing to draw: no cell was evaluated")
    best = np.flatnonzero(on_front(sign * score, costs))
    best = best[np.argsort(costs[best], kind="stable")]
    axes = drawn_into(axes)
    axes.plot(costs, score, "o", color=COLOURS[0], ms=4, alpha=0.8, mew=0, label="evaluated")
    end = max(float(costs.max()), float(costs[best[-1]]))
    stairs = np.append(costs[best], end), np.append(score[best], score[best[-1]])
    axes.step(*stairs, where="post", color=COLOURS[1], lw=1.6)
    axes.plot(costs[best], score[best], "D", color=COLOURS[1], ms=5, label=f"front, {len(best):,} cells")
    axes.grid(alpha=0.25)
    return finish(axes, "cost", "score")


def _of_search(search: Search, cost: Any) -> tuple[Points, Points, int]:
    if not callable(cost):
        raise InputError(
            f"cost is {shown(cost)} ({type(cost).__name__}); beside a search give a function from a cell to its cost"
        )
    history = search.history
    costs = read_scores([cost(cell) for cell in history.cells], len(history.cells))
    return search.sign * history.scores, costs, search.sign


def _of_points(scores: Any, cost: Any, maximize: bool) -> tuple[Points, Points, int]:
    if callable(cost):
        raise InputError("cost is a function, but there is no search; give one cost a score")
    costs = np.asarray(cost, dtype=np.float64)
    return read_scores(scores, len(costs)), read_scores(costs, len(costs)), 1 if read_flag(maximize, "maximize") else -1
