"""Curves of NATS-Bench's official files, epoch by epoch: topology cells (200 epochs) and sizes (90 epochs).

The manifest has three genuine files of either space, of up to three trainings each, which check the format and are
small tables; `read` takes the files of any folder in the layout of the official archives. A row is one training, with
the id `<architecture index>/<seed>`.

Quantities, as the archive has them for each epoch: loss and accuracy of training, and of validation. Trainings of 200
epochs on CIFAR-100 and ImageNet16-120 were evaluated after each epoch on validation and test images together, and
on either alone only at the end: their quantities are `validation+test_...`, of which half is TEST.

Source: Dong et al. 2021, NATS-Bench (arXiv:2009.00437), nats_bench/api_utils.py.
"""

from __future__ import annotations

import bz2
import io
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from data.benchmark import Input
from data.curves.table import CurveSource, CurveTable, Inputs
from data.table import Source
from data.unpickle import HARMLESS, Restricted
from metanp.curves import Curves, Quantity

TSS, SSS = "NATS-tss-v1_0-3ffb9-simple", "NATS-sss-v1_0-50262-simple"
INDICES = (0, 11, 284)  # of the files in the manifest
DATASETS = {"cifar10": "cifar10-valid", "cifar100": "cifar100", "imagenet16": "ImageNet16-120"}  # ours -> trained on
SPLITS = {"x-valid": "validation", "ori-test": "validation+test"}  # evaluated on -> ours; the first that is complete


class Training(NamedTuple):
    """Of one seed. evaluated: a key of `SPLITS`. values: (quantity, epoch), see `quantities`."""

    id: str
    architecture: str
    evaluated: str
    values: np.ndarray


def quantities(evaluated: str) -> tuple[Quantity, ...]:
    """What the rows of a training's values are."""
    split = SPLITS[evaluated]
    return (
        Quantity(f"{split}_accuracy", "percent", True),
        Quantity(f"{split}_loss", "nats", False),
        Quantity("train_loss", "nats", False),
        Quantity("train_accuracy", "percent", True),
    )


def read(files: Mapping[int, Path], trained_on: str, schedule: str) -> Iterator[Training]:
    """Every training of the given files that was evaluated after each epoch.

    Args:
        files: by architecture index.
        trained_on: a data set as the archive calls it.
        schedule: epochs, as the archive writes them: "12", "200", "90".

    Raises:
        ValueError: a file that is no such pickle, or of another architecture; names it.
    """
    for index, path in files.items():
        state = _load(path).get(schedule)
        if state is None or int(state["arch_index"]) != index:
            raise ValueError(f"{path}: no {schedule} epochs of architecture {index}; unpack the archive again")
        for seed in state["dataset_seed"].get(trained_on, []):
            trial = state["all_results"][trained_on, seed]
            if evaluated := _evaluated(trial):
                yield Training(f"{index}/{int(seed)}", str(state["arch_str"]), evaluated, _curve(trial, evaluated))


def _evaluated(trial: Mapping[str, Any]) -> str | None:
    """The images that were evaluated after every epoch."""
    epochs = range(int(trial["epochs"]))
    complete = (on for on in SPLITS if all(f"{on}@{epoch}" in trial["eval_acc1es"] for epoch in epochs))
    return next(complete, None)


def _curve(trial: Mapping[str, Any], on: str) -> np.ndarray:
    epochs = range(int(trial["epochs"]))
    columns = [
        [trial["eval_acc1es"][f"{on}@{epoch}"] for epoch in epochs],
        [trial["eval_losses"][f"{on}@{epoch}"] for epoch in epochs],
        [trial["train_losses"][epoch] for epoch in epochs],
        [trial["train_acc1es"][epoch] for epoch in epochs],
    ]
    return np.array(columns, np.float64)


def _load(path: Path) -> Any:
    try:
        with bz2.open(path) as packed:
            return Restricted(io.BytesIO(packed.read()), str(path), HARMLESS).load()
    except (OSError, EOFError) as error:
        raise ValueError(f"{path}: not a whole bz2-compressed pickle ({error}); fetch it again") from error


def build(inputs: Inputs, name: str, dataset: str, schedule: str) -> CurveTable:
    files = {int(Path(one.path).name.partition(".")[0]): one.path for one in inputs.values()}
    trainings = list(read(files, DATASETS[dataset], schedule))
    evaluated = {training.evaluated for training in trainings}
    if len(evaluated) != 1:
        raise ValueError(
            f"{name}: evaluated on {sorted(evaluated) or 'nothing'} after each epoch; expected one set of images"
        )
    values = np.stack([training.values for training in trainings])
    n, _, epochs = values.shape
    curves = Curves(quantities(evaluated.pop()), values, np.arange(1, epochs + 1), np.full(n, epochs))
    ids, architectures = (tuple(getattr(one, part) for one in trainings) for part in ("id", "architecture"))
    return CurveTable(name, dataset, ids, curves, _sources(inputs.values(), dataset), architectures)


def _sources(inputs: Iterable[Input], dataset: str) -> tuple[Source, ...]:
    return tuple(one.column(DATASETS[dataset]) for one in inputs)


def _all() -> Iterator[CurveSource]:
    for space, folder, schedule in (("tss", TSS, "200"), ("sss", SSS, "90")):
        files = tuple(f"{folder}/{index:06d}.pickle.pbz2" for index in INDICES)
        for dataset in DATASETS:
            name = f"nats_{space}_{dataset}"
            yield CurveSource(name, partial(build, name=name, dataset=dataset, schedule=schedule), files)


SOURCES = list(_all())
