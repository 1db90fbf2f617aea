"""Fits by the thousand: predictors x shown columns x label sets x budgets -> tasks -> rows.

What goes wrong is a row too: a predictor that raises, predicts something that is not finite, runs out of its time or
brings its process down has a row that says so, and the others go on (`scripts.processes`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import torch
from hydra.utils import instantiate

from metanp.contract import Predictor
from scripts.evaluation import Job, NotFinite, Setting, judge, label_sets, reads_side
from scripts.leaderboards.protocols import ProtocolConfig, settings
from scripts.processes import Task, Work, failed, work_off
from scripts.rows import Row

TOO_FEW = "too few labels"  # for this predictor; a row's status
SHOWN_OF_SCATTER = 300  # targets whose prediction is kept, of the first label set


@dataclass(frozen=True)
class World:
    """What all tasks of a run share; made again in each process."""

    protocol: ProtocolConfig
    sets: int
    seed: int


def run(world: World, tasks: Sequence[Task], jobs: int, limit: float, done: Callable[[Task, list[Row]], None]) -> None:
    """Every fit's rows handed to `done`; see `work_off`."""
    work: Work[Task] = Work(
        partial(_start, world), attempt, lambda task: f"{task.predictor}, {task.budget} labels", seconds_of
    )
    work_off(work, tasks, jobs, limit, done)


def seconds_of(rows: list[Row]) -> float:
    """What a fit and its predictions took; 0 where it failed."""
    return sum(rows[0].get(name, 0.0) for name in ("seconds_fit", "seconds_predict"))


# --- in a process of its own ----------------------------------------------------------------------------------------

_world: World


def _start(world: World) -> None:
    global _world
    _world = world
    torch.set_num_threads(1)


def attempt(task: Task) -> list[Row]:
    """The rows of one fit, or the one that says why there are none."""
    try:
        setting, jobs = _setting(task.shown)
        predictor = _made(task)
        if task.budget < predictor.fewest_labels:
            return failed(task, TOO_FEW, f"needs {predictor.fewest_labels}")
        predictor.prepare()  # what was learned elsewhere is no fit's time
        pool, seconds = _pool(task.make, task.shown)
        rows = judge(predictor, pool, setting, jobs[task.number, task.budget], _scatter(task))
    except NotFinite as error:
        return failed(task, "not finite", str(error))
    except (Exception, SystemExit) as error:  # whatever a predictor does, the others go on
        return failed(task, "error", f"{type(error).__name__}: {error}")
    return [{"shown": task.shown, **row, "seconds_encode": seconds, "status": "ok"} for row in rows]


def _made(task: Task) -> Predictor:
    return _trained(task.make) if task.seed is not None else instantiate(json.loads(task.make), seed=task.number)


@lru_cache(maxsize=1)
def _trained(make: str) -> Predictor:
    return instantiate(json.loads(make))


def _scatter(task: Task) -> int:
    return SHOWN_OF_SCATTER if task.number == 0 else 0


@lru_cache(maxsize=2)
def _setting(shown: str) -> tuple[Setting, Mapping[tuple[int, int], Job]]:
    _, setting = next(settings(_world.protocol, [shown], _world.sets, _world.seed))
    return setting, {(job.number, job.budget): job for job in label_sets(setting)}


@lru_cache(maxsize=2)
def _pool(make: str, shown: str) -> tuple[Any, float]:
    """All cells of a column as a predictor reads them, and the seconds that took; once for all its fits."""
    setting, _ = _setting(shown)
    predictor = instantiate(json.loads(make))
    features = setting.features if reads_side(predictor) and setting.features else None
    started = time.perf_counter()
    pool = predictor.encode(setting.cells, features)
    return pool, time.perf_counter() - started
