"""What all baselines share: checks, the score transform, each distinct cell predicted once.

A baseline reads scores through the same monotone map as the model (`metanp.score_transform`), fitted on the evaluated
cells alone, unless its authors standardise them; it predicts in the user's units. On NAS-Bench-Macro, NAS-Bench-Graph,
TransNAS-Bench-101 and NAS-Bench-101 (mean Kendall tau over 20, 50 and 100 labels) that map gave a Gaussian process .033
over standardised scores.

Axes: cell, as given; graph, a distinct row of the inputs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
from jaxtyping import Float

from metanp import libraries
from metanp.baselines.inputs import Inputs
from metanp.brief import counted, short
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.contract import About as About  # kept for imports from its former place
from metanp.estimator import Estimator, NotFittedError
from metanp.given import check_alike, read_cells, read_evaluated, read_flag, read_scores
from metanp.score_transform import InUnit, ScoreTransform
from metanp.side import Side
from metanp.torch_state import usual_torch

CHUNK = 4096  # rows predicted at once: tens of megabytes of kernel matrix
Scores = Float[np.ndarray, " cell"]
Answer = tuple[Float[np.ndarray, " graph"], ...]
Moments = tuple[Float[np.ndarray, " graph"], Float[np.ndarray, " graph"] | None]


@dataclass(frozen=True)
class ZScore:
    """Scores minus their mean, divided by their standard deviation; most published predictors learn from these."""

    mean: float
    std: float

    @classmethod
    def fit(cls, score: Scores) -> ZScore:
        """From the scores of the evaluated cells; without scores, the identity."""
        return cls(float(score.mean()), float(score.std()) or 1.0) if len(score) else cls(0.0, 1.0)

    def forward(self, score: Scores) -> Scores:
        """User's units to the predictor's."""
        return (score - self.mean) / self.std

    def inverse(self, value: Scores) -> Scores:
        """Predictor's units to the user's."""
        return self.mean + self.std * value

    def inverse_moments(self, mean: Scores, std: Scores) -> tuple[Scores, Scores]:
        """Mean and standard deviation in the user's units."""
        return self.inverse(mean), self.std * std


class Baseline(Estimator, ABC):
    """A predictor of scores; a subclass defines `about` and how it reads cells (`read`).

    Args:
        seed: for all randomness.
    """

    read: Callable[[Sequence[Cell] | CellArray], Inputs]
    transform: type[ScoreTransform] | type[ZScore] = ScoreTransform
    _context: Inputs

    def __init__(self, seed: int = 0):
        self.seed = seed

    def __repr__(self) -> str:
        fitted = f", fitted on {counted(len(self._context), 'cell')}" if self._is_fitted else ""
        return f"{type(self).__name__}(seed={short(self.seed)}{fitted})"

    @property
    def encoding(self) -> Hashable:
        """How it reads cells."""
        return self.read

    @usual_torch()
    def encode(self, cells: Iterable[Cell] | CellArray, features: Any = None) -> Inputs:
        """The inputs of `cells` and their side features, for `predict` after any number of fits.

        Raises:
            TypeError, ValueError: an item that is no cell, or side features that do not fit the cells.
        """
        check_alike(cells, features, "features")
        listed = read_cells(cells)
        return self.read(listed).with_side(Side.of(features, len(listed)).of_cells(listed))

    @usual_torch()
    def fit(self, cells: Iterable[Cell] | CellArray = (), score: Any = (), features: Any = None) -> Self:
        """Learn from evaluated cells; any unit, higher is better. `features`: side features, as in `MetaNP.fit`.

        Where `fewest_labels` is 0, no cells are needed.

        Raises:
            TypeError, ValueError: fewer cells than `fewest_labels`, an item that is no cell, lengths that differ, or a
                score that is not finite; names the first such item.
            ImportError: the baseline's library is missing.
        """
        check_alike(cells, score, "scores")
        check_alike(cells, features, "features")
        cells = read_evaluated(cells)
        values = read_scores(score, len(cells))
        if len(values) < self.fewest_labels:
            needs = f"{type(self).__name__} needs at least {self.fewest_labels}"
            raise ValueError(f"too few evaluated cells: {needs}, but got {len(values)}")
        context, transform = self.encode(cells, features).with_derived(), InUnit.fit(self.transform, values)
        self._is_fitted = False  # if anything fails from here on, it must not mix two fits
        self._context, self._transform = context, transform
        self._fit(context, transform.forward(values))
        self._is_fitted = True
        return self

    @usual_torch()
    def predict(
        self, cells: Iterable[Cell] | CellArray | Inputs, return_std: bool = False, features: Any = None
    ) -> Any:
        """Predicted score of each cell; with `return_std` also the standard deviation of a new measurement.

        `features`: side features of the cells, missing if not given.

        Raises:
            NotFittedError: before `fit`.
            ValueError: `return_std` of a baseline that has none, or side features that `fit` did not see.
        """
        mean, *std = self._answers(cells, features, self._moments)
        if not read_flag(return_std, "return_std"):
            return mean
        if not std:
            raise ValueError(f"{type(self).__name__} gives no standard deviation; gp_wl and random_forest do")
        return mean, std[0]

    def check_fitted(self) -> None:
        """Nothing, after `fit`.

        Raises:
            NotFittedError: before `fit`.
        """
        if not self._is_fitted:
            raise NotFittedError(f"{type(self).__name__} was not fitted; call fit(cells, score) first")

    def _answers(
        self, cells: Iterable[Cell] | CellArray | Inputs, features: Any, read: Callable[[Inputs], Answer]
    ) -> Float[np.ndarray, "answer cell"]:
        """`read` applied to distinct rows, in pieces: some numbers for each cell."""
        if features is not None and isinstance(cells, Inputs):
            raise ValueError("give side features to encode(), not beside encoded cells")
        self.check_fitted()
        inputs = cells if isinstance(cells, Inputs) else self.encode(cells, features)
        if self.reads_labels:
            inputs.side.check_known(self._context.side.names)
        parts = [read(inputs.rows(i, i + CHUNK)) for i in range(0, inputs.n_rows, CHUNK)]
        if not parts:
            return np.zeros((2, 0))
        return np.concatenate(parts, axis=1)[:, inputs.graph]

    def _moments(self, inputs: Inputs) -> Answer:
        mean, std = self._predict(inputs)
        return (self._transform.inverse(mean),) if std is None else self._transform.inverse_moments(mean, std)

    @abstractmethod
    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        """Learn; `value` is one transformed score a cell, `context.graph` gives the row of each cell."""

    @abstractmethod
    def _predict(self, inputs: Inputs) -> Moments:
        """Mean and, where known, standard deviation of each row, transformed."""


library = partial(libraries.library, extra="research")
