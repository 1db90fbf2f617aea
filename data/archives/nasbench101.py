"""NAS-Bench-101's `nasbench_only108.tfrecord` and `nasbench_full.tfrecord` as a `Table`.

A record is one training, as JSON: [md5 of the graph, epochs, matrix row by row, operations, base64 of `ModelMetrics`].
The three repeats of a cell may be anywhere in the file; runs of the table are in order of appearance. Rows are in the
order of the md5, so that the whole archive has the rows of `metanp.spaces.nasbench101`.

Metrics, for each budget of the file (108, or 4, 12, 36 and 108 epochs): accuracies and training time at the end
(`cifar10_validation_accuracy_108`) and half-way through the same training (`..._halfway_accuracy_108`: its learning
rate has not decayed yet, so it is no accuracy of 54 epochs); parameters as a side feature. Failed trainings (about 10 %
accuracy) are the benchmark's own results and are kept.

Tested on archives that this project wrote; the framing also on a real TFRecord of a relative (EC-NAS).

Source: google-research/nasbench, nasbench/api.py (Ying et al. 2019, arXiv:1902.09635).
"""

import base64
import json
import math
import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from data.archives.archive import ArchiveError, Progress, silent
from data.archives.columns import Columns, Measured, cell_array
from data.archives.tfrecord import ModelMetrics, read_model_metrics, records
from data.fetch import sha256_of
from data.table import Table
from metanp.cell import Cell
from metanp.spaces.nasbench101 import parse

REPORT_EVERY = 1000  # records
EXPECTED = "NAS-Bench-101's nasbench_only108.tfrecord or nasbench_full.tfrecord"
EVALUATIONS = 3  # of one training: at the start, half-way, at the end
PARAMETERS = Measured("cifar10", "none", "parameters", None, "trainable_parameters")


class Training(NamedTuple):
    """One record: a cell trained once."""

    md5: str
    epochs: int
    matrix: str  # row by row, one digit an entry
    operations: str  # the benchmark's names, with commas between
    metrics: ModelMetrics


def convert(path: str | os.PathLike[str], progress: Progress = silent) -> Table:
    """The table of every training in the file. `progress` counts bytes.

    Raises:
        ArchiveError: cut short, damaged or foreign; names the record.
    """
    rows: dict[str, int] = {}
    columns = Columns()
    cells = cell_array(_read(path, rows, columns, progress))
    if not rows:
        raise ArchiveError(path, "no record", EXPECTED, "download it again")
    names = sorted(rows)
    order = np.array([rows[name] for name in names])
    described = columns.take(order, os.path.basename(path), sha256_of(path))
    return Table.from_columns("nasbench101", cells[order], names, described, space="nasbench101")


def read_training(record: bytes) -> Training:
    """Decode one record.

    Raises:
        ValueError: not of NAS-Bench-101.
    """
    written = json.loads(record)
    if not isinstance(written, list) or [type(part) for part in written] != [str, int, str, str, str]:
        raise ValueError(f"expected [md5, epochs, matrix, operations, metrics], found {record[:60]!r}")
    metrics = read_model_metrics(base64.b64decode(written.pop()))
    if len(metrics.evaluations) != EVALUATIONS:
        raise ValueError(f"{len(metrics.evaluations)} evaluations instead of {EVALUATIONS}")
    md5, epochs, matrix, operations = written
    return Training(md5, epochs, matrix, operations, metrics)


def _read(path: str | os.PathLike[str], rows: dict[str, int], columns: Columns, progress: Progress) -> Iterator[Cell]:
    """Each cell when it first appears; meanwhile `rows` gets its md5, and `columns` all numbers."""
    repeats: dict[int, bytearray] = {}  # epochs -> trainings seen of each row
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        for number, record in enumerate(records(file, path)):
            try:
                training = read_training(record)
                if training.md5 not in rows:
                    rows[training.md5] = len(rows)
                    yield _cell(training)
                row = rows[training.md5]
                _put(columns, row, _next(repeats.setdefault(training.epochs, bytearray()), row), training)
            except ValueError as error:
                remedy = "check that this is the file you meant"
                raise ArchiveError(path, f"record {number} is foreign ({error})", EXPECTED, remedy) from error
            if number % REPORT_EVERY == 0:
                progress(file.tell(), size)
    progress(size, size)
    _check_repeats(path, list(rows), repeats)


def _check_repeats(path: str | os.PathLike[str], md5s: list[str], repeats: dict[int, bytearray]) -> None:
    """Refuse an archive that was cut between two records: some cell then lacks a training that others have."""
    for epochs, seen in repeats.items():
        seen.extend(bytes(len(md5s) - len(seen)))
        if (most := max(seen, default=0)) != min(seen, default=0):
            row = seen.index(min(seen))
            found = f"{md5s[row]} has {seen[row]} trainings of {epochs} epochs, another cell has {most}"
            raise ArchiveError(path, found, f"{most} of each cell", "the file is cut short: download it again")


def _cell(training: Training) -> Cell:
    digits, size = [int(digit) for digit in training.matrix], math.isqrt(len(training.matrix))
    matrix = [digits[i * size : (i + 1) * size] for i in range(size)]
    return parse(matrix, training.operations.split(","))


def _next(seen: bytearray, row: int) -> int:
    """How many trainings of `row` came before, and count this one."""
    seen.extend(bytes(max(0, row + 1 - len(seen))))
    seen[row] += 1
    return seen[row] - 1


def _put(columns: Columns, row: int, repeat: int, training: Training) -> None:
    _, half, final = training.metrics.evaluations
    for when, evaluation in (("halfway", half), ("final", final)):
        prefix = "halfway_" if when == "halfway" else ""
        for split in ("train", "validation", "test"):
            column = f"{when}_{split}_accuracy"
            measured = Measured("cifar10", split, f"{prefix}accuracy", training.epochs, column)
            columns.put(measured, repeat, row, 100 * getattr(evaluation, f"{split}_accuracy"))
        measured = Measured("cifar10", "train", f"{prefix}time", training.epochs, f"{when}_training_time")
        columns.put(measured, repeat, row, evaluation.training_time)
    columns.put(PARAMETERS, 0, row, training.metrics.trainable_parameters / 1e6)
