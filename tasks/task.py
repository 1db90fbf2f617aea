"""A task: one function from cells to a score, known at some cells.

Every source of tasks (`tasks.prior`, `tasks.measured`) has one method: draw a task on about n cells. A task knows
nothing of context and target; `tasks.episodes` splits it.

Axes: cell; side, the columns of side features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from metanp.graphs import Graphs


@dataclass(frozen=True)
class Task:
    """Scores of some cells, any unit, higher is better, and side features (NaN where missing).

    hint: what side features with a role say of the score, by kind of role, NaN where nothing.
    """

    graphs: Graphs
    score: Float[np.ndarray, " cell"]
    side: Float[np.ndarray, "cell side"]
    hint: Float[np.ndarray, "cell kind"] | None = None

    def after(self, skipped: int) -> Task:
        """The same without its first cells."""
        hint = None if self.hint is None else self.hint[skipped:]
        return Task(self.graphs[skipped:], self.score[skipped:], self.side[skipped:], hint)


@runtime_checkable
class TaskSource(Protocol):
    """Anything that tasks can be drawn from."""

    def draw(self, n: int, rng: np.random.Generator) -> Task:
        """A task on at most `n` distinct cells."""

    @property
    def sources(self) -> list[dict[str, Any]]:
        """Where its tasks come from, as recorded by its loader: space, or table, column and sha256."""


class TaskMixture:
    """Tasks from several sources, each drawn from with its own probability."""

    def __init__(self, parts: Sequence[TaskSource], weights: Sequence[float]):
        if len(parts) != len(weights) or not parts:
            raise ValueError(f"{len(parts)} sources of tasks but {len(weights)} weights")
        self.parts = list(parts)
        self.weights = np.asarray(weights, dtype=np.float64) / sum(weights)

    def draw(self, n: int, rng: np.random.Generator) -> Task:
        return self.parts[rng.choice(len(self.parts), p=self.weights)].draw(n, rng)

    @property
    def sources(self) -> list[dict[str, Any]]:
        return [source for part in self.parts for source in part.sources]
