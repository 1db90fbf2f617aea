"""Runs fits: on processes of this machine, in jobs of SLURM, or in actors of Ray.

    fits -> executor -> workers -> a child process of each, on one thread -> rows

On every executor a worker runs its fits in a child process. A fit that exceeds its time limit, or ends its process,
has a row that says so, and the other fits go on. A killed run loses only the fits that were running. The rows are the
same on every executor, except for times and order.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, TimeoutError, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from pebble import ProcessExpired, ProcessPool
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scripts.results.entrants import Attempt, Fit, Study, check_known
from scripts.results.rows import Row

Outcome = tuple[Fit, list[Row]]
Done = Callable[[Fit, list[Row]], None]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
START_MINUTES = 10  # that a job has to start its process and read its tables
PIECES = 8  # jobs of SLURM for each of those that run at once: few fits are lost with a job, few jobs wait
RECENT = 600  # seconds over which the speed of fits is averaged, for the time that remains


@dataclass
class Slurm:
    """How jobs are submitted; the cluster decides what is empty. cluster: "local" runs jobs as processes here."""

    cluster: str = "slurm"
    folder: str = "results/slurm"  # of scripts, logs and results; all machines need to see it
    partition: str = ""
    account: str = ""
    memory_gb: int = 0

    def parameters(self) -> dict[str, Any]:
        """Under their names in `submitit`."""
        known = {"slurm_partition": self.partition, "slurm_account": self.account, "mem_gb": self.memory_gb}
        return {name: value for name, value in known.items() if value}


def cores() -> int:
    """Cores that this process may use, where the system tells; else all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def execute(
    study: Study,
    fits: Sequence[Fit],
    done: Done,
    executor: str = "local",
    jobs: int = 0,
    limit: float = 1800.0,
    slurm: Slurm | None = None,
) -> None:
    """Call `done` with the rows of every fit, in the order in which fits end.

    Args:
        executor: local, slurm or ray.
        jobs: workers at once; 0: the cores of this machine.
        limit: seconds that a fit may take.
        slurm: how jobs are submitted; for that executor alone.

    Raises:
        ValueError: an unknown executor, with the nearest name; a missing package, with the command that installs it.
    """
    check_known(executor, EXECUTORS, "executor")
    for name in THREADS:
        os.environ[name] = "1"
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=RECENT) as progress:
        bar = progress.add_task("", total=len(fits))
        for fit, rows in EXECUTORS[executor](study, fits, jobs or cores(), limit, slurm or Slurm()):
            done(fit, rows)
            progress.update(bar, advance=1, description=f"{fit.entrant}, {fit.shown}, {fit.budget}")


# --- workers --------------------------------------------------------------------------------------------------------

_attempt: Attempt  # of a child process


def _open(study: Study) -> None:
    global _attempt
    torch.set_num_threads(1)
    _attempt = study.open()


def _rows(fit: Fit) -> list[Row]:
    try:
        return _attempt(fit)
    except (Exception, SystemExit) as error:  # no error of one fit stops the others
        return fit.failed("error", f"{type(error).__name__}: {error}")


class Workers:
    """Child processes that run fits; one that a fit ended is started again."""

    def __init__(self, study: Study, limit: float, count: int = 1):
        if multiprocessing.get_start_method() not in multiprocessing.get_all_start_methods():
            multiprocessing.set_start_method("spawn", force=True)  # within a worker of joblib, which has its own method
        self.pool = ProcessPool(count, initializer=_open, initargs=[study], context=_context())
        self.limit, self.ahead = limit, 2 * count

    def work(self, fits: Sequence[Fit]) -> Iterator[Outcome]:
        """Fits in the order in which they end; few are handed out at a time, so that an interrupted run stops soon."""
        waiting: dict[Future, Fit] = {}
        coming = iter(fits)
        while True:
            while len(waiting) < self.ahead and (fit := next(coming, None)) is not None:
                waiting[self.pool.schedule(_rows, args=[fit], timeout=self.limit)] = fit
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                yield self._outcome(waiting.pop(future), future)

    def all_of(self, fits: Sequence[Fit]) -> list[Outcome]:
        """The same, once all have ended."""
        return list(self.work(fits))

    def _outcome(self, fit: Fit, future: Future) -> Outcome:
        try:
            return fit, future.result()
        except TimeoutError:
            return fit, fit.failed("timeout", f"took more than {self.limit:g} s")
        except ProcessExpired as error:
            return fit, fit.failed("error", f"its process ended with {error.exitcode}")


