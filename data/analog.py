"""AnalogNAS-Bench: the cells of NAS-Bench-201 on analog in-memory hardware, from the package analog-nasbench.

Thirteen accuracies on CIFAR-10 in percent: digital baseline, after quantisation (`ptq`, `qat`), with noise, trained for
analog hardware, and of baseline and analog after 60 s, 1 h, 1 day and 30 days of drift. The spread that the file gives
with each drift value is left out. The source does not say which images were used; the baseline ranks like the test
accuracy of NAS-Bench-201 (Spearman .991), so all are taken to be TEST. Two cells gain more than 5 points by drifting
for 60 s, which is suspect; they are kept.

Keys are NASLib tuples: with their edge order read as the string's, the baseline would look plausible and be wrong. Rows
and ids are those of NAS-Bench-201. The package unpickles two classes of its own; here plain stand-ins take their place.

Source: the package analog-nasbench 0.1.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from data.benchmark import Benchmark, Inputs
from data.table import Metric, Table
from data.unpickle import holder, load
from metanp.spaces.nasbench201 import SPACE, write_naslib

ACCURACIES = ("baseline", "ptq", "qat", "noisy", "analog")
DRIFTS = tuple(f"{model}_drift_{seconds}" for model in ("baseline", "analog") for seconds in (60, 3600, 86400, 2592000))


def build(inputs: Inputs) -> Table:
    source = inputs["data.anb"]
    module = "analognasbench.data"
    classes = {(module, name): holder(name) for name in ("Architecture", "DriftMeasurement")}
    records = load(source.path, classes)
    cells = list(SPACE)
    rows = [records[write_naslib(cell)] for cell in cells]
    columns = [
        (Metric(name, "cifar10", "accuracy", "test", None, "percent", True, *source.column(name)), _values(rows, name))
        for name in (*(f"{model}_accuracy" for model in ACCURACIES), *DRIFTS)
    ]
    ids = [SPACE.write_text(cell) for cell in cells]
    return Table.from_columns("analog", SPACE.arrays(), ids, columns, space=SPACE.name)


def _values(records: list[Any], name: str) -> np.ndarray:
    """The number of each record, or the value of its drift measurement, as one run of each cell."""
    values = [getattr(record, name) for record in records]
    return np.array([[getattr(value, "value", value)] for value in values], dtype=np.float64)


BENCHMARK = Benchmark("analog", build, packaged={"data.anb": ("analog-nasbench", "analognasbench/data.anb")})
