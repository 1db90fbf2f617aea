"""Mini: cells of NAS-Bench-201 that this project trained itself, on small images, for two seeds.

Validation and TEST accuracy in percent and cross entropy after ten epochs, and the whole curves; a column a seed.
Seconds are of one CPU core. Parameters and FLOPs, both in millions, are side features, and so are zero-cost proxies of
the untrained networks, with the seconds of each. `docs/mini.md` is its datasheet; the table is made by
`python -m scripts.make_mini table=true`. No part of this project is chosen by it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from data.benchmark import Benchmark, Inputs
from data.table import Metric, Table

FILE = "mini.parquet"
PATH = Path(__file__).parent / FILE


def build(inputs: Inputs) -> Table:
    source = inputs[FILE]

    def sourced(described: dict[str, Metric]) -> dict[str, Metric]:
        return {name: replace(m, source=source.source, sha256=source.sha256) for name, m in described.items()}

    table = Table.open(source.path)
    return replace(table, metrics=sourced(table.metrics), feature_metrics=sourced(table.feature_metrics))


BENCHMARK = Benchmark("mini", build, own={FILE: PATH})
