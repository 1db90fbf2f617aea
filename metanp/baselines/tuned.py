"""A baseline whose settings are searched anew for each set of evaluated cells: random search by cross-validation.

    settings as they are, and some drawn at random -> mean Kendall tau on the folds held out -> the best, on all cells

Only the evaluated cells are used, so that the search and its time are part of the fit.

Source: White et al. 2021 (arXiv:2104.01177) tune so, with three folds; Bergstra & Bengio 2012 (random search).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from jaxtyping import Float

from metanp.baselines.base_trees import Trees
from metanp.baselines.inputs import Inputs
from metanp.cell import Cell
from metanp.cell_array import CellArray, as_array
from metanp.estimator import Estimator, NotFittedError
from metanp.given import check_alike, read_evaluated, read_scores
from metanp.metrics import kendall_tau
from metanp.side import Side


class Tuned(Estimator):
    """Args: make: a class of trees. space: the possible values of each setting. trials: settings tried, the class's own
    first. folds: of the cross-validation. seed: for all randomness."""

    def __init__(
        self,
        make: Callable[..., Trees],
        space: Mapping[str, Sequence[Any]],
        trials: int,
        folds: int = 3,
        seed: int = 0,
    ):
        self.make, self.space, self.trials, self.folds, self.seed = make, space, trials, folds, seed
        self._base = make()
        about = self._base.about
        self.about = replace(about, title=f"{about.title}, tuned on its labels")
        self.knows_std, self.fewest_labels = self._base.knows_std, 2 * folds

    @property
    def libraries(self) -> tuple[str, ...]:
        """Those of the class that is tuned."""
        return self._base.libraries

    @property
    def encoding(self) -> Hashable:
        """That of the class that is tuned."""
        return self._base.encoding

    def encode(self, cells: Iterable[Cell] | CellArray, features: Any = None) -> Inputs:
        """As `Baseline.encode`."""
        return self._base.encode(cells, features)

    def fit(self, cells: Iterable[Cell] | CellArray = (), score: Any = (), features: Any = None) -> Self:
        """As `Baseline.fit`.

        Raises:
            ValueError: also where a fold would have fewer than two cells.
        """
        check_alike(cells, score, "scores")
        array = as_array(read_evaluated(cells))
        values = read_scores(score, len(array))
        if len(values) < self.fewest_labels:
            raise ValueError(
                f"too few evaluated cells: Tuned needs at least {self.fewest_labels}, but got {len(values)}"
            )
        side = Side.of(features, len(array))
        rng = np.random.default_rng(self.seed)
        folds = np.array_split(rng.permutation(len(array)), self.folds)
        self.tried = [{}, *(self._drawn(rng) for _ in range(self.trials - 1))]
        self.tau = [self._validated(settings, array, values, side, folds) for settings in self.tried]
        self.chosen = self.tried[int(np.argmax(self.tau))]
        self._best = self._made(self.chosen).fit(array, values, _columns(side, slice(None)))
        self._is_fitted = True
        return self

    def predict(self, cells: Any, return_std: bool = False, features: Any = None) -> Any:
        """As `Baseline.predict`."""
        if not self._is_fitted:
            raise NotFittedError("Tuned was not fitted; call fit(cells, score) first")
        return self._best.predict(cells, return_std, features)

    def _drawn(self, rng: np.random.Generator) -> dict[str, Any]:
        return {name: values[int(rng.integers(len(values)))] for name, values in self.space.items()}

    def _made(self, settings: Mapping[str, Any]) -> Trees:
        predictor = self.make(seed=self.seed)
        predictor.settings = {**predictor.settings, **settings}
        return predictor

    def _validated(
        self,
        settings: Mapping[str, Any],
        cells: CellArray,
        score: Float[np.ndarray, " cell"],
        side: Side,
        folds: Sequence[np.ndarray],
    ) -> float:
        """Mean tau over the folds, each ranked by a predictor fitted on the others."""
        taus = []
        for fold in folds:
            others = np.setdiff1d(np.arange(len(cells)), fold)
            predictor = self._made(settings).fit(cells[others], score[others], _columns(side, others))
            pool = predictor.encode(cells[fold], _columns(side, fold))
            taus.append(kendall_tau(predictor.predict(pool), score[fold]))
        return float(np.mean(taus))


def _columns(side: Side, rows: Any) -> dict[str, Float[np.ndarray, " cell"]] | None:
    return {name: side.values[rows, j] for j, name in enumerate(side.names)} or None
