"""`metanp proxies`: the proxies of a pool of cells, written beside the cells as side features."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from metanp.brief import brief
from metanp.json_lines import Records, Row, read
from metanp.proxies.image_file import draw_batch
from metanp.proxies.measure import SUITE_ZERO, Measured, read_names
from metanp.proxies.pool import Plan, check_cells, journal_path, measure_pool
from metanp.proxies.vote import VOTERS, vote

VOTE = "vote"  # of the whole pool, beside the proxies of one network


@dataclass(frozen=True)
class Settings:
    """What the command was asked.

    pool: JSON lines with cells; - is standard input.
    names: of proxies, and `vote`.
    batch: images in it.
    journal: where it goes on from; in the cache without.
    """

    pool: Path
    names: Sequence[str] = SUITE_ZERO
    plan: Plan = field(default_factory=Plan)
    batch: int = 32
    workers: int = 2
    journal: Path | None = None

    __repr__ = brief


def run(settings: Settings, images: Any, labels: Any) -> Iterator[str]:
    """The lines of the pool with the proxies among their features, null where one failed; why is said on stderr.

    Args:
        images, labels: as `metanp.proxies.image_file` prepares them, to draw the batch from.

    Raises:
        ValueError: a pool or proxy that cannot be read; a cell that the skeleton has no module for; too few images.
    """
    plan = replace(settings.plan, names=tuple(_measured_names(settings.names)))
    records = read(settings.pool)
    check_cells(records.cells, plan, [f"{records.path}, line {line}" for line in records.lines])
    batch = draw_batch(images, labels, settings.batch, plan.seed)
    journal = settings.journal or journal_path(plan, batch)
    _say(f"{'goes on from' if journal.is_file() else 'keeps what it measures in'} {journal}")
    measured = measure_pool(records.cells, plan, batch, journal, settings.workers)
    found = dict(track(measured, "proxies", len(records.cells), console=Console(stderr=True)))
    _say_reasons(records, found, plan.names)
    yield from _written(records, found, settings.names)


def _measured_names(names: Sequence[str]) -> list[str]:
    """Those of single networks, the voters of a vote among them."""
    alone = [name for name in names if name != VOTE]
    return read_names([*alone, *(VOTERS if VOTE in names else ())])


def _written(records: Records, found: Mapping[int, Measured], names: Sequence[str]) -> Iterator[str]:
    columns = {name: [found[i].values[name] for i in range(len(found))] for name in found[0].values}
    if VOTE in names:
        columns[VOTE] = vote(columns).tolist()
    for i, cell in enumerate(records.cells):
        before = {name: column[i] for name, column in records.features.items() if column[i] is not None}
        values = {name: columns[name][i] for name in names}
        features = before | {name: value if math.isfinite(value) else None for name, value in values.items()}
        yield Row(records.ids[i], cell, records.scores[i], features, records.failed[i]).written()


def _say_reasons(records: Records, found: Mapping[int, Measured], names: Sequence[str]) -> None:
    """Each proxy that failed, for how many cells, and why for the first of them."""
    for name in names:
        if failed := [i for i in sorted(found) if name in found[i].reasons]:
            first = f"line {records.lines[failed[0]]}: {found[failed[0]].reasons[name]}"
            _say(f"{name} is missing for {len(failed)} of {len(found)} cells, first {first}")


def _say(text: str) -> None:
    print(f"metanp: {' '.join(text.split())}", file=sys.stderr, flush=True)
