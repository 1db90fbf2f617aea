"""Fits by the thousand: jobs to rows, over several processes, each on one thread.

    predictors x shown columns x label sets x budgets -> jobs -> processes -> rows, appended as they come

What goes wrong is a row too: a predictor that raises, predicts something that is not finite, runs out of its time or
brings its process down has a row that says so, and the others go on. A killed run loses the fits it was in.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, TimeoutError, wait
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from hydra.utils import instantiate
from pebble import ProcessExpired, ProcessPool
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from scripts.evaluation import Job, NotFinite, Setting, judge, label_sets, reads_side
from scripts.leaderboards.protocols import ProtocolConfig, settings
from scripts.rows import Row

SHOWN_OF_SCATTER = 300  # targets whose prediction is kept, of the first label set
LONGEST_MESSAGE = 300
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Task:
    """One fit: which predictor, made how (JSON), on which label set at which budget."""

    predictor: str
    make: str
    seed: int | None  # of a training; None: the predictor is seeded by the label set
    shown: str
    scored: tuple[str, ...]
    number: int
    budget: int


AnyTask = TypeVar("AnyTask", bound=Task)


@dataclass(frozen=True)
class World:
    """What all tasks of a run share; made again in each process."""

    protocol: ProtocolConfig
    sets: int
    seed: int


@dataclass(frozen=True)
class Work(Generic[AnyTask]):
    """What processes do.

    start: makes a process ready. attempt: the rows of a task. label: of a task, in the progress bar. seconds: that a
    task's rows took.
    """

    start: Callable[[], None]
    attempt: Callable[[AnyTask], list[Row]]
    label: Callable[[AnyTask], str]
    seconds: Callable[[list[Row]], float]


def run(world: World, tasks: Sequence[Task], jobs: int, limit: float, done: Callable[[Task, list[Row]], None]) -> None:
    """Every fit's rows handed to `done`; see `work_off`."""
    work: Work[Task] = Work(
        partial(_start, world), attempt, lambda task: f"{task.predictor}, {task.budget} labels", seconds_of
    )
    work_off(work, tasks, jobs, limit, done)


def seconds_of(rows: list[Row]) -> float:
    """What a fit and its predictions took; 0 where it failed."""
    return sum(rows[0].get(name, 0.0) for name in ("seconds_fit", "seconds_predict"))


def work_off(
    work: Work[AnyTask],
    tasks: Sequence[AnyTask],
    jobs: int,
    limit: float,
    done: Callable[[AnyTask, list[Row]], None],
) -> None:
    """Every task's rows handed to `done`, in the order in which they are finished.

    Args:
        jobs: processes. limit: seconds that a task may take.
    """
    for name in THREADS:
        os.environ[name] = "1"
    costs = Costs(tasks)
    told = TextColumn("{task.completed}/{task.total} {task.fields[left]}")
    columns = (TextColumn("{task.description}"), BarColumn(), told)
    if multiprocessing.get_start_method() not in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("spawn", force=True)  # inside a worker of joblib, whose own no child knows
    context = multiprocessing.get_context("spawn")
    with (
        Progress(*columns, console=Console(stderr=True)) as progress,
        ProcessPool(jobs, initializer=work.start, context=context) as pool,
    ):
        bar = progress.add_task("", total=len(tasks), left="")
        for task, rows in _finished(pool, work.attempt, tasks, limit, ahead=2 * jobs):
            done(task, rows)
            costs.add(task, work.seconds(rows))
            progress.update(bar, advance=1, description=work.label(task), left=costs.left())


def _finished(
    pool: ProcessPool, attempt: Callable[[AnyTask], list[Row]], tasks: Sequence[AnyTask], limit: float, ahead: int
) -> Iterator[tuple[AnyTask, list[Row]]]:
    """Tasks and their rows; few are handed out before they are needed, so that stopping is quick."""
    waiting: dict[Future, AnyTask] = {}
    coming = iter(tasks)
    while True:
        while len(waiting) < ahead and (task := next(coming, None)) is not None:
            waiting[pool.schedule(attempt, args=[task], timeout=limit)] = task
        if not waiting:
            return
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            task = waiting.pop(future)
            yield task, _outcome(task, future, limit)


def _outcome(task: Task, future: Future, limit: float) -> list[Row]:
    try:
        return future.result()
    except TimeoutError:
        return failed(task, "timeout", f"took more than {limit:g} s")
    except ProcessExpired as error:
        return failed(task, "error", f"its process ended with {error.exitcode}")


def failed(task: Task, status: str, message: str) -> list[Row]:
    """The rows of a fit that came to nothing, one a scored column."""
    where = {"shown": task.shown, "set": task.number, "labels": task.budget}
    why = {"status": status, "message": message[:LONGEST_MESSAGE]}
    return [{**where, "scored": scored, **why} for scored in task.scored]


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
        if task.budget < (fewest := getattr(predictor, "fewest_labels", 0)):
            return failed(task, "too few labels", f"needs {fewest}")
        pool = _pool(task.make, task.shown)
        rows = judge(predictor, pool, setting, jobs[task.number, task.budget], _scatter(task))
    except NotFinite as error:
        return failed(task, "not finite", str(error))
    except Exception as error:
        return failed(task, "error", f"{type(error).__name__}: {error}")
    return [{"shown": task.shown, **row, "status": "ok"} for row in rows]


def _made(task: Task) -> Any:
    return _trained(task.make) if task.seed is not None else instantiate(json.loads(task.make), seed=task.number)


@lru_cache(maxsize=1)
def _trained(make: str) -> Any:
    return instantiate(json.loads(make))


def _scatter(task: Task) -> int:
    return SHOWN_OF_SCATTER if task.number == 0 else 0


@lru_cache(maxsize=2)
def _setting(shown: str) -> tuple[Setting, Mapping[tuple[int, int], Job]]:
    _, setting = next(settings(_world.protocol, [shown], _world.sets, _world.seed))
    return setting, {(job.number, job.budget): job for job in label_sets(setting)}


@lru_cache(maxsize=2)
def _pool(make: str, shown: str) -> Any:
    setting, _ = _setting(shown)
    predictor = instantiate(json.loads(make))
    return predictor.encode(setting.cells, setting.features if reads_side(predictor) and setting.features else None)


# --- how long it will take ------------------------------------------------------------------------------------------


class Costs:
    """Minutes that are left, from the seconds that fits took: of the same predictor and budget, else of the same
    predictor, else of all; and from how many minutes such seconds have become so far."""

    def __init__(self, tasks: Sequence[Task]):
        self.began = time.monotonic()
        self.waiting = Counter((task.predictor, task.budget) for task in tasks)
        self.taken: dict[tuple[str, int], list[float]] = {}

    def add(self, task: Task, seconds: float) -> None:
        """A task is done."""
        key = task.predictor, task.budget
        self.waiting[key] -= 1
        self.taken.setdefault(key, []).append(seconds)

    def left(self) -> str:
        """For people."""
        of_predictor: dict[str, list[float]] = {}
        for (name, _), taken in self.taken.items():
            of_predictor.setdefault(name, []).extend(taken)
        everything = [seconds for taken in of_predictor.values() for seconds in taken]
        coming = 0.0
        for (name, budget), count in self.waiting.items():
            coming += count * float(np.mean(self.taken.get((name, budget)) or of_predictor.get(name) or everything))
        passed = time.monotonic() - self.began
        minutes = coming * passed / max(sum(everything), 1e-3) / 60
        return f"about {minutes:.0f} min left" if minutes >= 1 else "less than a minute left"
