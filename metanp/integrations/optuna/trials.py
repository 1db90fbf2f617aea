"""The trials of a study as the history of a search.

    finished with a value     evaluated; of an infinite value, failed
    pruned                    stopped: the end that `MetaNPPruner` predicted, else the last intermediate value
    failed                    failed
    running                   pending, as far as its parameters are known

A trial's parameters are stored with it one by one, when they are suggested. So that workers that ask at the same moment
see one another, a sampler stores what it chose with the trial at once (`claim`), before it is suggested.

Axes: none; trials one by one. Values become scores, higher is better.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from optuna.distributions import BaseDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from metanp.cell import Cell
from metanp.search.history import Evaluated, History

CLAIM = "metanp:parameters"
END = "metanp:end"  # of a pruned trial, as it was predicted, in the unit of the values
LONGEST = 2000  # characters of one attribute: Optuna's tables hold 2,045
ASKING = 60.0  # seconds that a trial without parameters counts as one whose sampler is thinking

Distributions = Mapping[str, BaseDistribution]
Made = Callable[[Mapping[str, Any]], Cell]


class Read(NamedTuple):
    """history: of all other trials. known: how many of these have parameters. ahead: earlier ones being asked for now.

    running: keys of cells that are pending, by the number of the trial.
    """

    history: History
    known: int
    ahead: int
    running: dict[int, str]


def read_trials(trials: Sequence[FrozenTrial], me: int, space: Distributions, made: Made, sign: int) -> Read:
    """The state of a study.

    Args:
        me: number of the trial that is asked for. space: trials that lack one of these parameters are left out.
        made: the cell of some values. sign: -1 where a lower value is better.
    """
    seen = _Seen(sign)
    known, ahead, running = 0, 0, dict[int, str]()
    for trial in trials:
        if trial.number == me:
            continue
        values = parameters(trial, space)
        if values is None:
            ahead += trial.number < me and _is_asking(trial)
            continue
        try:
            cell = made(values)
        except ValueError:  # a random choice that is no cell: nothing that could be learned from
            continue
        known += 1
        seen.add(cell, trial)
        if trial.state == TrialState.RUNNING:
            running[trial.number] = cell.key
    return Read(seen.history(), known, ahead, running)


class _Seen:
    """Results by key of the cell."""

    def __init__(self, sign: int):
        self.sign = sign
        self.cells: dict[str, Cell] = {}
        self.scores: dict[str, list[float]] = {}
        self.stopped: dict[str, list[float]] = {}
        self.failed: dict[str, Cell] = {}
        self.pending: dict[str, Cell] = {}

    def add(self, cell: Cell, trial: FrozenTrial) -> None:
        cell = self.cells.setdefault(cell.key, cell)
        if trial.state == TrialState.RUNNING:
            self.pending[cell.key] = cell
        elif trial.state == TrialState.COMPLETE and math.isfinite(trial.value):  # type: ignore[arg-type]
            self.scores.setdefault(cell.key, []).append(self.sign * trial.value)  # type: ignore[operator]
        elif trial.state == TrialState.PRUNED and (end := predicted_end(trial)) is not None:
            self.stopped.setdefault(cell.key, []).append(self.sign * end)
        elif trial.state.is_finished():
            self.failed[cell.key] = cell

    def history(self) -> History:
        evaluated = [Evaluated(self.cells[key], tuple(scores)) for key, scores in self.scores.items()]
        ends = {key: ends for key, ends in self.stopped.items() if key not in self.scores}
        stopped = [Evaluated(self.cells[key], tuple(scores)) for key, scores in ends.items()]
        known = {*self.scores, *self.stopped}
        pending = [cell for key, cell in self.pending.items() if key not in known]
        failed = [cell for key, cell in self.failed.items() if key not in known and key not in self.pending]
        return History(evaluated, pending, failed, stopped=stopped)


def predicted_end(trial: FrozenTrial) -> float | None:
    """What a pruned trial would have reached, as far as is known."""
    last = max(trial.intermediate_values, default=None)
    end = trial.system_attrs.get(END, None if last is None else trial.intermediate_values[last])
    return float(end) if isinstance(end, int | float) and math.isfinite(end) else None


def parameters(trial: FrozenTrial, space: Distributions) -> dict[str, Any] | None:
    """The values of these parameters, suggested or claimed; None where one is missing."""
    if space.keys() <= trial.params.keys():
        return {name: trial.params[name] for name in space}
    values = {**_claimed(trial, space), **trial.params} if trial.state == TrialState.RUNNING else {}
    return {name: values[name] for name in space} if space.keys() <= values.keys() else None


def claim(study: Study, trial: FrozenTrial, values: Mapping[str, Any], space: Distributions) -> None:
    """Store with a trial what it will be asked to evaluate, for all workers to see."""
    text = json.dumps({name: space[name].to_internal_repr(value) for name, value in values.items()})
    parts = [text[i : i + LONGEST] for i in range(0, len(text), LONGEST)]
    for i, part in enumerate([*parts, ""]):  # what an earlier, longer claim of this trial left is cut off
        study._storage.set_trial_system_attr(trial._trial_id, f"{CLAIM}:{i}", part)


def _claimed(trial: FrozenTrial, space: Distributions) -> dict[str, Any]:
    parts: list[str] = []
    while part := trial.system_attrs.get(f"{CLAIM}:{len(parts)}"):
        parts.append(part)
    try:
        found = json.loads("".join(parts)) if parts else {}
    except ValueError:  # read while it was being written
        return {}
    return {name: space[name].to_external_repr(value) for name, value in found.items() if name in space}


def _is_asking(trial: FrozenTrial) -> bool:
    """Whether its sampler is choosing now, as far as can be seen."""
    if trial.state != TrialState.RUNNING or trial.params or trial.datetime_start is None:
        return False
    return abs((datetime.now() - trial.datetime_start).total_seconds()) < ASKING
