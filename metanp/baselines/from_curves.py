"""Predictors of curves with the interface of all others, so that leaderboards compare them with those that read cells.

`fit(cells, score, curves=...)` and `encode(candidates, curves=...)` take the curves of these cells; cells and side
features are not read. What a predictor of curves knows of architectures and hyper-parameters, it takes from the curves
(`metanp.curves.Curves`).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Self

import numpy as np

from metanp.contract import About
from metanp.curves import Curves, make_predictor
from metanp.estimator import Estimator, NotFittedError
from metanp.given import read_evaluated, read_scores


class FromCurves(Estimator):
    """One of `metanp.curves.PREDICTORS`.

    Args:
        name: a key of it.
        seed: of random choices.
        settings: of its class.

    Raises:
        ValueError: no such predictor.
    """

    def __init__(self, name: str = "lcsvr", seed: int = 0, settings: dict[str, Any] | None = None):
        self.name, self.seed, self.settings = name, seed, settings
        self._predictor = make_predictor(name, **(settings or {}))
        if hasattr(self._predictor, "seed"):
            self._predictor.seed = seed

    @property
    def about(self) -> About:  # type: ignore[override]
        return self._predictor.about

    @property
    def fewest_labels(self) -> int:  # type: ignore[override]
        return self._predictor.fewest_labels

    @property
    def libraries(self) -> tuple[str, ...]:
        return self._predictor.libraries

    @property
    def encoding(self) -> Hashable:
        return FromCurves

    def fit(self, cells: Any, score: Any, /, features: Any = None, curves: Any = None) -> Self:
        """Learn from whole curves, rows as the cells.

        Raises:
            ValueError: fewer than `fewest_labels`, no curves, or what its predictor refuses.
        """
        if not isinstance(curves, Curves):
            raise ValueError(f"{self.name} reads learning curves; give curves=metanp.curves.Curves, a row a cell")
        n = len(read_evaluated(cells))
        if n < self.fewest_labels:
            raise ValueError(
                f"evaluated cells with curves: {self.name} needs at least {self.fewest_labels}, but got {n}"
            )
        self._predictor.fit(curves, read_scores(score, n))
        self._is_fitted = True
        return self

    def encode(self, candidates: Any, /, features: Any = None, curves: Any = None) -> Curves:
        """The prefixes of the candidates.

        Raises:
            ValueError: no prefixes.
        """
        if not isinstance(curves, Curves) or not len(curves):
            raise ValueError(f"{self.name} reads learning curves; give curves=metanp.curves.Curves, a row a candidate")
        return curves

    def predict(self, candidates: Any, /, return_std: bool = False, *, features: Any = None, curves: Any = None) -> Any:
        """The end of each, (candidate,); candidates are what `encode` made of them, or cells beside their `curves`.

        Raises:
            NotFittedError: before `fit`.
            ValueError: as `encode`, or what its predictor refuses.
        """
        if not self._is_fitted:
            raise NotFittedError(f"{self.name} was not fitted; call fit(cells, scores, curves=...) first")
        prefixes = candidates if isinstance(candidates, Curves) else self.encode(candidates, curves=curves)
        mean, std = self._predictor.predict(prefixes, return_std=True)
        return (mean, np.asarray(std)) if return_std else mean