def _context() -> Any:
    """How child processes start: as copies of one that has imported this file, where there is such a way."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


# --- executors ------------------------------------------------------------------------------------------------------


def _local(study: Study, fits: Sequence[Fit], jobs: int, limit: float, slurm: Slurm) -> Iterator[Outcome]:
    workers = Workers(study, limit, jobs)
    with workers.pool:
        yield from workers.work(fits)


def _slurm(study: Study, fits: Sequence[Fit], jobs: int, limit: float, slurm: Slurm) -> Iterator[Outcome]:
    """A job array that runs `jobs` jobs at once, each with neighbouring fits, which share what is read once."""
    submitit = _package("submitit")
    count = jobs if slurm.cluster == "local" else PIECES * jobs  # a local "cluster" starts all at once
    pieces = [list(piece) for piece in np.array_split(np.array(fits, dtype=object), min(count, len(fits)))]
    cluster = submitit.AutoExecutor(folder=slurm.folder, cluster=slurm.cluster)
    longest = int(limit * max(map(len, pieces)) / 60) + START_MINUTES
    parallel = {"slurm_array_parallelism": jobs} if slurm.cluster == "slurm" else {}
    cluster.update_parameters(timeout_min=longest, cpus_per_task=1, **parallel, **slurm.parameters())
    started = cluster.map_array(partial(_piece, study, limit), pieces)
    waiting = dict(zip(started, pieces, strict=True))
    for job in submitit.helpers.as_completed(list(waiting), poll_frequency=1):
        try:
            yield from job.result()
        except Exception as error:  # of the job itself: its time limit, its memory, or a lost node
            why = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            yield from ((fit, fit.failed("error", f"job {job.job_id}: {why}")) for fit in waiting[job])


def _piece(study: Study, limit: float, fits: Sequence[Fit]) -> list[Outcome]:
    workers = Workers(study, limit)
    with workers.pool:
        return workers.all_of(fits)


def _ray(study: Study, fits: Sequence[Fit], jobs: int, limit: float, slurm: Slurm) -> Iterator[Outcome]:
    """`jobs` actors, on the cluster that RAY_ADDRESS names, else on this machine."""
    ray = _package("ray")
    from ray.util import ActorPool

    if started := not ray.is_initialized():
        ray.init(**({} if os.environ.get("RAY_ADDRESS") else {"num_cpus": jobs}), include_dashboard=False)
    try:
        worker = ray.remote(num_cpus=1, max_restarts=3, max_task_retries=3)(Workers)  # again where a node is lost
        actors = [worker.remote(study, limit) for _ in range(jobs)]
        pool = ActorPool(actors)
        for outcomes in pool.map_unordered(lambda actor, fit: actor.all_of.remote([fit]), list[Any](fits)):
            yield from outcomes
    finally:
        if started:
            ray.shutdown()


EXECUTORS: dict[str, Callable[[Study, Sequence[Fit], int, float, Slurm], Iterator[Outcome]]] = {
    "local": _local,
    "slurm": _slurm,
    "ray": _ray,
}


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        remedy = 'it comes with the extra "cluster": pip install -e ".[research,cluster]"'
        raise ValueError(
            f"executor={'slurm' if name == 'submitit' else name}: no package {error.name}; {remedy}"
        ) from None
