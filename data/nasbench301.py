"""NAS-Bench-301: 1,218 genotypes of the DARTS space, with the SURROGATE's values. Nobody trained these networks.

Accuracy in percent on CIFAR-10's validation images as the benchmark's own surrogate predicts it (columns
`cifar10_surrogate_...`): a model's opinion of a training, smoother than one. Seven genotypes have two values, up to .18
points apart, as two runs.

FLOPs and parameters, both in millions, are counted and known for all. The ten proxies are of one of the two
originals, 725 genotypes, and NaN for the others: the second has some of them on other scales. The encoding of genotypes
(`metanp.genotypes`) was chosen on 2,000 genotypes of such a surrogate, so this benchmark is not untouched.

Sources: Zela et al., "Surrogate NAS Benchmarks", ICLR 2022 (arXiv:2008.09777); Krishnakumar et al.,
"NAS-Bench-Suite-Zero", NeurIPS D&B 2022, for the proxies.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from data.benchmark import Benchmark, Input, Inputs
from data.csv_rows import Repeats, Rows, numbers, read
from data.table import Metric, Table
from metanp.cell import Cell
from metanp.cell_array import CellArray

FILE = "nasbench301_surrogate_proxies.csv.gz"
BLOB = "4487b7ba"  # the original whose proxies are read; it has all ten, with nwot
ACCURACY = "cifar10_surrogate_validation_accuracy"
COUNTED = {"flops": "flops", "params": "parameters"}
PROXIES = ("epe_nas", "fisher", "grad_norm", "grasp", "jacov", "l2_norm", "nwot", "plain", "snip", "synflow")


def build(inputs: Inputs) -> Table:
    source = inputs[FILE]
    rows = sorted(read(source.path), key=lambda row: row["blob"] != BLOB)  # the first of each genotype has proxies
    repeats = Repeats([row["arch"] for row in rows])
    first = [rows[i] for i in repeats.first]
    origin = source.column("val_acc_surrogate")
    metric = Metric(ACCURACY, "cifar10", "surrogate accuracy", "validation", None, "percent", True, *origin)
    columns = [(metric, repeats.runs(numbers(rows, "val_acc_surrogate"))), *_features(source, first)]
    ids = [row["arch"] for row in first]
    cells = CellArray.from_cells([Cell.from_darts(ast.literal_eval(text)) for text in ids])
    return Table.from_columns("nb301", cells, ids, columns)


def _features(source: Input, rows: Rows) -> Iterator[tuple[Metric, np.ndarray]]:
    ours = np.array([row["blob"] == BLOB for row in rows])
    for theirs, name in COUNTED.items():
        origin = source.column(theirs)
        metric = Metric(f"cifar10_{name}", "cifar10", name, "none", None, "million", False, *origin)
        yield metric, numbers(rows, theirs)
    for name in PROXIES:
        metric = Metric(f"cifar10_{name}", "cifar10", "proxy", "none", None, "", True, *source.column(name))
        yield metric, np.where(ours, numbers(rows, name), np.nan)


BENCHMARK = Benchmark("nb301", build, needed=(FILE,))
