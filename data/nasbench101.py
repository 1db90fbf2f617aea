"""NAS-Bench-101: a published sample of 30,001 of its 423,624 cells, on CIFAR-10.

VALIDATION accuracy after 4, 12, 36 and 108 epochs: four separate trainings, one run each, so there is no test accuracy
and no estimate of the noise. Two files of the manifest hold them by md5; the graph of each comes from the enumerated
space, whose cells carry the same md5. Parameters are a side feature, training time of the 108 epochs a metric.

Failed trainings here are those that never learn: 34 cells end near 10 percent after 108 epochs. Such a result says
something about the cell, so it is kept; NaN is for runs without a number, and this sample has none.

Source: Ying et al., "NAS-Bench-101", ICML 2019 (arXiv:1902.09635).
"""

from __future__ import annotations

import json

import numpy as np

from data.benchmark import Benchmark, Inputs
from data.table import Metric, Source, Table
from metanp.spaces.nasbench101 import SPACE

FILES = ("data-20k.json", "data-10k.json")
EPOCHS = (4, 12, 36, 108)


def build(inputs: Inputs) -> Table:
    parts = [json.loads(inputs[name].path.read_text()) for name in FILES]

    def values(name: str) -> np.ndarray:
        return np.concatenate([np.array(part[name], dtype=np.float64) for part in parts])

    def both(name: str) -> Source:
        origin = [inputs[file] for file in FILES]
        return Source(" + ".join(o.source for o in origin), " + ".join(o.sha256 for o in origin), name)

    ids = [key for part in parts for key in part["key"]]
    columns = []
    for epochs in EPOCHS:
        name = f"{epochs}_final_validation_accuracy"
        columns.append((Metric.accuracy("cifar10", "validation", epochs, both(name)), 100 * values(name)[:, None]))
    time, count = both("final_training_time"), both("trainable_parameters")
    seconds = Metric("cifar10_train_time_108", "cifar10", "time", "train", 108, "s", False, *time)
    parameters = Metric("cifar10_parameters", "cifar10", "parameters", "none", None, "million", False, *count)
    columns += [(seconds, values(time.column)[:, None]), (parameters, values(count.column) / 1e6)]
    return Table.from_columns("nasbench101", SPACE.arrays()[SPACE.index(ids)], ids, columns, space=SPACE.name)


BENCHMARK = Benchmark("nasbench101", build, needed=FILES)
