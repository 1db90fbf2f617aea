"""A score that is a known sum over the operations of NAS-Bench-201, predictors that are fast, and searches for it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from metanp import Cell
from metanp.baselines.base import Baseline, ZScore
from metanp.baselines.encodings import adjacency
from metanp.contract import About
from metanp.search import Candidates, Evaluated, History, Listed, Pick, Strategy
from metanp.spaces import get_space

SPACE = get_space("nasbench201")
WORTH = {"none": 0.0, "skip": 1.0, "conv1x1": 2.5, "conv3x3": 3.0, "avgpool3x3": 0.5}
WEIGHT = np.array([1.0, 0.5, 2.0, 1.5, 0.7, 1.2])


def score(cell: Cell) -> float:
    """A sum over the six operations of whatever string of the space computes the same."""
    digits = SPACE.digits(cell)
    return float(WEIGHT @ [WORTH[SPACE.operations[digit]] for digit in digits])


class Additive(Baseline):
    """Ridge regression on one-hot cells: fast, and right about `score`."""

    about = About("ridge", "these tests")
    transform = ZScore
    read = staticmethod(adjacency)

    def _fit(self, context, value):
        table = self._table(context)
        self._weights = table.T @ np.linalg.solve(table @ table.T + 0.1 * np.eye(len(table)), value)

    def _predict(self, inputs):
        mean = self._table(inputs) @ self._weights
        return mean, np.full(len(mean), 0.1)

    def _table(self, inputs):
        return np.concatenate(inputs.blocks(self._context), axis=1).astype(np.float64)


class Backwards(Additive):
    """Takes the worst for the best."""

    def _predict(self, inputs):
        mean, std = super()._predict(inputs)
        return -mean, std


def brief(kind: Any, epochs: int, **attributes: Any) -> Any:
    """The same network, trained for a few epochs only."""
    training = replace(kind.training, epochs=epochs)
    return type(kind.__name__, (kind,), {"training": training, **attributes})


def small(forest: Any) -> Any:
    """The same trees, but few."""
    return type(forest.__name__, (forest,), {"settings": {**forest.settings, "n_estimators": 30}})


def thousand(**more: Any) -> Listed:
    """Neighbours of one another, 693 of them distinct: enough for what holds of every strategy, and quickly encoded."""
    return Listed(SPACE.arrays()[14_500:15_500], SPACE, **more)


def scattered(**more: Any) -> Listed:
    """391 cells, most of whose neighbours are not among them."""
    return Listed(SPACE.arrays()[::40], SPACE, **more)


def quarter(**more: Any) -> Listed:
    """Every fourth cell."""
    return Listed(SPACE.arrays()[::4], SPACE, **more)


def told(
    strategy: Strategy,
    candidates: Candidates,
    budget: int,
    batch: int = 10,
    seed: int = 0,
    history: History | None = None,
    value: Callable[[Cell], float] = score,
) -> History:
    """The history after an ask and a tell of `batch` cells at a time."""
    history = history or History()
    while len(history.evaluated) < budget:
        picks = strategy.propose(history, candidates, batch, np.random.default_rng([seed, len(history.evaluated)]))
        if not picks:
            break
        history = tell(history, picks, value)
    return history


def tell(history: History, picks: list[Pick], value: Callable[[Cell], float] = score) -> History:
    """As a journal would keep it: notes are JSON."""
    new = [Evaluated(pick.cell, (value(pick.cell),), json.loads(json.dumps(pick.note))) for pick in picks]
    return replace(history, evaluated=[*history.evaluated, *new])


def keys(cells: Any) -> list[str]:
    return [getattr(one, "cell", one).key for one in cells]


def random_history(n: int, candidates: Candidates) -> History:
    return tell(History(), [Pick(cell) for cell in candidates.random({}, n, np.random.default_rng(0))])


def expected(history: History, candidates: Listed, kind: Any = Additive) -> np.ndarray:
    """What the predictor says of the whole list."""
    cells, scores = history.measurements()
    return kind(seed=0).fit(cells, scores).predict(candidates.cells)
