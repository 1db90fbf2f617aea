"""TransNAS-Bench-101, micro space: 4,096 cells on seven vision tasks.

VALIDATION metric after the last epoch, one run: top-1 accuracy (class_scene, class_object, jigsaw) and pixel accuracy
(segmentsemantic) in percent, structural similarity (normal, autoencoder) as a fraction, and for room_layout minus the
loss, so that more is better everywhere. The zen proxy of each task is a side feature.

One zip of JSON lists that NASLib publishes; its cells are the benchmark's six digits written as a tuple, although
NASLib orders edges differently elsewhere. (A JSON file beside it, of 711 cells, holds best-epoch values: not read.)

Sources: Duan et al., "TransNAS-Bench-101", CVPR 2021 (arXiv:2105.11871); Krishnakumar et al., "NAS-Bench-Suite-Zero",
NeurIPS D&B 2022.
"""

from __future__ import annotations

import ast
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from data.benchmark import Benchmark, Inputs
from data.table import Metric, Table
from metanp.spaces.transnas import SPACE

FILE = "all_benchmarks_zen.zip"
NOT_COMPUTABLE = -1e8
TASKS = {  # -> (quantity, unit)
    "class_scene": ("accuracy", "percent"),
    "class_object": ("accuracy", "percent"),
    "jigsaw": ("accuracy", "percent"),
    "segmentsemantic": ("accuracy", "percent"),
    "room_layout": ("negative loss", ""),
    "normal": ("similarity", "fraction"),
    "autoencoder": ("similarity", "fraction"),
}


def build(inputs: Inputs) -> Table:
    source = inputs[FILE]
    digits = SPACE.digit_rows().tolist()
    row = {tuple(code): i for i, code in enumerate(digits)}
    score, zen = (np.full((len(TASKS), len(row)), np.nan) for _ in range(2))
    for task, record in _records(source.path):
        place = list(TASKS).index(task), row[ast.literal_eval(record["arch"])]
        score[place], zen[place] = record["val_accuracy"], record["zen"]["score"]
    zen[zen <= NOT_COMPUTABLE] = np.nan
    columns = []
    for i, (task, (quantity, unit)) in enumerate(TASKS.items()):
        origin, proxy = source.column(f"{task}/val_accuracy"), source.column(f"{task}/zen")
        metric = Metric(f"{task}_validation", task, quantity, "validation", None, unit, True, *origin)
        columns.append((metric, score[i][:, None]))
        columns.append((Metric(f"{task}_zen", task, "proxy", "none", None, "", True, *proxy), zen[i]))
    ids = [SPACE.write_text(SPACE.cell(code)) for code in digits]
    return Table.from_columns("transnas", SPACE.arrays(), ids, columns, space=SPACE.name)


def _records(path: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(task, record) of every list in the zip; its members are named benchmark--space--task--start.json."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if member.endswith(".json"):
                for record in json.loads(archive.read(member)):
                    yield member.split("--")[2], record


BENCHMARK = Benchmark("transnas", build, needed=(FILE,))
