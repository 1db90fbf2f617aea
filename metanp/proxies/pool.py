"""Proxies of a whole pool of cells, in several processes, and a journal to go on from after an interruption.

A cell's values depend on the cell, the batch and the `Plan` alone. Each has a seed of its own: where all share one,
their errors go together, and the correlation of l2_norm with accuracy was .68 under one seed and .76 under the next.
The journal has a line for each cell that was measured; a line that a killed process left unfinished is passed over.
"""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
import torch

import metanp
from metanp.brief import brief
from metanp.cell import Cell
from metanp.networks import network
from metanp.operations import Operation
from metanp.proxies.batch import Batch
from metanp.proxies.measure import SUITE_ZERO, Measured, measure


@dataclass(frozen=True)
class Plan:
    """What is measured of each cell.

    skeleton: the network around the cell, a name of `metanp.networks.SKELETONS`.
    names: of proxies.
    seed: from which each cell has its own.
    prune: whether operations that carry nothing are left out; benchmarks build them.
    """

    skeleton: str = "nasbench201"
    classes: int = 10
    names: tuple[str, ...] = SUITE_ZERO
    seed: int = 0
    prune: bool = False

    __repr__ = brief

    def measure(self, cell: Cell, batch: Batch) -> Measured:
        """Seconds are those of building the network as well, with every proxy and with all together.

        Raises:
            ValueError: the skeleton has no module for the cell, or the batch cannot be read.
        """
        channels, seed, start = batch.images.shape[1], self.seed_of(cell), time.process_time()
        built = network(cell, self.skeleton, self.classes, channels, prune=self.prune, rng=seed)
        building = time.process_time() - start
        found = measure(built, batch, self.names, seed)
        seconds = {name: building + taken for name, taken in found.seconds.items()}
        return replace(found, seconds=seconds, together=building + found.together)

    def seed_of(self, cell: Cell) -> int:
        """Of a cell's weights and of what is random in a proxy: the plan's seed and the cell's key decide it."""
        return int.from_bytes(hashlib.blake2b(f"{self.seed} {self.key(cell)}".encode(), digest_size=7).digest())

    def key(self, cell: Cell) -> str:
        """The same of cells that become the same network."""
        if self.prune:
            return cell.key
        written = json.dumps([cell.operations, cell.edges])
        return hashlib.blake2b(written.encode(), digest_size=16).hexdigest()


def measure_pool(
    cells: Sequence[Cell], plan: Plan, batch: Batch, journal: Path, workers: int = 2
) -> Iterator[tuple[int, Measured]]:
    """Where a cell stands in the pool and what was measured of it, as it comes; first what the journal has."""
    known, keys = read_journal(journal), [plan.key(cell) for cell in cells]
    places: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    for key in places.keys() & known.keys():
        yield from ((place, known[key]) for place in places[key])
    todo = {key: cells[where[0]] for key, where in places.items() if key not in known}
    journal.parent.mkdir(parents=True, exist_ok=True)
    for key, measured in _measured(todo, plan, batch, workers):
        _append(journal, key, measured)
        yield from ((place, measured) for place in places[key])


def check_cells(cells: Sequence[Cell], plan: Plan, called: Sequence[str] | None = None) -> None:
    """Builds the first cell with each operation, before anything is measured.

    Args:
        called: what an error calls each cell; "cell 0" and so on without.

    Raises:
        ValueError: the skeleton has no module for an operation; names the cell.
    """
    seen: set[str | Operation] = set()
    for place, cell in enumerate(cells):
        if not seen.issuperset(cell.operations):
            try:
                network(cell, plan.skeleton, plan.classes, prune=False, rng=plan.seed)
            except ValueError as error:
                raise ValueError(f"{f'cell {place}' if called is None else called[place]}: {error}") from error
            seen.update(cell.operations)


def journal_path(plan: Plan, batch: Batch) -> Path:
    """In the user's cache, or in the folder METANP_CACHE: one file for one plan, batch and version of this code."""
    digest = hashlib.sha256(json.dumps([metanp.__version__, asdict(plan), list(batch.images.shape)]).encode())
    for array in batch:
        digest.update(array.numpy().tobytes())
    package = Path(metanp.__file__).parent
    for code in sorted([*package.glob("proxies/*.py"), *package.glob("networks/*.py")]):
        digest.update(code.read_bytes())
    folder = Path(os.environ.get("METANP_CACHE") or platformdirs.user_cache_dir("metanp"))
    return folder / "proxies" / f"{digest.hexdigest()[:16]}.jsonl"


def read_journal(path: Path) -> dict[str, Measured]:
    """What was measured, by the cell's key."""
    known: dict[str, Measured] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
                values = {name: math.nan if value is None else value for name, value in row["values"].items()}
                seconds = row.get("seconds", {})
                known[row["key"]] = Measured(values, row["reasons"], seconds, row.get("together", math.nan))
            except (ValueError, KeyError, TypeError):
                continue  # broken off
    return known


def _append(path: Path, key: str, measured: Measured) -> None:
    values = {name: value if math.isfinite(value) else None for name, value in measured.values.items()}
    seconds = {name: round(taken, 5) for name, taken in measured.seconds.items()}
    row = {"key": key, "values": values, "reasons": dict(measured.reasons), "seconds": seconds}
    line = json.dumps(row | {"together": round(measured.together, 5)})
    with open(path, "ab") as file:
        before = b"" if not file.tell() or _ends_line(path) else b"\n"
        file.write(before + line.encode() + b"\n")


def _ends_line(path: Path) -> bool:
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _measured(cells: Mapping[str, Cell], plan: Plan, batch: Batch, workers: int) -> Iterator[tuple[str, Measured]]:
    if min(workers, len(cells)) < 2:
        yield from ((key, plan.measure(cell, batch)) for key, cell in cells.items())
        return
    context, arrays = multiprocessing.get_context("spawn"), [array.numpy() for array in batch]
    prepare = partial(_prepare, plan, *arrays)
    with ProcessPoolExecutor(min(workers, len(cells)), context, prepare) as pool:
        try:
            futures = {pool.submit(_work, cell): key for key, cell in cells.items()}
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_job: tuple[Plan, Batch] | None = None  # of a worker process


def _prepare(plan: Plan, images: Any, labels: Any) -> None:
    global _job
    torch.set_num_threads(1)
    _job = plan, Batch(torch.as_tensor(images), torch.as_tensor(labels))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)


def _work(cell: Cell) -> Measured:
    assert _job is not None
    plan, batch = _job
    return plan.measure(cell, batch)
