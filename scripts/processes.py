"""Tasks to rows, over several processes, each on one thread: rows are handed on as they come.

A task that runs out of its time or brings its process down has a row that says so, and the others go on. A killed run
loses the tasks it was in, and no more.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, TimeoutError, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from pebble import ProcessExpired, ProcessPool
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from scripts.rows import Row

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


def cores() -> int:
    """That this process may use, where the system says so; else all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


AnyTask = TypeVar("AnyTask", bound=Task)


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
