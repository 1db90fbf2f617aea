"""MetaNP's rule of early stopping as a pruner of Optuna: intermediate values are read as learning curves.

    finished trials -> whole curves, and their values as ends -> metanp.search.stopping -> this trial goes on or not

Steps may be any numbers, such as every fifth epoch; a trial is held against those that reported at the same steps. A
pruned trial keeps the end that was predicted, from which `MetaNPSampler` learns. One whose last value is NaN is pruned,
and counts as failed.
"""

from __future__ import annotations

import math
import threading
from typing import Any

from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from metanp.integrations.optuna.trials import END
from metanp.search.curve_log import Curve
from metanp.search.stopping import FEWEST, PREDICTOR, Stopping, Whole


class MetaNPPruner(BasePruner):
    """Prunes a trial that ends no better than the best with at least the probability `delta`.

    Args:
        delta: as in `metanp.search.Stopping`.
        predictor: as in `metanp.search.Stopping`.
        fewest: before so many trials have finished with intermediate values none is pruned.

    Raises:
        ValueError: what `Stopping` refuses.
    """

    def __init__(self, delta: float = 0.95, predictor: str = PREDICTOR, fewest: int = FEWEST):
        self.stopping = Stopping(delta, predictor, fewest)
        self._thinking = threading.Lock()  # a rule that learns serves one thread at a time

    def __getstate__(self) -> dict[str, Any]:
        return {"stopping": self.stopping}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._thinking = threading.Lock()

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        steps = sorted(trial.intermediate_values)
        values = [trial.intermediate_values[step] for step in steps]
        if not values or math.isinf(values[-1]):
            return False
        if math.isnan(values[-1]):
            return True
        if not all(map(math.isfinite, values)):  # a gap: the curve cannot be read
            return False
        sign = -1 if study.direction == StudyDirection.MINIMIZE else 1
        done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        ends = [sign * one.value for one in done if one.value is not None and math.isfinite(one.value)]
        whole = [one for other in done if (one := _whole(other, steps, sign)) is not None]
        with self._thinking:
            curve = Curve(1, [sign * value for value in values])
            verdict = self.stopping.verdict(curve, whole, max(ends, default=-math.inf))
        if verdict is None:
            return False
        study._storage.set_trial_system_attr(trial._trial_id, END, sign * verdict.end)
        return True


def _whole(trial: FrozenTrial, steps: list[int], sign: int) -> Whole | None:
    """The curve of a finished trial that reported at these steps, and maybe at later ones; None where it did not."""
    own = sorted(trial.intermediate_values)
    values = [sign * trial.intermediate_values[step] for step in own]
    if own[: len(steps)] != steps or trial.value is None or not all(map(math.isfinite, [*values, trial.value])):
        return None
    return Whole(Curve(1, values), sign * trial.value)
