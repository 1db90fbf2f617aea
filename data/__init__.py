"""Benchmark tables: read, checked and cached. No models, no tasks.

    from data import load_benchmark

    table = load_benchmark("nasbench201")
    table.cells, table.ids, table.mean("cifar10_validation_accuracy_200")

A benchmark is one file here with one `Benchmark` in it, or a few of one source, and one line in `BENCHMARKS`.
"""

from __future__ import annotations

from pathlib import Path

from data import (
    analog,
    bert,
    darts,
    latency,
    mini,
    nasbench101,
    nasbench201,
    nasbench301,
    nasbench_graph,
    nasbench_macro,
    nasbench_mr,
    nasbench_nlp,
    ofa,
    suite_zero,
    transnas,
    vit,
)
from data.benchmark import Benchmark, cache_path, gather, load
from data.fetch import FileUnavailable
from data.table import Metric, Source, Table
from metanp.nearest import names_like

__all__ = ["BENCHMARKS", "Benchmark", "FileUnavailable", "Metric", "Source", "Table", "cached_path", "load_benchmark"]

BENCHMARKS: dict[str, Benchmark] = {
    "nasbench201": nasbench201.BENCHMARK,
    "nasbench_graph": nasbench_graph.BENCHMARK,
    "analog": analog.BENCHMARK,
    "nasbench101": nasbench101.BENCHMARK,
    "transnas": transnas.BENCHMARK,
    "nasbench_macro": nasbench_macro.BENCHMARK,
    "nasbench_nlp": nasbench_nlp.BENCHMARK,
    "nasbench_mr": nasbench_mr.BENCHMARK,
    "mini": mini.BENCHMARK,
    "darts": darts.BENCHMARK,
    "nb301": nasbench301.BENCHMARK,
    **ofa.BENCHMARKS,
    "bert": bert.BENCHMARK,
    "latency": latency.BENCHMARK,
    **suite_zero.BENCHMARKS,
    **vit.BENCHMARKS,
}


def load_benchmark(name: str, download: bool = False) -> Table:
    """The table of a benchmark.

    `nasbench201`, `nasbench_graph` and `analog` come with installed packages and need nothing else; `mini` is part of
    this repository. The others, and more columns of `nasbench201`, are files that are read from METANP_MIRROR or from
    the cache. The network is used only with `download=True`. Where a file that merely adds columns is missing,
    `table.missing` says why, and `table.absent` which columns these are.

    Args:
        name: a key of `BENCHMARKS`.
        download: whether missing files may be downloaded.

    Raises:
        ValueError: no such benchmark, or a source file with other bytes than it should have.
        FileUnavailable: a file or package without which there is no table; says the remedy.
    """
    return load(_benchmark(name), download)


def cached_path(name: str) -> Path:
    """The Parquet file that `load_benchmark(name)` opens, or writes first, with the sources available now.

    Raises: as `load_benchmark`.
    """
    benchmark = _benchmark(name)
    return cache_path(benchmark, gather(benchmark)[0])


def _benchmark(name: str) -> Benchmark:
    if name not in BENCHMARKS:
        near = names_like(name, BENCHMARKS, most=1)
        hint = f"nearest: {near[0]}; " if near else ""
        raise ValueError(f"unknown benchmark {name!r}; {hint}known: {', '.join(BENCHMARKS)}")
    return BENCHMARKS[name]
