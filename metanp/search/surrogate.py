"""A predictor inside a strategy: it learns from the history, then predicts options.

Any predictor of `metanp.contract` can be used, made anew for each ask; so can MetaNP, which is only conditioned, and
learns from failures as well. A strategy's `predictor` is "metanp", the name of a class, such as
"metanp.baselines.trees:XGBoost", or a function that makes a predictor for a `seed`. Encodings of a list of cells are
made once, not once an ask.

Scores are the user's, higher is better, without measurement noise where the predictor can separate it.

Axes: option, the cells considered in one ask.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from metanp.baselines.base import library
from metanp.brief import brief
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.contract import Predictor
from metanp.named import class_at
from metanp.predictor import MetaNP
from metanp.search.belief import condition, encoded
from metanp.search.candidates import Candidates, Options
from metanp.search.history import History
from metanp.side import Side


@dataclass(frozen=True)
class Prediction:
    """Expected score of each option, and its standard deviation where the predictor gives one."""

    mean: Float[np.ndarray, " option"]
    std: Float[np.ndarray, " option"] | None

    __repr__ = brief

    @property
    def place(self) -> Int[np.ndarray, " option"]:
        """0 for the highest expected score, 1 for the next; of equal ones, the first comes first."""
        place = np.empty(len(self.mean), dtype=np.int64)
        place[np.argsort(-self.mean, kind="stable")] = np.arange(len(place))
        return place

    def note(self, row: int) -> dict[str, float]:
        """The note of a pick."""
        std = {} if self.std is None else {"std": float(self.std[row])}
        return {"mean": float(self.mean[row]), **std}


Predict = Callable[[Options], Prediction]


class Surrogate(ABC):
    """title: in tables. fewest: evaluated cells that it needs."""

    title: str
    fewest: int

    @abstractmethod
    def fit(self, history: History, candidates: Candidates, rng: np.random.Generator) -> Predict:
        """Learn from all measurements; the result is valid until the next fit."""


class Trained(Surrogate):
    """A predictor that is trained anew. Args: make: makes an unfitted one for a `seed`.

    Raises:
        TypeError: it makes no predictor.
        ImportError: a library that it needs is missing; raised now, not after the first evaluations.
    """

    def __init__(self, make: Callable[..., Predictor]):
        self.make, example = make, make(seed=0)
        if not isinstance(example, Predictor):
            raise TypeError(f"{make!r:.80} makes no predictor (metanp.contract), but {type(example).__name__}")
        self.title, self.fewest = example.about.title, max(2, example.fewest_labels)
        for name in example.libraries:
            library(name)

    def fit(self, history: History, candidates: Candidates, rng: np.random.Generator) -> Predict:
        cells, scores = history.measurements()
        predictor = self.make(seed=int(rng.integers(2**31)))
        predictor.fit(cells, scores, features=candidates.features(cells))

        def predict(options: Options) -> Prediction:
            inputs = options.once(predictor.encoding, lambda: predictor.encode(options.cells, options.features))
            if not predictor.knows_std:
                return Prediction(predictor.predict(inputs), None)
            return Prediction(*predictor.predict(inputs, return_std=True))

        return predict


class Conditioned(Surrogate):
    """MetaNP. Args: as `MetaNP`."""

    title = MetaNP.about.title
    fewest = max(1, MetaNP.fewest_labels)

    def __init__(self, checkpoint: str = "default", device: str = "cpu"):
        self.checkpoint, self.device = checkpoint, device

    def __getstate__(self) -> dict[str, Any]:
        """Without the model, which is loaded anew when it is needed."""
        return {name: value for name, value in vars(self).items() if name != "model"}

    @cached_property
    def model(self) -> MetaNP:
        """Loaded when it is first needed."""
        return MetaNP(self.checkpoint, self.device)

    def fit(self, history: History, candidates: Candidates, rng: np.random.Generator) -> Predict:
        condition(self.model, history, candidates)
        return self._predict

    def _predict(self, options: Options) -> Prediction:
        predicted = self.model.predict_distribution(encoded(self.model, options), noise=False)
        return Prediction(predicted.mean, predicted.std)


def maker(predictor: str | Callable[..., Predictor]) -> Callable[..., Predictor]:
    """The function or class that makes a predictor, from its name; a function or class is returned as it is.

    Raises:
        ValueError: nothing of this name.
        ImportError: its module needs a library that is missing.
    """
    if not isinstance(predictor, str):
        return predictor
    if predictor == "metanp":
        return MetaNP
    try:
        return class_at(predictor)
    except ValueError as error:
        where = "'metanp', or a class as in 'metanp.baselines.trees:XGBoost'"
        raise ValueError(f"unknown predictor {predictor!r}: {error}; expected {where}") from error


def surrogate(predictor: str | Callable[..., Predictor], checkpoint: str = "default") -> Surrogate:
    """By name, or from a function that makes a predictor for a `seed`. checkpoint: MetaNP's.

    Raises:
        ValueError: nothing of this name.
        TypeError: the class or function makes no predictor.
        ImportError: a library that it needs is missing; says how to install it.
    """
    make = maker(predictor)
    return Conditioned(checkpoint) if make is MetaNP else Trained(make)


def predict_all(
    predict: Predict, history: History, candidates: Candidates, rng: np.random.Generator
) -> tuple[Options, Prediction]:
    """The options of this ask, chosen by expected score, and their predictions."""
    options = candidates.options(history, rng, lambda found: predict(found).mean)
    return options, predict(options)


def options_of(cells: Sequence[Cell], candidates: Candidates) -> Options:
    """Some candidates, all of them free, as options."""
    side = Side.of(candidates.features(cells), len(cells))
    free, known = np.ones(len(cells), dtype=bool), np.zeros(0, dtype=np.int64)
    return Options(CellArray.from_cells(cells), free, known, cells.__getitem__, side)
