"""Predictors that go wrong, each in its own way."""

import os
import time
from typing import Any

import numpy as np

from metanp.baselines.base import Baseline, Moments
from metanp.baselines.computed import computed
from metanp.baselines.inputs import Inputs
from metanp.contract import About


class Bad(Baseline):
    about = About("bad", "nobody")
    knows_std = False
    read = staticmethod(computed)

    def _fit(self, context: Inputs, value: Any) -> None:
        self._mean = value.mean()

    def _predict(self, inputs: Inputs) -> Moments:
        return np.full(inputs.n_rows, self._mean), None


class Raises(Bad):
    def _fit(self, context: Inputs, value: Any) -> None:
        raise ArithmeticError("it cannot")


class Infinite(Bad):
    def _predict(self, inputs: Inputs) -> Moments:
        return np.full(inputs.n_rows, np.inf), None


class Quits(Bad):
    def _fit(self, context: Inputs, value: Any) -> None:
        raise SystemExit(3)


class Longer(Bad):
    def predict(self, cells: Any) -> Any:
        return np.zeros(100_000)


class Slow(Bad):
    fewest_labels = 5

    def _fit(self, context: Inputs, value: Any) -> None:
        time.sleep(60)


class Crashes(Bad):
    def _fit(self, context: Inputs, value: Any) -> None:
        os._exit(7)
