"""The start of a learning curve, its end, and when to stop a training.

    from metanp.curves import Curves, Quantity, make_predictor

    curves = Curves.of(accuracies, Quantity("validation_accuracy", "percent", maximize=True))
    predictor = make_predictor("srm_svr_rbf").fit(curves)       # trained to the end
    mean, std = predictor.predict(started, return_std=True)     # the first epochs of others

curves.py      what curves are             predictor.py   what predicts their ends
logs.py        curves from logs            stopping/      rules that stop trainings early
given.py       curves from callers         neural.py      MetaNP's reading of them, in numbers of traits.py

Predictors are looked up here by name; a class, and its settings other than the class's own.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from metanp.curves.curves import Curves, Quantity, concatenate
from metanp.curves.logs import from_logs
from metanp.curves.predictor import CurvePredictor
from metanp.nearest import nearest

__all__ = ["PREDICTORS", "CurvePredictor", "Curves", "Quantity", "concatenate", "from_logs", "make_predictor"]

PREDICTORS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "early_stopping": ("simple:LastValue", {}),
    "early_stopping_loss": ("simple:LastLoss", {}),
    "sotl": ("simple:SoTL", {}),
    "sotl_e": ("simple:SoTLE", {}),
    "sotl_ema": ("simple:SoTLEMA", {}),
    "lcsvr": ("sequential:LcSVR", {}),
    "lce": ("extrapolation:LCE", {}),
    "lce_m": ("extrapolation:LCEM", {}),
    "srm_ols": ("sequential:SequentialRegression", {"regressor": "ols"}),
    "srm_forest": ("sequential:SequentialRegression", {"regressor": "forest"}),
    "srm_svr_linear": ("sequential:SequentialRegression", {"regressor": "svr_linear"}),
    "srm_svr_rbf": ("sequential:SequentialRegression", {"regressor": "svr_rbf"}),
    "metanp": ("neural:NeuralCurves", {}),
}


def make_predictor(name: str, **settings: Any) -> CurvePredictor:
    """An unfitted predictor of ends.

    Args:
        name: a key of `PREDICTORS`.
        settings: arguments of its class, beside those that the name stands for.

    Raises:
        ValueError: no such name; names the nearest.
    """
    if name not in PREDICTORS:
        raise ValueError(f"unknown predictor of curves {name!r}; {nearest(name, PREDICTORS)}")
    place, usual = PREDICTORS[name]
    module, _, kind = place.partition(":")
    return getattr(importlib.import_module(f"metanp.curves.{module}"), kind)(**{**usual, **settings})
