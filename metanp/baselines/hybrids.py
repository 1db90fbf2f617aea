"""The OMNI hybrids of White et al.: predictors of cells that also read a zero-cost proxy and the start of training.

    cell, jacov, training loss after n epochs  ->  NGBoost, or SemiNAS  ->  score

The proxy is the side feature called jacov, also with the name of a data set before it. The training loss (SoTL-E) is
read where at least three epochs of a candidate are known. Candidates as far as one another share a fit, which is made
when they are first asked for, as only then the number of epochs is known. What is not given is not read: without
either, these are the predictors of cells alone.

Axes: cell, as given; epoch, columns of curves.

Source: White et al. 2021 (arXiv:2104.01177), with the settings of NASLib's `omni_ngb.py` and `omni_seminas.py`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from jaxtyping import Float

from metanp.baselines.proxies import Proxy
from metanp.baselines.sequence_networks import SemiNASWithTokens
from metanp.baselines.study_trees import StudyNGBoost
from metanp.baselines.tuned import Tuned
from metanp.brief import brief
from metanp.cell_array import CellArray, as_array
from metanp.contract import About, Need
from metanp.curves.curves import Curves
from metanp.curves.given import read_curves
from metanp.estimator import Estimator, NotFittedError
from metanp.given import check_alike, read_cells, read_evaluated, read_flag, read_scores
from metanp.side import Side

SOURCE = "White et al. 2021 (arXiv:2104.01177)"
PROXY = Proxy("jacov")
LOSS = "train_loss"
FEWEST_EPOCHS = 3  # below, the training loss tells less than it costs
FEWEST_TUNED = 10  # labels; with fewer the usual settings are taken
NEEDS: tuple[Need, ...] = ("cells", "side features", "learning-curve prefixes")
NGBOOST_SPACE: Mapping[str, Sequence[Any]] = {
    "n_estimators": [128, 181, 256, 362, 512],
    "learning_rate": [0.001, 0.003, 0.01, 0.03, 0.1],
    "minibatch_frac": [0.1, 0.3, 0.5, 0.7, 1.0],
    "max_depth": [1, 3, 6, 12, 24],
    "max_features": [0.1, 0.3, 0.5, 0.8, 1.0],
    "min_samples_leaf": [2, 5, 10, 15, 18],
    "min_samples_split": [2, 5, 10, 15, 19],
}


@dataclass(frozen=True, eq=False)
class Shown:
    """Cells with all that is known of them. proxy: NaN where missing; None where there is none."""

    cells: CellArray
    proxy: Float[np.ndarray, " cell"] | None
    curves: Curves | None

    __repr__ = brief

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def epochs(self) -> np.ndarray:
        """(cell,): of how many the training loss is known; 0 where they are too few."""
        if self.curves is None:
            return np.zeros(len(self), dtype=np.int64)
        known = np.isfinite(self.curves.scores(LOSS)).sum(1) - int(self.curves.epochs[0] == 0)
        return np.where(known >= FEWEST_EPOCHS, known, 0)

    def features(self, epochs: int) -> dict[str, np.ndarray]:
        """What is read beside cells, when candidates are as far as this."""
        found = {} if self.proxy is None else {"jacov": self.proxy}
        if epochs and self.curves is not None:
            column = epochs - 1 + int(self.curves.epochs[0] == 0)
            losses = self.curves.scores(LOSS)
            found["sotl_e"] = losses[:, column] if column < losses.shape[1] else np.full(len(self), np.nan)
        return found

    def some(self, rows: np.ndarray) -> Shown:
        """Some of the cells."""
        curves = None if self.curves is None else self.curves[rows]
        return Shown(self.cells[rows], None if self.proxy is None else self.proxy[rows], curves)


class Hybrid(Estimator):
    """Args: seed: for all randomness. A subclass makes the predictor behind it (`_learn`)."""

    fewest_labels = 2
    knows_std = False

    def __init__(self, seed: int = 0):
        self.seed = seed

    @property
    def encoding(self) -> type:
        return Hybrid

    def fit(
        self, cells: Any = (), score: Any = (), /, features: Any = None, curves: Any = None, unlabelled: Any = None
    ) -> Self:
        """Learn from evaluated cells.

        Args:
            features: as in `metanp.contract`; jacov alone is read.
            curves: `metanp.curves.Curves` with training losses, a row a cell; None where there are none.
            unlabelled: an encoded pool, for a predictor that reads one.

        Raises:
            TypeError, ValueError: fewer cells than `fewest_labels`, lengths that differ, a score that is not finite,
                or curves without a training loss.
        """
        check_alike(cells, score, "scores")
        context = self._shown(read_evaluated(cells), features, curves, "evaluated cells")
        values = read_scores(score, len(context))
        if len(values) < self.fewest_labels:
            name = type(self).__name__
            raise ValueError(
                f"too few evaluated cells: {name} needs at least {self.fewest_labels}, but got {len(values)}"
            )
        self._context, self._values, self._unlabelled = context, values, unlabelled
        self._learned: dict[int, Any] = {}
        self._is_fitted = True
        return self

    def encode(self, candidates: Any, /, features: Any = None, curves: Any = None) -> Shown:
        """Candidates with what is known of them; arguments and errors as `fit`."""
        return self._shown(read_cells(candidates), features, curves, "candidates")

    def predict(self, candidates: Any, /, return_std: bool = False, *, features: Any = None, curves: Any = None) -> Any:
        """As in `metanp.contract`; candidates are cells or what `encode` made of them.

        Raises:
            NotFittedError: before `fit`.
            ValueError: `return_std` where it is not known; or as `encode`.
        """
        if not self._is_fitted:
            raise NotFittedError(f"{type(self).__name__} was not fitted; call fit(cells, scores) first")
        if read_flag(return_std, "return_std") and not self.knows_std:
            raise ValueError(f"{type(self).__name__} gives no standard deviation; gp_wl and random_forest do")
        pool = candidates if isinstance(candidates, Shown) else self.encode(candidates, features, curves)
        mean, std, epochs = np.zeros(len(pool)), np.zeros(len(pool)), pool.epochs
        for n in np.unique(epochs).tolist():
            rows = np.flatnonzero(epochs == n)
            some, predictor = pool.some(rows), self._learned_at(n)
            answer = self._answer(predictor, some, n)
            mean[rows], std[rows] = answer if self.knows_std else (answer, 0.0)
        return (mean, std) if return_std else mean

    def _learned_at(self, epochs: int) -> Any:
        if epochs not in self._learned:
            self._learned[epochs] = self._learn(epochs)
        return self._learned[epochs]

    def _shown(self, cells: Any, features: Any, curves: Any, what: str) -> Shown:
        check_alike(cells, features, "features")
        array = as_array(cells)
        side = Side.of(features, len(array))
        name = PROXY.among(side.names)
        proxy = None if name is None else np.asarray(side.values[:, side.names.index(name)], np.float64)
        read = read_curves(curves, len(array), True, what)
        if read is not None:
            read.place(LOSS)
        return Shown(array, proxy, read)

    @abstractmethod
    def _learn(self, epochs: int) -> Any:
        """A predictor that has learned from the evaluated cells, as candidates with so many epochs are asked."""

    @abstractmethod
    def _answer(self, predictor: Any, some: Shown, epochs: int) -> Any:
        """Its mean of each cell; a pair with standard deviations where these are known."""


class OMNINGBoost(Hybrid):
    """NGBoost on the one-hot cell, jacov and SoTL-E.

    Args:
        trials: settings tried by three-fold cross-validation in each fit, the usual ones first; the study has 36.
    """

    about = About("OMNI, NGBoost", SOURCE, "hybrid", NEEDS)
    knows_std = True

    def __init__(self, trials: int = 6, seed: int = 0):
        super().__init__(seed)
        self.trials = trials

    @property
    def libraries(self) -> tuple[str, ...]:
        return StudyNGBoost().libraries

    def _learn(self, epochs: int) -> Any:
        tuned = self.trials > 1 and len(self._values) >= FEWEST_TUNED
        one: Any = Tuned(StudyNGBoost, NGBOOST_SPACE, self.trials, seed=self.seed) if tuned else StudyNGBoost(self.seed)
        return one.fit(self._context.cells, self._values, self._context.features(epochs) or None)

    def _answer(self, predictor: Any, some: Shown, epochs: int) -> Any:
        return predictor.predict(some.cells, return_std=True, features=some.features(epochs) or None)


class OMNISemiNAS(Hybrid):
    """SemiNAS whose sequence ends with jacov and SoTL-E, each cut into at most nine parts.

    Cuts are quantiles of the evaluated and the unlabelled cells; in the study those of jacov are constants of a space.
    """

    about = About("OMNI, SemiNAS", SOURCE, "hybrid", (*NEEDS, "unlabelled cells"))

    def _learn(self, epochs: int) -> Any:
        more: dict[str, Any] = {}
        one = SemiNASWithTokens(self.seed)
        if self._unlabelled is not None and len(self._unlabelled):
            pool = self._unlabelled
            more["unlabelled"] = one.encode(pool.cells, pool.features(epochs) or None)
        return one.fit(self._context.cells, self._values, self._context.features(epochs) or None, **more)

    def _answer(self, predictor: Any, some: Shown, epochs: int) -> Any:
        return predictor.predict(some.cells, features=some.features(epochs) or None)
