"""What `MetaNP` and all baselines have in common: scikit-learn's conventions, and defaults for the contract.

Settings are the constructor's arguments, kept under their names; `fit` returns the predictor; `score` is R². So
`clone`, `cross_val_score`, `GridSearchCV`, `make_pipeline`, `check_is_fitted` and `is_regressor` work where
scikit-learn is installed; nothing here needs it. To score by rank correlation, pass
`scoring=metanp.metrics.kendall_scorer`. All other attributes of a predictor are explained in `metanp.contract`.

Source: scikit-learn's developer guide, "Developing scikit-learn estimators".
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from metanp.brief import called
from metanp.contract import About
from metanp.given import read_numbers

if TYPE_CHECKING:
    from metanp.predicted import Predicted


class NotFittedError(ValueError, AttributeError, RuntimeError):
    """Prediction before `fit`: the first two bases as in scikit-learn, the last as baselines raised formerly."""


class Estimator:
    """The interface of a scikit-learn regressor, and defaults for `metanp.contract.Predictor`.

    A subclass stores its arguments, describes itself in `about` and sets `_is_fitted` at the end of a fit.
    """

    about: About
    fewest_labels = 1  # no prior: it cannot predict before a cell was evaluated
    reads_labels = True
    knows_std = True
    knows_distribution = False
    _is_fitted = False
    _estimator_type = "regressor"  # for scikit-learn before 1.6

    @property
    def libraries(self) -> tuple[str, ...]:
        """None beyond those of MetaNP itself."""
        return ()

    def prepare(self) -> object:
        """Nothing to prepare."""
        return None

    def predict_distribution(self, candidates: Any, /, *, features: Any = None) -> Predicted:
        """As in the contract; without a distribution unless a subclass has one.

        Raises:
            ValueError: always, in this class.
        """
        raise ValueError(f"{type(self).__name__} gives no distribution; MetaNP and gp_wl do")

    @classmethod
    def _settings(cls) -> list[str]:
        parameters = inspect.signature(cls.__init__).parameters.values()
        return [p.name for p in parameters if p.name != "self" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments, by name."""
        return {name: getattr(self, name) for name in self._settings()}

    def set_params(self, **params: Any) -> Self:
        """Change settings, as if it had been made with them; the fit is forgotten.

        Raises:
            ValueError: no such setting.
        """
        if unknown := set(params) - set(self._settings()):
            raise ValueError(f"{type(self).__name__} has no setting {sorted(unknown)}; it has {self._settings()}")
        if params:
            settings = {**self.get_params(), **params}
            vars(self).clear()
            self.__init__(**settings)  # type: ignore[misc]
        return self

    def score(self, cells: Any, score: Any) -> float:
        """R² of the predicted scores: 1 less the squared error over that of the mean; higher is better.

        Raises:
            ValueError: lengths that differ, or a score that is missing.
        """
        truth, predicted = read_numbers(score, "scores"), self.predict(cells)  # type: ignore[attr-defined]
        if truth.shape != predicted.shape or not np.isfinite(truth).all():
            raise ValueError(f"{len(predicted)} predictions and {len(truth)} scores; give one finite score a cell")
        error, spread = ((truth - predicted) ** 2).sum(), ((truth - truth.mean()) ** 2).sum()
        return float(1 - error / spread) if spread else float(error == 0)

    def __repr__(self) -> str:
        return called(self, **self.get_params())

    def __sklearn_is_fitted__(self) -> bool:
        return self._is_fitted

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True),
            regressor_tags=RegressorTags(),
            input_tags=InputTags(two_d_array=False),
        )
