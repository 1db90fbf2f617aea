"""Latency of NAS-Bench-201's 15,625 cells on 27 devices, in milliseconds: fewer is better.

One column a device and batch size, as HELP published them; cells in the order of architecture indices. `fpga`,
`eyeriss`, `pixel3` and `raspi4` are those of HW-NAS-Bench, which `nasbench201` has too. Phones of integer milliseconds
(`pixel2`, `samsung_...`, `essential_ph_1`) have many ties. 283 cells take less than a millisecond on `pixel3`.

Sources: Lee et al., "HELP", NeurIPS 2021 (arXiv:2106.08630); Li et al., "HW-NAS-Bench", ICLR 2021 (arXiv:2103.10584).
"""

from __future__ import annotations

import numpy as np

from data.benchmark import Benchmark, Inputs
from data.table import Metric, Table
from metanp.spaces.nasbench201 import SPACE

FILE = "help_latencies.npz"
PREFIX = "nasbench201__"


def build(inputs: Inputs) -> Table:
    source = inputs[FILE]
    columns = []
    with np.load(source.path, allow_pickle=False) as arrays:
        for name in sorted(name for name in arrays.files if name.startswith(PREFIX)):
            device = name.removeprefix(PREFIX)
            metric = Metric(f"{device}_latency", device, "latency", "none", None, "ms", False, *source.column(name))
            columns.append((metric, arrays[name].astype(np.float64)[:, None]))
    ids = [SPACE.write_text(cell) for cell in SPACE]
    return Table.from_columns("latency", SPACE.arrays(), ids, columns, space=SPACE.name)


BENCHMARK = Benchmark("latency", build, needed=(FILE,))
