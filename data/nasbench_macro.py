"""NAS-Bench-Macro: 6,561 chains of eight blocks on CIFAR-10, three runs each.

TEST accuracy in percent, one column a run; there is no validation accuracy. Parameters and FLOPs, both in millions, are
side features. A chain is a whole network, not a cell that is repeated. This is a development benchmark, on which no
result is reported.

Source: Su et al., "Prioritized architecture sampling with Monte-Carlo tree search", CVPR 2021 (arXiv:2103.11922).
"""

from __future__ import annotations

import json

import numpy as np

from data.benchmark import Benchmark, Inputs
from data.table import Metric, Table
from metanp.spaces.nasbench_macro import SPACE

FILE = "nas-bench-macro_cifar10.json"


def build(inputs: Inputs) -> Table:
    source = inputs[FILE]
    records = json.loads(source.path.read_text())
    ids = ["".join(map(str, code)) for code in SPACE.digit_rows().tolist()]
    rows = [records[text] for text in ids]
    accuracy = Metric.accuracy("cifar10", "test", None, source.column("test_acc"))
    columns = [(accuracy, np.array([record["test_acc"] for record in rows]))]
    for name, key in (("parameters", "params"), ("flops", "flops")):
        metric = Metric(f"cifar10_{name}", "cifar10", name, "none", None, "million", False, *source.column(key))
        columns.append((metric, np.array([record[key] for record in rows]) / 1e6))
    return Table.from_columns("nasbench_macro", SPACE.arrays(), ids, columns, space=SPACE.name)


BENCHMARK = Benchmark("nasbench_macro", build, needed=(FILE,))
