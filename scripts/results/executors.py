"""Fits to rows, over processes of this machine, jobs of SLURM, or actors of Ray; rows are handed on as they come.

    fits -> executor -> a child process a worker, on one thread -> rows

Wherever a worker is, its fits run in a child process of its own: one that takes too long, or brings its process down,
has a row that says so, and the others go on. A killed run loses the fits it was in, and no more. The rows are the same
on every executor, but for seconds and order.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, TimeoutError, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from pebble import ProcessExpired, ProcessPool
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from scripts.results.entrants import check_known
from scripts.results.fits import Attempt, Done, Fit, Study
from scripts.results.rows import Row

Outcome = tuple[Fit, list[Row], float]  # with the seconds that it took in its process
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
START_MINUTES = 10  # that a job has to start its process and read its tables
PIECES = 8  # jobs of SLURM for each of those that run at once: few fits are lost with a job, few jobs wait


@dataclass
class Slurm:
    """How jobs are submitted; what is empty is left to the cluster. cluster: "local" runs jobs as processes here."""

    cluster: str = "slurm"
    folder: str = "results/slurm"  # of scripts, logs and results, seen by all machines
    partition: str = ""
    account: str = ""
    memory_gb: int = 0

    def asked(self) -> dict[str, Any]:
        """As `submitit` calls them."""
        known = {"slurm_partition": self.partition, "slurm_account": self.account, "mem_gb": self.memory_gb}
        return {name: value for name, value in known.items() if value}


def cores() -> int:
    """That this process may use, where the system says so; else all."""
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
    """Every fit's rows handed to `done`, in the order in which they are finished.

    Args:
        executor: local, slurm or ray.
        jobs: workers at once; 0: the cores of this machine.
        limit: seconds that a fit may take.
        slurm: how jobs are submitted; of that executor alone.

    Raises:
        ValueError: another executor, says which are nearest; one whose package is not installed, says how to have it.
    """
    check_known(executor, EXECUTORS, "executor")
    for name in THREADS:
        os.environ[name] = "1"
    costs = Costs(fits)
    columns = (TextColumn("{task.description}"), BarColumn())
    left = TextColumn("{task.completed}/{task.total} {task.fields[left]}")
    with Progress(*columns, left, console=Console(stderr=True)) as progress:
        bar = progress.add_task("", total=len(fits), left="")
        for fit, rows, seconds in EXECUTORS[executor](study, fits, jobs or cores(), limit, slurm or Slurm()):
            done(fit, rows)
            costs.add(fit, seconds)
            label = f"{fit.entrant}, {fit.shown}, {fit.budget}"
            progress.update(bar, advance=1, description=label, left=costs.left())


# --- a worker's child process ---------------------------------------------------------------------------------------

_attempt: Attempt


def _open(study: Study) -> None:
    global _attempt
    torch.set_num_threads(1)
    _attempt = study.open()


def _timed(fit: Fit) -> tuple[list[Row], float]:
    started = time.monotonic()
    try:
        rows = _attempt(fit)
    except (Exception, SystemExit) as error:  # whatever a fit does, the others go on
        rows = fit.failed("error", f"{type(error).__name__}: {error}")
    return rows, time.monotonic() - started


def _processes(study: Study, count: int) -> ProcessPool:
    if multiprocessing.get_start_method() not in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("spawn", force=True)  # inside a worker of joblib, whose own no child knows
    return ProcessPool(count, initializer=_open, initargs=[study], context=_context())


def _context() -> Any:
    """How child processes start: as copies of one that has imported this file, where there is such a way."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _worked_off(pool: ProcessPool, fits: Iterable[Fit], limit: float, ahead: int) -> Iterator[Outcome]:
    """Fits as they are finished; few are handed out before they are needed, so that stopping is quick."""
    waiting: dict[Future, Fit] = {}
    coming = iter(fits)
    while True:
        while len(waiting) < ahead and (fit := next(coming, None)) is not None:
            waiting[pool.schedule(_timed, args=[fit], timeout=limit)] = fit
        if not waiting:
            return
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            yield _outcome(waiting.pop(future), future, limit)


def _outcome(fit: Fit, future: Future, limit: float) -> Outcome:
    try:
        return fit, *future.result()
    except TimeoutError:
        return fit, fit.failed("timeout", f"took more than {limit:g} s"), limit
    except ProcessExpired as error:
        return fit, fit.failed("error", f"its process ended with {error.exitcode}"), 0.0


