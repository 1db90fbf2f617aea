"""Scikit-learn's conventions, for `MetaNP` and every baseline, without scikit-learn.

Settings are the constructor's arguments, kept under their names; `fit` answers with the predictor; `score` is R². So
`clone`, `cross_val_score`, `GridSearchCV`, `make_pipeline`, `check_is_fitted` and `is_regressor` work where
scikit-learn is installed. Rankings are judged by `metanp.metrics.kendall_scorer`, a ready `scoring=`.

Source: scikit-learn's developer guide, "Developing scikit-learn estimators".
"""

from __future__ import annotations

import inspect
from typing import Any, Self

import numpy as np

from metanp.brief import called
from metanp.given import read_numbers


class NotFittedError(ValueError, AttributeError, RuntimeError):
    """Asked for a prediction before `fit`: the first two as in scikit-learn, the last as baselines once had it."""


class Estimator:
    """What scikit-learn asks of a regressor. A subclass keeps its arguments and says when it is fitted."""

    _estimator_type = "regressor"  # how versions before 1.6 knew one

    @classmethod
    def _settings(cls) -> list[str]:
        parameters = inspect.signature(cls.__init__).parameters.values()
        return [p.name for p in parameters if p.name != "self" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments, by name."""
        return {name: getattr(self, name) for name in self._settings()}

    def set_params(self, **params: Any) -> Self:
        """Change settings, as if it had been made with them; what was fitted is forgotten.

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
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True),
            regressor_tags=RegressorTags(),
            input_tags=InputTags(two_d_array=False),
        )
