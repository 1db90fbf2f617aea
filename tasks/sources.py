"""Which tables a meta-training may draw its tasks from, and the sources built accordingly.

There are three kinds of meta-training, and one function, `allowed_tables`, that defines what each may see:
    label-free    prior tasks alone; no measured label enters a gradient
    cross-space   measured tasks of other spaces' benchmarks as well
    cross-task    measured tasks of benchmarks over a closely related space as well
`everything` is for the users' checkpoint, with which no result is reported on a benchmark that it saw. Unlabelled cells
of any space may be used by all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from data import load_benchmark
from data.table import Table
from metanp.graphs import Graphs
from metanp.spaces import get_space
from tasks.chains import ChainTasks
from tasks.configurations import ConfigurationTasks
from tasks.episodes import EpisodeConfig
from tasks.measured import MeasuredConfig, MeasuredTasks
from tasks.prior import PriorConfig, PriorTasks
from tasks.random_cells import random_cells
from tasks.task import TaskMixture, TaskSource

KINDS = ("label-free", "cross-space", "cross-task", "everything")
# tested by no protocol; every kind may use them for choices
DEVELOPMENT = ("nasbench_macro", "nasbench_nlp", "nasbench_mr")
MOST_CELLS = 30_000  # of one space in a pool: more take memory and teach nothing new
# tested benchmark -> tables that cross-space may see beside the development set, tables that cross-task adds
_ALLOWED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "nasbench201": (("nasbench101", "nasbench_graph"), ("transnas",)),
    "nasbench101": (("nasbench201", "transnas", "nasbench_graph"), ()),
    "nasbench_graph": (("nasbench201", "nasbench101", "transnas"), ()),
    "analog": (("nasbench101", "nasbench_graph"), ("transnas",)),
    "transnas": (("nasbench101", "nasbench_graph"), ("nasbench201",)),
}

_ELSEWHERE = (("nasbench101", "nasbench201", "transnas", "nasbench_graph"), ())
_OF_NB201, _OF_TRANSNAS = _ALLOWED["nasbench201"], _ALLOWED["transnas"]
# Tested, and seen by no kind of meta-training, not by `everything` either. Nothing was tuned on them, but the encoding
# of genotypes, on 2,000 values of a surrogate of nb301, and that of chains of blocks, on a thousand networks of ofa.
HELD_OUT: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(("darts", "nb301", "suite_zero_nb301"), _ELSEWHERE),
    **dict.fromkeys(("ofa", "ofa_cifar10", "ofa_cifar100", "ofa_cinic10", "ofa_svhn"), _ELSEWHERE),
    **dict.fromkeys(("bert", "pit", "autoformer", "vit"), _ELSEWHERE),
    **dict.fromkeys(("latency", "suite_zero_nb201"), _OF_NB201),
    "suite_zero_transnas": _OF_TRANSNAS,
    "suite_zero": (("nasbench101", "nasbench_graph"), ()),  # what each of its three spaces allows
    "mini": (("nasbench101", "nasbench_graph"), ("nasbench201", "transnas")),
}


@dataclass
class TasksConfig:
    """Where episodes come from."""

    kind: str = "label-free"
    tested: str | None = None  # benchmark that the checkpoint will be tested on; label-free ones serve all
    # shares of the prior tasks; configurations are merged, so 0 leaves one of these out
    spaces: dict[str, float] = field(
        default_factory=lambda: {
            "nasbench201": 0.5,
            "nasbench_graph": 0.2,
            "random": 0.3,
            "configurations": 0.0,
            "chains": 0.0,
        }
    )
    # shares of the measured tasks; 0 leaves a table out
    tables: dict[str, float] = field(default_factory=lambda: dict.fromkeys((*_ALLOWED, *DEVELOPMENT), 0.0))
    prior_share: float = 0.5  # of the episodes, where there are measured tasks
    prior: PriorConfig = field(default_factory=PriorConfig)
    measured: MeasuredConfig = field(default_factory=MeasuredConfig)
    episodes: EpisodeConfig = field(default_factory=EpisodeConfig)
    validation: list[str] = field(default_factory=list)  # tables to choose the checkpoint by; if empty, prior tasks


def allowed_tables(kind: str, tested: str | None) -> tuple[str, ...]:
    """The tables whose labels a meta-training of this kind may see, if it is tested on `tested`.

    Raises:
        ValueError: an unknown kind or benchmark, or a kind that needs `tested` without one.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of meta-training {kind!r}; known: {', '.join(KINDS)}")
    if kind == "label-free":
        return ()
    if kind == "everything":
        return (*_ALLOWED, *DEVELOPMENT)
    known = {**_ALLOWED, **HELD_OUT}
    if tested not in known:
        raise ValueError(
            f"tested={tested!r}: a {kind} meta-training names the benchmark it is tested on: {list(known)}"
        )
    near, far = known[tested]
    return (*near, *(far if kind == "cross-task" else ()), *DEVELOPMENT)


