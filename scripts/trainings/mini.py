"""The trainings of the benchmark `mini`: which there are, in which order, and the rows that they leave.

Some cells of NAS-Bench-201, one a way of computing, in one random order; each trained on two sets of small images, with
two seeds. Any number of processes share the work (`scripts.trainings.claims`); a row that was cut off is trained again.

Partial results are of use: the first cells have both seeds, for the noise; then come first seeds of all others, then
their second ones; in each round both sets of images of a cell follow one another.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from metanp.networks import cost, network
from metanp.spaces.nasbench201 import SPACE
from scripts.results.provenance import settings_digest
from scripts.trainings.claims import append, claimed, kept_rows, own_file, written
from scripts.trainings.loop import Diverged, Training
from scripts.trainings.prepared import Images, Prepared, prepare
from scripts.trainings.recipe import Recipe

ORDER_SEED = 2026  # of the order of cells; another one is another benchmark
WITH_NOISE_FIRST = 100  # cells whose second seed does not wait
SEEDS = (0, 1)
SKELETON = "small"
IMAGES = {
    "cifar10": Images("cifar10_jpeg", side=16, train=4_000, validation=2_000),
    "fashion_mnist": Images("fashion_mnist_6k", side=16, train=4_000, validation=2_000),
}
RECIPE = Recipe(epochs=10, batch_size=128, learning_rate=0.1, padding=2)
CURVES = ("training_loss", "training_score", "validation_loss", "validation_score")


@dataclass(frozen=True)
class Work:
    """One training: a NAS-Bench-201 string, a name of `IMAGES`, a seed."""

    cell: str
    dataset: str
    seed: int


def cells(n: int) -> list[str]:
    """The first `n` in the random order, no two of which compute the same."""
    chosen: dict[str, str] = {}
    for i in np.random.default_rng(ORDER_SEED).permutation(len(SPACE)):
        cell = SPACE[int(i)]
        chosen.setdefault(cell.key, SPACE.write_text(cell))
        if len(chosen) == n:
            return list(chosen.values())
    raise ValueError(f"NAS-Bench-201 has {len(chosen):,} cells that compute different things; {n:,} are too many")


def trainings(n: int) -> list[Work]:
    """Every training of `n` cells, in order."""
    rounds: dict[int, list[Work]] = {}
    for place, cell in enumerate(cells(n)):
        for seed in SEEDS:
            when = seed if place >= WITH_NOISE_FIRST else -1
            rounds.setdefault(when, []).extend(Work(cell, dataset, seed) for dataset in IMAGES)
    return [work for when in sorted(rounds) for work in rounds[when]]


def train(work: Work) -> dict[str, Any]:
    """The row of a training: curves, a list an epoch; what a diverged one did not live to see is missing."""
    images = _images(work.dataset)
    net = network(SPACE.parse_text(work.cell), SKELETON, images.classes, images.shape[0], rng=work.seed)
    computed = cost(net, images.shape, runs=0)
    training = Training(net, images.training, images.validation, RECIPE, work.seed)
    start = time.process_time()
    row: dict[str, Any] = {**vars(work), **{name: [] for name in CURVES}}
    try:
        while not training.done:
            epoch = training.run_epoch()
            for name in CURVES:
                row[name].append(round(getattr(epoch, name), 5))
        row["test_loss"], row["test_score"] = (round(number, 5) for number in training.judge(images.test))
    except Diverged as error:
        row["failed"] = str(error)
    row["cpu_seconds"] = round(time.process_time() - start, 2)
    return row | {"parameters": computed.parameters, "flops": computed.flops, "recipe": settings()}


@cache
def settings() -> str:
    """A digest of what all trainings have alike."""
    images = {name: asdict(some) for name, some in IMAGES.items()}
    return settings_digest([SKELETON, images, asdict(RECIPE)])


@cache
def _images(dataset: str) -> Prepared:
    return prepare(IMAGES[dataset])


def read_rows(folder: Path, kept: Path | None = None) -> dict[Work, dict[str, Any]]:
    """Every training that ended, the first row of each; lines cut off, or of other settings, are passed over.

    kept: a file of rows as `keep_rows` writes it, read first; nothing where it is not there.
    """
    found: dict[Work, dict[str, Any]] = {}
    for row in (*kept_rows(kept), *written(folder)):
        if row["recipe"] == settings():
            found.setdefault(Work(row["cell"], row["dataset"], row["seed"]), row)
    return found


def work_through(
    folder: Path, n: int, most: int | None, marks: dict[str, Any], kept: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Train what nobody has trained or is training, and keep a row of each.

    Args:
        folder: of the rows; made where it is not there.
        n: cells of the benchmark.
        most: trainings of this process; None goes on to the end.
        marks: of every row, such as the commit.
        kept: as in `read_rows`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = own_file(folder)
    marks = {**marks, "torch": torch.__version__, "machine": machine(), "threads": torch.get_num_threads()}
    made, done = 0, read_rows(folder, kept)
    for number, work in enumerate(trainings(n)):
        if made == most:
            return
        if work in done:
            continue
        with claimed(folder, number) as mine:
            if not mine or work in (done := read_rows(folder, kept)):  # another process may have made it meanwhile
                continue
            row = train(work) | marks
            append(path, row)
            made += 1
        yield row


def machine() -> str:
    """The processor, as Linux names it, or as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
