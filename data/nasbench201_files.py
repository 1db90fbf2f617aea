"""The files of the manifest about NAS-Bench-201, each read into columns over the space's rows; `COLUMNS` names them.

    nats_bench.csv          TEST accuracy, 200 epochs, mean over the runs of the cell
    mini-bench-...pd        validation and TEST accuracy after 12 epochs, one run
    nb201_*zc_proxies.csv   13 zero-cost proxies of 9,445 cells, as side features; -1e8 means not computable
    nb201_val_accs.csv      one validation accuracy for the same cells, which differs from the per-run values
    hw_cifar10.csv          latency and energy on six devices; -1 means not available

Rows are matched by the cell as it is written, never by position: the order of edges and of operations differs between
files (`metanp.spaces.nasbench201` states both). "imagenet" always means ImageNet16-120.

Sources: Dong and Yang 2020 (arXiv:2001.00326); Krishnakumar et al., "NAS-Bench-Suite-Zero", NeurIPS D&B 2022; Li et
al., "HW-NAS-Bench", ICLR 2021.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from jaxtyping import Float64
from pyarrow import csv

from data.benchmark import Input
from data.table import Metric
from data.unpickle import holder, load
from metanp.spaces.nasbench201 import parse_naslib, write

DATASETS = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet": "imagenet16-120"}  # the files' name -> ours
NOT_COMPUTABLE = -1e8  # in the proxy files
NOT_AVAILABLE = -1  # in the hardware file

Columns = Iterator[tuple[Metric, np.ndarray]]
Rows = Mapping[str, int]  # NAS-Bench-201 string -> row


def _final_test(source: Input, row: Rows) -> Columns:
    table = csv.read_csv(source.path)
    place = [row[text] for text in table["ArchitectureString"].to_pylist()]
    for column, dataset in (("CIFAR10", "cifar10"), ("CIFAR100", "cifar100"), ("ImageNet", "imagenet16-120")):
        name = f"{column}TestAccuracy200Epochs"
        yield Metric.accuracy(dataset, "test", 200, source.column(name)), _placed(table[name], place, len(row))[:, None]


def _twelve_epochs(source: Input, row: Rows) -> Columns:
    table = read_frame(source.path)
    place = [row[text] for text in table["cellstr"]]
    for dataset, ours in DATASETS.items():
        for ending, split in (("val", "validation"), ("test", "test")):
            name = f"{dataset}-{ending}"
            yield Metric.accuracy(ours, split, 12, source.column(name)), _placed(table[name], place, len(row))[:, None]


def _proxies(source: Input, row: Rows) -> Columns:
    table = csv.read_csv(source.path)
    place = _places(table, row)
    dataset = "imagenet16-120" if "ImageNet16-120" in source.source else "cifar10"
    for name in table.column_names:
        if name in ("net", "net_str"):
            continue
        quantity, unit = (name, "million") if name in ("flops", "params") else ("proxy", "")
        values = _placed(table[name], place, len(row))
        origin = source.column(name)
        metric = Metric(f"{dataset}_{name}", dataset, quantity, "none", None, unit, not unit, *origin)
        yield metric, np.where(values <= NOT_COMPUTABLE, np.nan, values)


def _one_validation(source: Input, row: Rows) -> Columns:
    table = csv.read_csv(source.path)
    metric = Metric.accuracy("cifar10", "validation", 200, source.column("val_accs"))
    values = _placed(table["val_accs"], _places(table, row), len(row))
    yield replace(metric, name=f"{metric.name}_naslib"), values[:, None]


def _hardware(source: Input, row: Rows) -> Columns:
    table = csv.read_csv(source.path)
    place = _places(table, row)
    for name in table.column_names[1:]:
        quantity = name.split("_", 1)[1]
        unit = {"latency": "ms", "energy": "mJ"}.get(quantity, "")
        values = _placed(table[name], place, len(row))
        metric = Metric(name, "cifar10", quantity, "none", None, unit, not unit, *source.column(name))
        yield metric, np.where(values == NOT_AVAILABLE, np.nan, values)[:, None]


def _places(table: pa.Table, row: Rows) -> list[int]:
    """Rows of the cells that the column `net` writes as NASLib tuples."""
    return [row[write(parse_naslib(ast.literal_eval(text)))] for text in table["net"].to_pylist()]


def _placed(column: pa.ChunkedArray | np.ndarray, place: Sequence[int], n: int) -> Float64[np.ndarray, " cell"]:
    """The column's values at their rows, NaN at all others."""
    values = np.full(n, np.nan)
    values[place] = np.asarray(column, dtype=np.float64)
    return values


def read_frame(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """The columns of a pickled pandas DataFrame, with stand-ins for the pandas classes.

    Raises:
        ForbiddenGlobal, ValueError: as `data.unpickle.load`, or a DataFrame laid out otherwise; names the file.
    """
    names = {name: ("pandas.core.indexes.base", name) for name in ("Index", "_new_Index")}
    allowed = {
        ("pandas.core.frame", "DataFrame"): holder("DataFrame"),
        ("pandas.core.internals.managers", "BlockManager"): holder("BlockManager"),
        names["Index"]: holder("Index"),
        ("pandas.core.indexes.range", "RangeIndex"): holder("RangeIndex"),
        names["_new_Index"]: lambda kind, state: state.get("data"),
    }
    frame = load(path, allowed)
    try:
        _, blocks, labels, _ = frame._data.state  # (axes, values of each block, column labels of each block, ...)
        return {
            name: row
            for block, names in zip(blocks, labels, strict=True)
            for name, row in zip(names, block, strict=True)
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: not the DataFrame that was expected ({error}); fetch it again") from error


_PROXIES = (
    *("epe_nas", "fisher", "flops", "grad_norm", "grasp", "jacov", "l2_norm"),
    *("nwot", "params", "plain", "snip", "synflow", "zen"),
)
_LATENCIES = tuple(f"{device}_latency" for device in ("edgegpu", "raspi4", "edgetpu", "pixel3", "eyeriss", "fpga"))
_ENERGIES = tuple(f"{device}_energy" for device in ("edgegpu", "eyeriss", "fpga"))
COLUMNS: Mapping[str, tuple[str, ...]] = {  # file -> columns that are absent without it
    "nats_bench.csv": tuple(f"{dataset}_test_accuracy_200" for dataset in DATASETS.values()),
    "mini-bench-arch-cell-accs.pd": tuple(
        f"{dataset}_{split}_accuracy_12" for dataset in DATASETS.values() for split in ("validation", "test")
    ),
    "nb201_zc_proxies.csv": tuple(f"cifar10_{proxy}" for proxy in _PROXIES),
    "nb201_ImageNet16-120_zc_proxies.csv": tuple(f"imagenet16-120_{proxy}" for proxy in _PROXIES),
    "nb201_val_accs.csv": ("cifar10_validation_accuracy_200_naslib",),
    "hw_cifar10.csv": (*_LATENCIES, *_ENERGIES, "eyeriss_arithmetic_intensity"),
    "metric_vals.pkl": tuple(f"{dataset}_test_accuracy_200_by_seed" for dataset in ("cifar100", "imagenet16-120")),
}
READERS: Mapping[str, Callable[[Input, Rows], Columns]] = {
    "nats_bench.csv": _final_test,
    "mini-bench-arch-cell-accs.pd": _twelve_epochs,
    "nb201_zc_proxies.csv": _proxies,
    "nb201_ImageNet16-120_zc_proxies.csv": _proxies,
    "nb201_val_accs.csv": _one_validation,
    "hw_cifar10.csv": _hardware,
}