# --- executors ------------------------------------------------------------------------------------------------------


def _local(study: Study, fits: Sequence[Fit], jobs: int, limit: float, slurm: Slurm) -> Iterator[Outcome]:
    with _processes(study, jobs) as pool:
        yield from _worked_off(pool, fits, limit, ahead=2 * jobs)


def _slurm(study: Study, fits: Sequence[Fit], jobs: int, limit: float, slurm: Slurm) -> Iterator[Outcome]:
    """Pieces of neighbouring fits, which share what is read once; a job array that runs `jobs` of them at once."""
    submitit = _package("submitit")
    count = jobs if slurm.cluster == "local" else PIECES * jobs  # a local "cluster" starts all at once
    pieces = [list(piece) for piece in np.array_split(np.array(fits, dtype=object), min(count, len(fits)))]
    cluster_jobs = submitit.AutoExecutor(folder=slurm.folder, cluster=slurm.cluster)
    longest = int(limit * max(map(len, pieces)) / 60) + START_MINUTES
    parallel = {"slurm_array_parallelism": jobs} if slurm.cluster == "slurm" else {}
    cluster_jobs.update_parameters(timeout_min=longest, cpus_per_task=1, **parallel, **slurm.asked())
    started = cluster_jobs.map_array(partial(_piece, study, limit), pieces)
    waiting = dict(zip(started, pieces, strict=True))
    for job in submitit.helpers.as_completed(list(waiting), poll_frequency=1):
        try:
            yield from job.result()
        except Exception as error:  # the job itself: out of its time, of memory, or a node that is gone
            why = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            yield from ((fit, fit.failed("error", f"job {job.job_id}: {why}"), 0.0) for fit in waiting[job])


def _piece(study: Study, limit: float, fits: Sequence[Fit]) -> list[Outcome]:
    with _processes(study, 1) as pool:
        return list(_worked_off(pool, fits, limit, ahead=1))


def _ray(study: Study, fits: Sequence[Fit], jobs: int, limit: float, slurm: Slurm) -> Iterator[Outcome]:
    """An actor a worker; on the cluster that RAY_ADDRESS names, else on this machine."""
    ray = _package("ray")
    from ray.util import ActorPool

    if started := not ray.is_initialized():
        ray.init(**({} if os.environ.get("RAY_ADDRESS") else {"num_cpus": jobs}), include_dashboard=False)
    try:
        worker = ray.remote(num_cpus=1, max_restarts=3, max_task_retries=3)(_Worker)  # where a node is lost
        actors = [worker.remote(study, limit) for _ in range(jobs)]
        yield from ActorPool(actors).map_unordered(lambda actor, fit: actor.attempt.remote(fit), list[Any](fits))
    finally:
        if started:
            ray.shutdown()


class _Worker:
    """Of Ray: one child process, made again where a fit brought it down."""

    def __init__(self, study: Study, limit: float):
        self.pool, self.limit = _processes(study, 1), limit

    def attempt(self, fit: Fit) -> Outcome:
        return next(_worked_off(self.pool, [fit], self.limit, ahead=1))


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


class Costs:
    """Minutes that are left, from the seconds that fits took: of the same entrant and budget, else of the same
    entrant, else of all; and from how many minutes such seconds have become so far."""

    def __init__(self, fits: Sequence[Fit]):
        self.began = time.monotonic()
        self.waiting = Counter((fit.entrant, fit.budget) for fit in fits)
        self.taken: dict[tuple, list[float]] = defaultdict(list)  # by entrant and budget, by entrant, of all

    def add(self, fit: Fit, seconds: float) -> None:
        """A fit is done."""
        key = fit.entrant, fit.budget
        self.waiting[key] -= 1
        for alike in (key, key[:1], ()):
            self.taken[alike].append(seconds)

    def left(self) -> str:
        """For people."""
        coming, every = 0.0, self.taken[()]
        for key, count in self.waiting.items():
            coming += count * float(np.mean(self.taken.get(key) or self.taken.get(key[:1]) or every))
        minutes = coming * (time.monotonic() - self.began) / max(sum(every), 1e-3) / 60
        return f"about {minutes:.0f} min left" if minutes >= 1 else "less than a minute left"
