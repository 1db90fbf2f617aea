"""Zero-cost proxies of a benchmark's cells, computed here: side features of protocols, with what each costs.

They are computed once and kept in the journal of `metanp.proxies.pool`, one for each plan and batch, so that a run that
was interrupted goes on, and later runs read what there is.

Axes: cell, in the order given.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from rich.console import Console
from rich.progress import track

from data.images import load_images
from metanp.brief import brief
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.nearest import nearest
from metanp.networks import SKELETONS
from metanp.proxies.batch import Batch
from metanp.proxies.image_file import draw_batch, prepared
from metanp.proxies.measure import Measured, read_names
from metanp.proxies.pool import Plan, check_cells, journal_path, measure_pool
from metanp.proxies.vote import VOTERS, vote
from scripts.command import say

VOTE = "vote"
FIRST = multiprocessing.parent_process() is None  # of a run's processes, all of which read the journal: it speaks


@dataclass
class Computing:
    """What is computed, and on which images.

    proxies: names of `metanp.proxies`, and `vote`; without, nothing is computed. skeleton: the network around a cell.
    prune: whether operations that carry nothing are left out of it. images: of `data.images.IMAGE_SETS`. side: pixels
    they are resized to, 0 leaves them. train: how many there are to draw from, the first ones; 0 all. batch: images
    drawn. seed: of the images, and from which each cell has that of its weights and noise. cells: of the benchmark,
    drawn by the seed, computed or not; 0 all. workers: processes.
    """

    proxies: list[str] = field(default_factory=list)
    skeleton: str = "nasbench201"
    prune: bool = False
    images: str = "cifar10_jpeg"
    side: int = 0
    train: int = 0
    batch: int = 32
    seed: int = 0
    cells: int = 0
    workers: int = 2


@dataclass(frozen=True)
class Computed:
    """values, seconds: by proxy, (cell,); a value is NaN where the proxy failed. together: seconds of all at once.

    Seconds are of one core, the building of the network among them.
    """

    values: dict[str, Float[np.ndarray, " cell"]]
    seconds: dict[str, Float[np.ndarray, " cell"]]
    together: Float[np.ndarray, " cell"]

    __repr__ = brief


def computed(cells: CellArray | Sequence[Cell], how: Computing, download: bool = False) -> Computed:
    """The proxies of some cells: what the journal has of them, and what is missing is measured now.

    Raises:
        ValueError: no such skeleton, proxy or images; a cell that is no network of the skeleton, named; a proxy that
            failed for every cell.
        FileUnavailable: images that are not at hand; says what to do.
    """
    if how.skeleton not in SKELETONS:
        raise ValueError(f"no skeleton {how.skeleton!r} to compute proxies of; {nearest(how.skeleton, SKELETONS)}")
    cells = cells.to_cells() if isinstance(cells, CellArray) else list(cells)
    batch, classes = batch_of(how, download)
    plan = Plan(how.skeleton, classes, tuple(_measured(how.proxies)), how.seed, how.prune)
    _check_networks(cells, plan)
    found = _all(cells, plan, batch, how.workers)
    table = {name: np.array([one.values[name] for one in found]) for name in plan.names}
    seconds = {name: np.array([one.seconds.get(name, np.nan) for one in found]) for name in plan.names}
    _say_failed(table, found)
    if VOTE in how.proxies:
        table[VOTE], seconds[VOTE] = vote(table), np.sum([seconds[name] for name in VOTERS], axis=0)
    values, seconds = ({name: columns[name] for name in how.proxies} for columns in (table, seconds))
    return Computed(values, seconds, np.array([one.together for one in found]))


def batch_of(how: Computing, download: bool = False) -> tuple[Batch, int]:
    """The images that all cells are measured on, normalised over those to draw from, and the number of classes."""
    images = load_images(how.images, download)
    images = images.resized(how.side) if how.side else images
    some = slice(how.train or None)
    pixels = images.train[some].permute(0, 3, 1, 2).numpy(), images.train_labels[some].numpy()
    return draw_batch(*prepared(*pixels, how.images), how.batch, how.seed), len(images.classes)


def drawn(n: int, how: Computing) -> np.ndarray:
    """Which of `n` rows take part, in their order: fewer cells are some of those that more would be."""
    order = np.random.default_rng(how.seed).permutation(n)
    return np.sort(order[: how.cells or None])


def _measured(names: Sequence[str]) -> list[str]:
    """Those of single networks, voters among them."""
    return read_names([*(name for name in names if name != VOTE), *(VOTERS if VOTE in names else ())])


def _check_networks(cells: Sequence[Cell], plan: Plan) -> None:
    try:
        check_cells(cells, plan)
    except ValueError as error:
        raise ValueError(f"no proxies without networks: {error}") from error


def _all(cells: Sequence[Cell], plan: Plan, batch: Batch, workers: int) -> list[Measured]:
    journal = journal_path(plan, batch)
    found: dict[int, Measured] = {}
    measured = measure_pool(cells, plan, batch, journal, workers)
    console = Console(stderr=True, quiet=not FIRST)
    for place, one in track(measured, "proxies", len(cells), console=console, transient=True):
        found[place] = one
    return [found[place] for place in range(len(cells))]


def _say_failed(table: dict[str, np.ndarray], found: Sequence[Measured]) -> None:
    """Says of which cells a proxy is missing; ValueError where it is missing for all."""
    for name, values in table.items():
        if len(failed := np.flatnonzero(np.isnan(values))):
            why = f"{name} failed for {len(failed)} of {len(values)} cells, first cell {failed[0]}: "
            why += found[failed[0]].reasons.get(name, "no reason was kept")
            if len(failed) == len(values):
                raise ValueError(f"{why}; leave it out of the proxies")
            if FIRST:
                say("proxies", why)
