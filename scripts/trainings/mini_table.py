"""From the rows of `mini` to its table, whatever there is of them by now.

Axes: cell (in the order of the trainings), seed (`scripts.trainings.mini.SEEDS`). A training that diverged, or was not
made yet, is NaN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from data.mini import FILE
from data.table import Metric, Source, Table
from metanp.cell_array import CellArray
from metanp.spaces.nasbench201 import SPACE
from scripts.trainings import mini_proxies
from scripts.trainings.mini import IMAGES, RECIPE, SEEDS, Work, cells

Rows = Mapping[Work, Mapping[str, Any]]
SPLITS = {"training": "train", "validation": "validation", "test": "test"}


def table_of(rows: Rows, n: int, with_proxies: bool = True) -> Table:
    """The cells, of the first `n`, that have a row.

    Args:
        with_proxies: whether there are columns of proxies; what is not measured yet is, on the images.

    Raises:
        ValueError: no rows.
        FileUnavailable: images for proxies that are not at hand.
    """
    trained = {work.cell for work in rows}
    ids = [cell for cell in cells(n) if cell in trained]
    if not ids:
        raise ValueError(f"none of the {n:,} cells was trained yet; run python -m scripts.make_mini first")
    columns = [column for dataset in IMAGES for column in _columns(rows, ids, dataset)]
    columns += mini_proxies.columns(mini_proxies.proxies_of(ids)) if with_proxies else []
    arrays = CellArray.from_cells([SPACE.parse_text(cell) for cell in ids])
    return Table.from_columns("mini", arrays, ids, columns, space=SPACE.name)


def _columns(rows: Rows, ids: list[str], dataset: str) -> Iterator[tuple[Metric, np.ndarray]]:
    found = [[rows.get(Work(cell, dataset, seed), {}) for seed in SEEDS] for cell in ids]

    def column(key: str, epoch: int = 0) -> np.ndarray:
        return np.array([[_number(row, key, epoch) for row in seeds] for seeds in found])

    for epoch in range(1, RECIPE.epochs + 1):
        for part in ("training", "validation"):
            yield _accuracy(dataset, part, epoch), column(f"{part}_score", epoch)
            yield _loss(dataset, part, epoch), column(f"{part}_loss", epoch)
    yield _accuracy(dataset, "test", RECIPE.epochs), column("test_score")
    yield _loss(dataset, "test", RECIPE.epochs), column("test_loss")
    yield _other(dataset, "train_time", "time", "s", RECIPE.epochs, "cpu_seconds"), column("cpu_seconds")
    for name in ("parameters", "flops"):
        yield _other(dataset, name, name, "million", None, name), np.fmax.reduce(column(name), axis=1) / 1e6


def _number(row: Mapping[str, Any], key: str, epoch: int) -> float:
    """Of a row, or of an epoch (from 1 on) of a curve; NaN where the training did not come so far."""
    value = row.get(key, [] if epoch else np.nan)
    return (value[epoch - 1] if len(value) >= epoch else np.nan) if epoch else float(value)


def _accuracy(dataset: str, part: str, epoch: int) -> Metric:
    return Metric.accuracy(dataset, SPLITS[part], epoch, Source(FILE, "", f"{part}_score"))


def _loss(dataset: str, part: str, epoch: int) -> Metric:
    split = SPLITS[part]
    name = f"{dataset}_{split}_loss_{epoch}"
    return Metric(name, dataset, "loss", split, epoch, "nat", False, FILE, "", f"{part}_loss")


def _other(dataset: str, name: str, quantity: str, unit: str, epochs: int | None, column: str) -> Metric:
    named = f"{dataset}_{name}" + (f"_{epochs}" if epochs else "")
    return Metric(named, dataset, quantity, "none", epochs, unit, False, FILE, "", column)
