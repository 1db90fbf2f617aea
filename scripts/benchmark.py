"""Speed and memory: `python -m scripts.benchmark [--json]`.

Each piece of work runs in a new process, so that its peak memory can be measured. A ratio is the seconds of a baseline
on the same work divided by ours: above 1, MetaNP is faster. NAS-Bench-101 is ranked in full; if its enumeration is not
cached yet, it is computed first (minutes, once) and not counted. Rows on many labels read the measured sample of
NAS-Bench-101, and have tau as well.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import numpy as np
import typer

from scripts.results.table import Table

LABELS = 100
# (work, seconds allowed on 2 cores, gigabytes allowed)
LIMITS: dict[str, tuple[float, float | None]] = {
    "import": (3.0, None),
    "nasbench201 fresh cells": (3.0, None),
    "nasbench201 encoded pool": (0.3, None),
    "nasbench101 encode": (60.0, 3.0),
    "nasbench101 rank": (5.0, 3.0),
    "nasbench201 ask": (1.0, None),
    "nasbench101 ask": (10.0, 5.0),
    "20,000 labels": (60.0, 4.0),
}
MOST_OF_RIVALS = 4_000  # labels: with these XGBoost already takes minutes
MANY = (1_000, 4_000, 20_000)  # labels of NAS-Bench-101's sample, of which the last 10,001 cells are ranked


def main(as_json: Annotated[bool, typer.Option("--json")] = False, checkpoint: str = "default") -> None:
    """Time MetaNP and its two fastest rivals on the same cells."""
    from metanp.checkpoint import find  # here, so that no piece of work imports what it does not use
    from scripts.command import one_line

    with one_line("benchmark"):
        find(checkpoint)
    results = {"import": {"seconds": _import_seconds("import metanp")}}
    results["import of the predictor"] = {"seconds": _import_seconds("from metanp import MetaNP")}
    results |= _in_own_process(_nasbench201, checkpoint)
    results |= _in_own_process(_nasbench101, checkpoint)
    for space in ("nasbench201", "nasbench101"):
        results |= _in_own_process(partial(_ask, space), checkpoint)
    for labels in MANY:
        results |= _in_own_process(partial(_many, labels), checkpoint)
    for work, (seconds, gigabytes) in LIMITS.items():
        results[work] |= {"seconds_allowed": seconds, **({"gigabytes_allowed": gigabytes} if gigabytes else {})}
    if as_json:
        print(json.dumps(results))
        return
    columns = list(dict.fromkeys(key for row in results.values() for key in row))
    lines = [[w, *(f"{row[key]:.2f}" if key in row else "" for key in columns)] for w, row in results.items()]
    Table(["work", *columns], lines).print()


def _import_seconds(program: str) -> float:
    """Median of five fresh interpreters."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def _in_own_process(work: Callable[[str], dict[str, Any]], checkpoint: str) -> dict[str, Any]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (checkpoint,))


def _nasbench201(checkpoint: str) -> dict[str, Any]:
    from data import load_benchmark
    from metanp import MetaNP
    from metanp.spaces import get_space
    from scripts.leaderboards.entrants import made

    table = load_benchmark("nasbench201")
    accuracy = table.mean("cifar10_validation_accuracy_200")
    context = np.random.default_rng(0).permutation(len(accuracy))[:LABELS]
    cells = [list(get_space("nasbench201").enumerate()) for _ in range(2)]
    model = MetaNP(checkpoint)
    model.fit(cells[1][:5], accuracy[:5]).rank(cells[1][:100], k=10)  # the first call of the libraries is not timed

    def fresh() -> None:
        model.fit([cells[0][i] for i in context], accuracy[context])
        model.rank(cells[0], k=10)

    first = {"seconds": _seconds(fresh)}
    pool = model.encode(cells[0])
    second = {"seconds": min(_seconds(lambda: model.rank(pool, k=10)) for _ in range(3))}
    for name in ("gp_wl", "xgboost"):
        rival: Any = made(name)

        def whole(rival: Any = rival) -> None:
            rival.fit([cells[1][i] for i in context], accuracy[context])
            np.argsort(rival.predict(cells[1]))

        first[f"{name}_ratio"] = _seconds(whole) / first["seconds"]
        encoded = rival.encode(cells[1])
        second[f"{name}_ratio"] = _seconds(lambda r=rival, p=encoded: np.argsort(r.predict(p))) / second["seconds"]  # type: ignore[misc]
    return {"nasbench201 fresh cells": first, "nasbench201 encoded pool": second}


