"""Simulated searches by the hundred: runs to rows, over several processes, each on one thread.

What goes wrong is a row too: a strategy that raises, runs out of its time or brings its process down. Candidates and
what predictors made of them are there once a process, shared by all its runs.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import torch
from hydra.utils import get_class, instantiate

from metanp.search.strategy import Strategy
from scripts.processes import Task, Work, failed, work_off
from scripts.rows import Row
from scripts.searches.simulation import Problem, SearchConfig, problem, simulate


@dataclass(frozen=True)
class Run(Task):
    """A repeat of a strategy: `number` is the repeat, `budget` the limit of evaluations."""

    batch: int = 1


@dataclass(frozen=True)
class World:
    """What all runs of a data set share; made again in each process."""

    config: SearchConfig
    dataset: str
    proxies: bool
    seed: int


def run(world: World, runs: Sequence[Run], jobs: int, limit: float, done: Callable[[Run, list[Row]], None]) -> None:
    """Every run's row handed to `done`; see `scripts.processes.work_off`."""

    def seconds(rows: list[Row]) -> float:
        return sum(rows[0].get("seconds_ask", [limit]))

    work: Work[Run] = Work(partial(_start, world), attempt, lambda one: f"{one.predictor}, {world.dataset}", seconds)
    work_off(work, runs, jobs, limit, done)


def settings_of(make: Mapping[str, Any]) -> set[str]:
    """Names of the settings that a strategy's class takes, such as `checkpoint`."""
    return set(inspect.signature(get_class(make["_target_"])).parameters)


# --- in a process of its own ----------------------------------------------------------------------------------------

_world: World


def _start(world: World) -> None:
    global _world
    _world = world
    torch.set_num_threads(1)


def attempt(one: Run) -> list[Row]:
    """The row of one run, or the one that says why there is none."""
    try:
        here = _problem(_world.dataset)
        found = simulate(_strategy(one.make), here, one.number, one.batch, one.budget, _world.seed)
    except Exception as error:
        return failed(one, "error", f"{type(error).__name__}: {error}")
    return [{"shown": one.shown, "set": one.number, "labels": one.budget, "status": "ok", **found}]


@lru_cache(maxsize=1)
def _problem(dataset: str) -> Problem:
    return problem(_world.config, dataset, _world.proxies)


@lru_cache(maxsize=1)
def _strategy(make: str) -> Strategy:
    """One for all its repeats: it keeps nothing of its own."""
    settings, here = json.loads(make), _problem(_world.dataset)
    takes = settings_of(settings)
    known = {"cost": here.cost_of, "reference": here.reference} if here.cost is not None else {}
    made: Any = instantiate(settings, _partial_=True)  # what hydra itself hands on becomes a configuration
    return made(**{name: value for name, value in known.items() if name in takes})
