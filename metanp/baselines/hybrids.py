"""Predictors of cells that also read the start of training, as numbers beside side features.

    cell, side features, the curve after n epochs  ->  any predictor of cells and side features  ->  score

Candidates as far as one another share a fit, which is made when they are first asked for, as only then the number of
epochs is known. What is not given is not read: without curves and side features these are predictors of cells alone.

The OMNI hybrids of White et al. read one zero-cost proxy, the side feature called jacov (also with the name of a data
set before it), and the training loss (SoTL-E), where at least three epochs of a candidate are known. `WithPrefix` gives
any other predictor all side features, the last value of the curve, and the training loss where there is one.

Axes: cell, as given; epoch, columns of curves.

Source: White et al. 2021 (arXiv:2104.01177), with the settings of NASLib's `omni_ngb.py` and `omni_seminas.py`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
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
    """Cells with all that is known of them. side: side features by name, NaN where missing."""

    cells: CellArray
    side: Mapping[str, Float[np.ndarray, " cell"]]
    curves: Curves | None

    __repr__ = brief

    def __len__(self) -> int:
        return len(self.cells)

    def epochs(self, fewest: int) -> np.ndarray:
        """(cell,): how many are known, an untrained one not counted; 0 where they are fewer than this."""
        if self.curves is None:
            return np.zeros(len(self), dtype=np.int64)
        known = self.curves.observed - int(self.curves.epochs[0] == 0)
        return np.where(known >= fewest, known, 0)

    def at(self, quantity: str, epochs: int) -> Float[np.ndarray, " cell"]:
        """A score after so many epochs; NaN where a curve is shorter."""
        assert self.curves is not None
        column, scores = epochs - 1 + int(self.curves.epochs[0] == 0), self.curves.scores(quantity)
        return scores[:, column] if column < scores.shape[1] else np.full(len(self), np.nan)

    def some(self, rows: np.ndarray) -> Shown:
        """Some of the cells."""
        curves = None if self.curves is None else self.curves[rows]
        return Shown(self.cells[rows], {name: column[rows] for name, column in self.side.items()}, curves)


class Hybrid(Estimator):
    """Args: seed: for all randomness. A subclass makes the predictor behind it (`_learn`)."""

    fewest_labels = 2
    knows_std = False
    fewest_epochs = FEWEST_EPOCHS

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
            features: as in `metanp.contract`.
            curves: `metanp.curves.Curves`, a row a cell; None where there are none.
            unlabelled: an encoded pool, for a predictor that reads one.

        Raises:
            TypeError, ValueError: fewer cells than `fewest_labels`, lengths that differ, a score that is not finite,
                or curves that lack what is read of them.
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
        mean, std, epochs = np.zeros(len(pool)), np.zeros(len(pool)), pool.epochs(self.fewest_epochs)
        for n in np.unique(epochs).tolist():
            rows = np.flatnonzero(epochs == n)
            some = pool.some(rows)
            answer = self._learned_at(n).predict(some.cells, return_std=self.knows_std, features=self._beside(some, n))
            mean[rows], std[rows] = answer if self.knows_std else (answer, 0.0)
        return (mean, std) if return_std else mean

    def _learned_at(self, epochs: int) -> Any:
        if epochs not in self._learned:
            self._learned[epochs] = self._learn(self._beside(self._context, epochs), epochs)
        return self._learned[epochs]

    def _shown(self, cells: Any, features: Any, curves: Any, what: str) -> Shown:
        check_alike(cells, features, "features")
        array = as_array(cells)
        side = Side.of(features, len(array))
        columns = {name: np.asarray(side.values[:, i], np.float64) for i, name in enumerate(side.names)}
        read = read_curves(curves, len(array), True, what)
        if read is not None:
            self._check(read)
        return Shown(array, columns, read)

    def _check(self, curves: Curves) -> None:
        """ValueError where they lack what is read."""
        curves.place(LOSS)

    def _beside(self, shown: Shown, epochs: int) -> dict[str, np.ndarray] | None:
        """What is read beside cells, when candidates are as far as this: jacov and the training loss."""
        name = PROXY.among(shown.side)
        found = {} if name is None else {"jacov": shown.side[name]}
        if epochs and shown.curves is not None:
            found["sotl_e"] = shown.at(LOSS, epochs)
        return found or None

    @abstractmethod
    def _learn(self, beside: dict[str, np.ndarray] | None, epochs: int) -> Any:
        """A predictor fitted on the evaluated cells and what is beside them, for candidates with so many epochs."""


class WithPrefix(Hybrid):
    """Another predictor, which reads the last known values of curves as side features beside those that are given.

    Args:
        make: the class or a function with an argument `seed`; it reads side features.
    """

    about = About("a predictor with curves", "this project", "hybrid", NEEDS)
    fewest_epochs = 1

    def __init__(self, make: Callable[..., Any], seed: int = 0):
        super().__init__(seed)
        self.make = make
        one = make(seed=seed)
        self.about = About(f"{one.about.title}, with curves", one.about.source, "hybrid", NEEDS)
        self.knows_std, self.fewest_labels, self._libraries = one.knows_std, one.fewest_labels, one.libraries

    @property
    def libraries(self) -> tuple[str, ...]:
        return self._libraries

    def _check(self, curves: Curves) -> None:
        """Any curves will do."""

    def _beside(self, shown: Shown, epochs: int) -> dict[str, np.ndarray] | None:
        found = dict(shown.side)
        if epochs and shown.curves is not None:
            names = [quantity.name for quantity in shown.curves.quantities]
            found["last_value"] = shown.at(names[0], epochs)
            if LOSS in names[1:]:
                found["last_train_loss"] = shown.at(LOSS, epochs)
        return found or None

    def _learn(self, beside: dict[str, np.ndarray] | None, epochs: int) -> Any:
        return self.make(seed=self.seed).fit(self._context.cells, self._values, features=beside)


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

    def _learn(self, beside: dict[str, np.ndarray] | None, epochs: int) -> Any:
        tuned = self.trials > 1 and len(self._values) >= FEWEST_TUNED
        one: Any = Tuned(StudyNGBoost, NGBOOST_SPACE, self.trials, seed=self.seed) if tuned else StudyNGBoost(self.seed)
        return one.fit(self._context.cells, self._values, beside)


class OMNISemiNAS(Hybrid):
    """SemiNAS whose sequence begins with jacov and SoTL-E, each cut into at most nine parts.

    Cuts are quantiles of the evaluated and the unlabelled cells; in the study those of jacov are constants of a space.
    """

    about = About("OMNI, SemiNAS", SOURCE, "hybrid", (*NEEDS, "unlabelled cells"))

    def _learn(self, beside: dict[str, np.ndarray] | None, epochs: int) -> Any:
        one, pool = SemiNASWithTokens(self.seed), self._unlabelled
        if pool is None or not len(pool):
            return one.fit(self._context.cells, self._values, beside)
        others: Any = one.encode(pool.cells, self._beside(pool, epochs))
        return one.fit(self._context.cells, self._values, beside, unlabelled=others)