def _nasbench101(checkpoint: str) -> dict[str, Any]:
    from metanp import MetaNP
    from metanp.spaces import get_space
    from scripts.leaderboards.entrants import made

    cells = get_space("nasbench101").arrays()
    rng = np.random.default_rng(0)
    context = cells[rng.choice(len(cells), LABELS, replace=False)]
    score = context.adjacency.sum((1, 2)) + rng.normal(size=LABELS)  # any scores: the work does not depend on them
    model = MetaNP(checkpoint)
    started = time.perf_counter()
    pool = model.encode(cells)
    encode = {"seconds": time.perf_counter() - started, "gigabytes": _peak()}

    def rank() -> None:
        model.fit(context, score)
        model.rank(pool, k=10)

    ranked = {"seconds": _seconds(rank), "gigabytes": _peak()}
    del pool
    rival: Any = made("xgboost")
    started = time.perf_counter()
    encoded = rival.encode(cells)
    encode["xgboost_ratio"] = (time.perf_counter() - started) / encode["seconds"]
    rival.fit(context, score)
    ranked["xgboost_ratio"] = _seconds(lambda: np.argsort(rival.predict(encoded))) / ranked["seconds"]
    return {"nasbench101 encode": encode, "nasbench101 rank": ranked}


def _many(labels: int, checkpoint: str) -> dict[str, Any]:
    """Fit and rank once, from cells that are encoded already."""
    from data import load_benchmark
    from metanp import MetaNP
    from metanp.metrics import kendall_tau
    from scripts.leaderboards.entrants import made

    table = load_benchmark("nasbench101")
    accuracy = table.mean("cifar10_validation_accuracy_108")
    order = np.random.default_rng(0).permutation(len(accuracy))
    shown, others = order[:labels], order[max(MANY) :]
    found: dict[str, Any] = {}
    for name in ("metanp", *(["xgboost"] if labels <= MOST_OF_RIVALS else [])):
        one: Any = MetaNP(checkpoint) if name == "metanp" else made(name)
        pool = one.encode(table.cells[others])
        started = time.perf_counter()
        predicted = one.fit(table.cells[shown], accuracy[shown]).predict(pool)
        seconds, tau = time.perf_counter() - started, kendall_tau(predicted, accuracy[others])
        if name == "metanp":
            found = {"seconds": seconds, "gigabytes": _peak(), "tau": tau}
        else:
            found |= {"xgboost_ratio": seconds / found["seconds"], "xgboost_tau": tau}
    return {f"{labels:,} labels": found}


def _ask(space: str, checkpoint: str) -> dict[str, Any]:
    """One ask over a whole space after `LABELS` evaluations; `seconds_first` includes encoding it, once a search."""
    from metanp.search import Search, make
    from metanp.spaces import get_space

    cells = get_space(space).arrays()
    rng = np.random.default_rng(0)
    search = Search(get_space(space), make("metanp", checkpoint=checkpoint))

    def tell(some: Any) -> None:
        for cell in some:  # any scores: the work does not depend on them
            search.tell(cell, len(cell.edges) + rng.normal())

    with warnings.catch_warnings(action="ignore"):  # about cells that were never asked for
        tell(cells[rng.choice(len(cells), LABELS, replace=False)].to_cells())
    first = _seconds(lambda: tell(search.ask(1)))
    again = [_seconds(lambda: tell(search.ask(1))) for _ in range(3)]
    return {f"{space} ask": {"seconds": min(again), "seconds_first": first, "gigabytes": _peak()}}


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _peak() -> float:
    """Peak memory of this process in gigabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    typer.run(main)
