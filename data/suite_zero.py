"""NAS-Bench-Suite-Zero's own trainings: three spaces, each on SVHN, NinaPro and spherical CIFAR-100.

`suite_zero_nb201` (199 cells), `suite_zero_nb301` (199 genotypes), `suite_zero_transnas` (192 cells, micro space):
accuracy in percent of real trainings, one run each, and thirteen zero-cost proxies a data set as side features.
NinaPro and spherical CIFAR-100 agree with neither SVHN nor the number of parameters in the first two spaces (Spearman
-.17 to .18): noise, which protocols leave out.

Cells of the first and of the third space are six digits of NASLib, edges (0,1) (0,2) (0,3) (1,2) (1,3) (2,3). The
digits of TransNAS cells are skip, none, 3x3, 1x1, and not the benchmark's own: so parameters grow with the third digit
most, and the two cells whose accuracy is chance are the two without a path.

`suite_zero` is all three in one table, columns named after their space: `nb201_svhn_validation_accuracy`.

Source: Krishnakumar et al., "NAS-Bench-Suite-Zero", NeurIPS D&B 2022 (arXiv:2210.03230).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from data.benchmark import Benchmark, Input, Inputs
from data.csv_rows import Rows, numbers, read
from data.table import Metric, Table
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.spaces import nasbench201, transnas

FILE = "suite_zero_svhn_ninapro_scifar100.csv.gz"
DATASETS = ("svhn", "ninapro", "scifar100")
COUNTED = {"flops": "flops", "params": "parameters"}  # million
PROXIES = (
    "epe_nas",
    "fisher",
    "grad_norm",
    "grasp",
    "jacov",
    "l2_norm",
    "nwot",
    "plain",
    "snip",
    "synflow",
    "zen",
)


FROM_NASLIB = (1, 0, 3, 2)  # NASLib's digits skip, none, 3x3, 1x1 -> TransNAS's own
EDGES_FROM_NASLIB = (0, 1, 3, 2, 4, 5)  # TransNAS's edges in their order -> their places in NASLib's


class Space(NamedTuple):
    """theirs: its name in the file. own: of `metanp`; None where there is none."""

    theirs: str
    own: Any


SPACES = {
    "suite_zero_nb201": Space("nasbench201", nasbench201.SPACE),
    "suite_zero_nb301": Space("nasbench301", None),
    "suite_zero_transnas": Space("transbench101_micro", transnas.SPACE),
}


def build(inputs: Inputs, name: str) -> Table:
    source, space = inputs[FILE], SPACES[name]
    rows = [row for row in read(source.path) if row["space"] == space.theirs]
    written = list(dict.fromkeys(row["arch"] for row in rows))
    columns = [column for dataset in DATASETS for column in _columns(source, rows, dataset, written)]
    cells = [_cell(space, text) for text in written]
    ids = [space.own.write_text(cell) for cell in cells] if space.own else written
    of = space.own.name if space.own else None
    return Table.from_columns(name, CellArray.from_cells(cells), ids, columns, space=of)


def _cell(space: Space, text: str) -> Cell:
    code = ast.literal_eval(text)
    if space.own is nasbench201.SPACE:
        return Cell.from_naslib(code)
    if space.own is transnas.SPACE:
        return space.own.cell([FROM_NASLIB[code[place]] for place in EDGES_FROM_NASLIB])
    return Cell.from_darts(code)


def _columns(source: Input, rows: Rows, dataset: str, order: list[str]) -> Iterator[tuple[Metric, np.ndarray]]:
    """Of one data set, rows in the given order."""
    by_cell = {row["arch"]: row for row in rows if row["dataset"] == dataset}
    if missing := [text for text in order if text not in by_cell]:
        raise ValueError(f"{source.path}: {missing[0]} was not trained on {dataset}")
    own = [by_cell[text] for text in order]
    accuracy = Metric.accuracy(dataset, "validation", None, source.column("accuracy"))
    yield accuracy, numbers(own, "accuracy")[:, None]
    for theirs, name in COUNTED.items():
        kept = Metric(f"{dataset}_{name}", dataset, name, "none", None, "million", False, *source.column(theirs))
        yield kept, numbers(own, theirs)
    for name in PROXIES:
        kept = Metric(f"{dataset}_{name}", dataset, "proxy", "none", None, "", True, *source.column(name))
        yield kept, numbers(own, name)


def together(inputs: Inputs) -> Table:
    """The three spaces, each with its own columns."""
    parts = [build(inputs, name) for name in SPACES]
    return Table.joined("suite_zero", [replace(part, name=part.name.removeprefix("suite_zero_")) for part in parts])


BENCHMARKS = {name: Benchmark(name, partial(build, name=name), needed=(FILE,)) for name in SPACES}
BENCHMARKS["suite_zero"] = Benchmark("suite_zero", together, needed=(FILE,))
