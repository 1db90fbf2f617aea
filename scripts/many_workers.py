"""How an ask grows: `python -m scripts.many_workers [--json]`, the numbers of docs/many-machines.md.

    labels        evaluated cells, on NAS-Bench-201 (15,625 candidates)
    candidates    100 labels, cells of NAS-Bench-101
    pending       100 labels, NAS-Bench-201, so many cells are being evaluated
    at once       100 trials, so many more whose samplers are choosing at the same moment: the last of them
    storage       a trial without a sampler's thinking, in a study of so many: created, read by its sampler, finished

Seconds are of the processor, so that other work on the machine does not count; `storage` is also in seconds of a clock,
as files are waited for. Each number is the least of `REPEATS` asks, the first of a pool left out: it encodes the cells.
"""

from __future__ import annotations

import json
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import optuna
import typer
from optuna.distributions import BaseDistribution, IntDistribution
from optuna.storages import InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.integrations.optuna import Choices, MetaNPSampler
from metanp.integrations.optuna.trials import read_trials
from metanp.search import Pick, Search, make
from metanp.spaces import get_space
from scripts.results.table import Table

REPEATS = 3
LABELS, CANDIDATES, WORKERS, TRIALS = (
    (10, 100, 300, 1000),
    (1000, 10_000, 100_000),
    (2, 8, 32, 128),
    (100, 1000),
)
USUAL = 100  # labels, where something else grows


def main(as_json: Annotated[bool, typer.Option("--json")] = False, checkpoint: str = "label-free") -> None:
    """Time asks."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rows = []
    for row in measured(checkpoint):
        rows.append(row)
        if as_json:
            print(json.dumps(row), flush=True)
    if not as_json:
        columns = list(dict.fromkeys(key for row in rows for key in row))
        Table(columns, [[_written(row.get(key, "")) for key in columns] for row in rows]).print()


def measured(checkpoint: str) -> Iterator[dict[str, Any]]:
    """A row a number."""
    cells = get_space("nasbench201").arrays()
    for n in LABELS:
        yield {"grows": "labels", "n": n, "seconds": _ask(cells, n, 0, checkpoint)}
    for n in WORKERS:
        yield {"grows": "pending", "n": n, "seconds": _ask(cells, USUAL, n, checkpoint)}
    for n in WORKERS:
        yield {"grows": "at once", "n": n, "seconds": _at_once(n, checkpoint)}
    many = get_space("nasbench101").arrays()
    rng = np.random.default_rng(0)
    for n in CANDIDATES:
        some = many[np.sort(rng.choice(len(many), n, replace=False))]
        yield {"grows": "candidates", "n": n, "seconds": _ask(some, USUAL, 0, checkpoint)}
    for n in TRIALS:
        with tempfile.TemporaryDirectory() as folder:
            for kind in ("memory", "journal file", "sqlite"):
                yield {"grows": f"storage: {kind}", "n": n, **_storage(kind, Path(folder), n)}


def _ask(cells: CellArray, labels: int, pending: int, checkpoint: str) -> float:
    """Of a search, with so many cells evaluated and so many given out."""
    search = Search(cells, make("metanp", checkpoint=checkpoint))
    drawn = np.random.default_rng(0).permutation(len(cells))
    distinct = {cell.key: cell for cell in cells[drawn[: 3 * (labels + pending) + 100]].to_cells()}
    some = [*distinct.values()][: labels + pending]
    with warnings.catch_warnings(action="ignore"):  # of cells that were never asked for
        for cell in some[:labels]:
            search.tell(cell, _score(cell))
    search.journal.ask([Pick(cell) for cell in some[labels:]])
    search.suggestions(1)  # encodes the cells
    return _least(lambda: search.suggestions(1))


def _at_once(workers: int, checkpoint: str) -> float:
    """The last of so many samplers that choose at the same moment."""
    choices = Choices(get_space("nasbench201"))
    sampler = MetaNPSampler(choices, checkpoint=checkpoint, seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    rng = np.random.default_rng(0)
    cells = [choices.candidates.sample(rng) for _ in range(USUAL)]
    for cell in cells:
        values = choices.values(cell)
        study.add_trial(
            optuna.trial.create_trial(params=values, distributions=choices.distributions, value=_score(cell))
        )
    ids = [study._storage.create_new_trial(study._study_id) for _ in range(workers)]
    last = study._storage.get_trial(ids[-1])
    sampler.sample_relative(study, last, choices.distributions)
    return _least(lambda: sampler.sample_relative(study, last, choices.distributions))


def _storage(kind: str, folder: Path, trials: int) -> dict[str, float]:
    """A trial whose sampler costs nothing, in a study of so many."""
    if kind == "memory":
        storage: Any = InMemoryStorage()
    elif kind == "sqlite":
        storage = RDBStorage(f"sqlite:///{folder / 'study.db'}")
    else:
        storage = JournalStorage(JournalFileBackend(str(folder / "study.log")))
    choices = Choices(get_space("nasbench201").arrays()[:1000].to_cells())
    study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(seed=0))
    kinds: dict[str, BaseDistribution] = {"cell": IntDistribution(0, 999)}
    study.add_trials(
        [optuna.trial.create_trial(params={"cell": i % 1000}, distributions=kinds, value=i) for i in range(trials)]
    )

    def one() -> None:
        trial = study.ask(kinds)
        read_trials(study.get_trials(deepcopy=False), trial.number, kinds, choices.cell, 1)
        study.tell(trial, 1.0)

    one()
    clock = time.perf_counter()
    seconds = _least(one)
    return {"seconds": seconds, "of a clock": (time.perf_counter() - clock) / REPEATS}


def _score(cell: Cell) -> float:
    """Any: the work is the same whatever scores are."""
    return float(len(cell.edges) + int(cell.key[:4], 16) / 65536)


def _least(work: Callable[[], Any]) -> float:
    found = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def _written(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    typer.run(main)