def check_honest(card: Mapping[str, Any], kind: str, tested: str) -> None:
    """Check by the sources that its loaders recorded that a checkpoint of this kind may be in a table on `tested`.

    Raises:
        ValueError: a checkpoint of another kind, or one that saw or was chosen by forbidden tables; names them.
    """
    name = card.get("name", "the checkpoint")
    if card.get("kind") != kind:
        raise ValueError(f"{name} is {card.get('kind')}: it has no place in a table of {kind} ones")
    allowed = allowed_tables(kind, tested)
    for what, tables in (("saw", allowed), ("was chosen by", (*allowed, *DEVELOPMENT))):
        sources = card["sources" if what == "saw" else "chosen_by"]
        seen = {source["table"] for source in sources if "table" in source}
        if forbidden := sorted(seen - set(tables)):
            raise ValueError(f"{name} {what} {forbidden}: a {kind} checkpoint tested on {tested} may not")
    if kind == "everything":
        raise ValueError(f"{name} was trained on everything: it appears in no result")


def build_source(config: TasksConfig, seed: int) -> TaskSource:
    """The mixture of prior and measured tasks that `config` describes.

    Raises:
        ValueError: a table that this kind of meta-training may not see, or no space with a share above 0.
    """
    allowed = allowed_tables(config.kind, config.tested)
    tables = {name: share for name, share in config.tables.items() if share > 0}
    if forbidden := [name for name in tables if name not in allowed]:
        raise ValueError(
            f"a {config.kind} meta-training tested on {config.tested} may not see {forbidden}; only {allowed}"
        )
    spaces = {name: share for name, share in config.spaces.items() if share > 0}
    if not spaces:
        raise ValueError(f"no space to draw prior tasks from: {config.spaces}; give one a share above 0")
    parts: list[TaskSource] = [prior_tasks(name, seed, config.prior) for name in spaces]
    if not tables:
        return TaskMixture(parts, list(spaces.values()))
    measured = [measured_tasks(load_benchmark(name), config.measured) for name in tables]
    shares = [config.prior_share * share / sum(spaces.values()) for share in spaces.values()]
    shares += [(1 - config.prior_share) * share / sum(tables.values()) for share in tables.values()]
    return TaskMixture([*parts, *measured], shares)


def build_validation(config: TasksConfig, seed: int) -> TaskSource:
    """Tasks to choose the checkpoint by: of allowed tables or development benchmarks, else prior tasks of other seeds.

    Raises:
        ValueError: a table that is neither allowed nor a development benchmark.
    """
    allowed = {*allowed_tables(config.kind, config.tested), *DEVELOPMENT}
    if forbidden := [name for name in config.validation if name not in allowed]:
        raise ValueError(f"a {config.kind} checkpoint tested on {config.tested} may not be chosen by {forbidden}")
    if not config.validation:
        return build_source(TasksConfig(spaces=config.spaces, prior=config.prior), seed)
    parts = [measured_tasks(load_benchmark(name), MeasuredConfig(mixed=0.0, bent=0.0)) for name in config.validation]
    return TaskMixture(parts, [1.0] * len(parts))


def prior_tasks(name: str, seed: int, config: PriorConfig) -> TaskSource:
    """Prior tasks of a space's cells, of `random` cells, of `chains` or of `configurations`."""
    if name == "chains":
        return ChainTasks(config)
    if name == "configurations":
        return ConfigurationTasks(pool("random", seed), config)
    return PriorTasks(name, pool(name, seed), config)


def measured_tasks(table: Table, config: MeasuredConfig, rows: np.ndarray | None = None) -> MeasuredTasks:
    """Tasks from every metric of a table."""
    return MeasuredTasks(table, list(table.metrics), config, rows)


def pool(name: str, seed: int) -> Graphs:
    """Distinct unlabelled cells: of a space, or `random` ones of no space."""
    random = name == "random"
    cells = random_cells(6000, np.random.default_rng([seed, 101])) if random else get_space(name).arrays()
    if len(cells) > MOST_CELLS:
        rng = np.random.default_rng([seed, 102])
        cells = cells[rng.choice(len(cells), size=MOST_CELLS, replace=False)]
    return Graphs.distinct(cells)[0]
