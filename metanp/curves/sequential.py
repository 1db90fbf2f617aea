"""Sequential regression models: for each length of a prefix a regressor of its own, from prefix to end.

A regressor is fitted when its length is first asked for, on the whole curves cut to that length. What it reads:

    curve            the values of the main quantity
    differences      its first and its second differences
    architecture     what is known of the architecture, such as parameters and layers
    hyperparameters  such as the initial learning rate

The standard deviation is one number a length: the root of the mean squared error in leave-one-out cross-validation.
With many whole curves, `folds` of them are left out together.

What differs: the published random search has 1,000 draws a length; `draws` is fewer, and says so. Least squares has
more features than curves from some length on; the solution of minimum norm is taken. LcSVR's six numbers are those of
the study, which does not read the architecture.

Sources: Baker et al. 2018, "Accelerating Neural Architecture Search using Performance Prediction" (arXiv:1705.10823);
White et al. 2021 (arXiv:2104.01177), LcSVR.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from metanp.curves.curves import Curves, Scores
from metanp.curves.predictor import CurvePredictor, Moments
from metanp.curves.regressors import REGRESSORS, Standardised, Table, choose, held_out
from metanp.curves.simple import about
from metanp.given import read_count

FEATURES = ("curve", "differences", "architecture", "hyperparameters")
BAKER = "Baker et al. 2018 (arXiv:1705.10823)"
MOST_LEFT_OUT = 200  # whole curves up to which each is left out alone


class Sequential(CurvePredictor):
    """One of `REGRESSORS` on features of a prefix.

    regressor: a name of it. draws: random settings tried a length beside the usual ones. folds: of the error;
    None leaves each curve out alone up to `MOST_LEFT_OUT` of them, and in 10 folds beyond.
    """

    fewest_labels = 3

    def __init__(self, regressor: str, draws: int = 40, folds: int | None = None, seed: int = 0):
        if regressor not in REGRESSORS:
            raise ValueError(f"regressor is {regressor!r}; give one of {', '.join(REGRESSORS)}")
        self.regressor = regressor
        self.draws, self.seed = read_count(draws, "draws", 0), seed
        self.folds = None if folds is None else read_count(folds, "folds", 2)
        self.libraries = REGRESSORS[regressor].libraries

    def features(self, prefixes: Curves) -> Table:
        """What the regressor reads of prefixes of one length."""
        raise NotImplementedError

    def _fit(self) -> None:
        self._models: dict[int, tuple[Any, float]] = {}

    def _moments(self, prefixes: Curves) -> Moments:
        n = prefixes.n_epochs
        if n not in self._models:
            self._models[n] = self._learned(n)
        model, error = self._models[n]
        mean = model.predict(self.features(prefixes))
        return mean, np.full(len(mean), error)

    def _learned(self, n: int) -> tuple[Any, float]:
        """The model of prefixes of `n` epochs, and its error on curves that were left out."""
        long = self._whole.lengths >= n
        x, y = self.features(self._whole[long].prefix(n)), self._end[long]
        regressor, rng = REGRESSORS[self.regressor], np.random.default_rng([self.seed, n])
        settings = choose(regressor, x, y, self.draws, rng)
        alone = self.folds is None and len(y) <= MOST_LEFT_OUT
        fold = np.arange(len(y)) if alone else rng.permutation(len(y)) % (self.folds or 10)
        error = np.sqrt(np.mean((y - held_out(regressor, settings, x, y, fold)) ** 2))
        return Standardised(regressor.make(settings, self.seed)).fit(x, y), float(error)


class SequentialRegression(Sequential):
    """Baker et al.'s. features: some of `FEATURES`; what is unknown of a configuration counts as the mean."""

    def __init__(
        self,
        regressor: str = "svr_rbf",
        features: Sequence[str] = FEATURES,
        draws: int = 40,
        folds: int | None = None,
        seed: int = 0,
    ):
        super().__init__(regressor, draws, folds, seed)
        if wrong := sorted(set(features) - set(FEATURES)) or not features:
            raise ValueError(
                f"features are {list(features)}, {wrong} unknown or none; give some of {', '.join(FEATURES)}"
            )
        self.reads = tuple(features)

    @property
    def about(self) -> Any:  # type: ignore[override]
        titles = {
            "ols": "least squares",
            "forest": "random forest",
            "svr_linear": "linear nu-SVR",
            "svr_rbf": "nu-SVR",
        }
        return about(f"sequential regression, {titles[self.regressor]}", BAKER)

    def features(self, prefixes: Curves) -> Table:
        curve = prefixes.scores()
        parts = [curve] if "curve" in self.reads else []
        if "differences" in self.reads:
            parts += [np.diff(curve, n=order, axis=1) for order in (1, 2) if curve.shape[1] > order]
        for kind in ("architecture", "hyperparameters"):
            if kind in self.reads:
                known = getattr(self._whole, kind)
                parts += [_column(getattr(prefixes, kind), name, known)[:, None] for name in known]
        if not parts:
            raise ValueError(f"these curves have none of {', '.join(self.reads)}; read 'curve' as well")
        return np.concatenate(parts, axis=1)


def _column(there: Any, name: str, known: Any) -> Scores:
    """A feature of the prefixes, those that are missing at the mean of the whole curves."""
    if name not in there:
        raise ValueError(f"the prefixes lack the feature {name!r} of the whole curves; give it, NaN where unknown")
    usual = np.nanmean(known[name]) if np.isfinite(known[name]).any() else 0.0
    return np.where(np.isfinite(there[name]), there[name], usual)


class LcSVR(Sequential):
    """Mean and standard deviation of the curve, of its first and of its second differences, into a radial nu-SVR."""

    about = about("LcSVR", "White et al. 2021 (arXiv:2104.01177), after Baker et al. 2018 (arXiv:1705.10823)")

    def __init__(self, draws: int = 100, folds: int | None = None, seed: int = 0):
        super().__init__("svr_rbf", draws, folds, seed)

    def features(self, prefixes: Curves) -> Table:
        curve, numbers = prefixes.scores(), []
        for order in range(3):
            change = np.diff(curve, n=order, axis=1)
            some = change.shape[1] > 0  # a prefix of one or two epochs has no second difference
            numbers += [change.mean(1), change.std(1)] if some else [np.zeros(len(curve))] * 2
        return np.stack(numbers, axis=1)
