"""NAS-Bench-Graph: 26,206 graph neural networks on nine graph data sets, from the package nas-bench-graph.

Validation and TEST score of the benchmark's own training, one number each, the mean of its repeats; latency in seconds;
parameters (counted, hence a side feature) in millions. The score is accuracy, except the area under the ROC curve for
proteins, which was measured for 2,021 cells with five operations only: the other rows are NaN there.

The package's own `light_read` unpickles without restriction; here its files are read by the restricted unpickler. Keys
are integers whose digits are link list and operations (`metanp.spaces.nasbench_graph`); ids are the space's text.

Source: Qin et al., "NAS-Bench-Graph", NeurIPS 2022 (arXiv:2206.09166).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
from jaxtyping import Float64

from data.benchmark import Benchmark, Input, Inputs
from data.table import Metric, Table
from data.unpickle import load
from metanp.spaces.nasbench_graph import SPACE, from_table_key

DATASETS = ("cora", "citeseer", "pubmed", "cs", "physics", "photo", "computers", "arxiv", "proteins")


def build(inputs: Inputs) -> Table:
    ids = [SPACE.write_text(cell) for cell in SPACE]
    row = {text: i for i, text in enumerate(ids)}
    columns = [column for dataset in DATASETS for column in _columns(inputs[dataset], dataset, row)]
    return Table.from_columns("nasbench_graph", SPACE.arrays(), ids, columns, space=SPACE.name)


def _columns(source: Input, dataset: str, row: Mapping[str, int]) -> Iterator[tuple[Metric, np.ndarray]]:
    records = load(source.path)
    place = [row[_text(key)] for key in records]

    def values(name: str) -> Float64[np.ndarray, " cell"]:
        column = np.full(len(row), np.nan)
        column[place] = [record[name] for record in records.values()]
        return column

    for name, split in (("valid_perf", "validation"), ("perf", "test")):
        metric = Metric.accuracy(dataset, split, None, source.column(f"{dataset}/{name}"))
        if dataset == "proteins":
            metric = replace(metric, name=f"proteins_{split}_auc", quantity="auc")
        yield metric, 100 * values(name)[:, None]
    latency, count = source.column(f"{dataset}/latency"), source.column(f"{dataset}/para")
    yield (
        Metric(f"{dataset}_latency", dataset, "latency", "none", None, "s", False, *latency),
        values("latency")[:, None],
    )
    yield Metric(f"{dataset}_parameters", dataset, "parameters", "none", None, "million", False, *count), values("para")


@cache
def _text(key: int) -> str:
    """The space's text of a key; the data sets share their keys."""
    return SPACE.write_text(from_table_key(key))


BENCHMARK = Benchmark(
    "nasbench_graph",
    build,
    packaged={name: ("nas-bench-graph", f"nas_bench_graph/light/{name}.bench") for name in DATASETS},
)
