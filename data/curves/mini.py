"""Curves of `mini`, the benchmark that this project trained itself: ten epochs of the first seed of each cell.

Validation accuracy in percent is the quantity that counts; loss of validation images, and loss and accuracy of training
images, are in nats and percent. `train_time` is a tenth of a training's processor seconds, the same for each epoch.
Rows are cells of `load_benchmark("mini")`, in its order; cells of which that seed is not trained yet are left out.

Embedded: nothing is downloaded.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from data import load_benchmark
from data.curves.table import CurveSource, CurveTable, Inputs
from data.table import Source, Table
from metanp.curves import Curves, Quantity

DATASETS = ("cifar10", "fashion_mnist")
EPOCHS = 10
QUANTITIES = {
    "validation_accuracy": Quantity("validation_accuracy", "percent", True),
    "validation_loss": Quantity("validation_loss", "nats", False),
    "train_loss": Quantity("train_loss", "nats", False),
    "train_accuracy": Quantity("train_accuracy", "percent", True),
}
SECONDS = Quantity("train_time", "s", False)


def build(dataset: str, inputs: Inputs) -> CurveTable:
    """The curves of one set of images; `inputs` are empty, as the benchmark is at hand."""
    table = load_benchmark("mini")
    curves = [_curve(table, f"{dataset}_{name}") for name in QUANTITIES]
    seconds = table.scores[f"{dataset}_train_time_{EPOCHS}"][:, :1] / EPOCHS
    values = np.stack([*curves, np.repeat(seconds, EPOCHS, axis=1)], axis=1)
    values[:, -1][~np.isfinite(values[:, 0])] = np.nan  # the clock of a training that broke off
    trained = np.flatnonzero(np.isfinite(seconds[:, 0]))
    metric = table.metrics[f"{dataset}_validation_accuracy_{EPOCHS}"]
    found = Curves(
        (*QUANTITIES.values(), SECONDS), values[trained], np.arange(1, EPOCHS + 1), np.full(len(trained), EPOCHS)
    )
    ids = tuple(table.ids[i] for i in trained)
    where = (Source(metric.source, metric.sha256, ", ".join(QUANTITIES)),)
    return CurveTable(f"mini_{dataset}", dataset, ids, found, where, ids, benchmark=table.name)


def _curve(table: Table, name: str) -> np.ndarray:
    """(cell, epoch) of the first seed."""
    return np.stack([table.scores[f"{name}_{epoch}"][:, 0] for epoch in range(1, EPOCHS + 1)], axis=1)


SOURCES = [CurveSource(f"mini_{dataset}", partial(build, dataset), ()) for dataset in DATASETS]
