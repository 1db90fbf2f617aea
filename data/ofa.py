"""Networks of the Once-for-all MobileNetV3 space: ImageNet with the supernet's weights; small images after fine-tuning.

`ofa`: 2,162 networks of width 1.0 on 224 pixels, top-1 accuracy in percent of ImageNet with weights of the SUPERNET; no
network was trained alone. 153 were measured two to four times, within .1 points: runs. Parameters and
multiply-accumulates, in millions, are side features.

`ofa_cifar10`, `ofa_cifar100`, `ofa_cinic10`, `ofa_svhn`: networks fine-tuned for five epochs by searches of early-exit
networks on 32 pixels; top-1 accuracy in percent, with the thresholds of the exits among the parameters. The searches on
CIFAR-10 without exits use other resolutions and targets, and are not read: pooled with these, resolution alone would
rank them.

All were drawn by searches, so good networks are frequent. An architecture is a chain of the active blocks in five
stages, each with kernel size and expansion, and the resolution (`metanp.blocks`, whose encoding was chosen on a
thousand of the `ofa` networks).

Sources: Cai et al., "Once-for-All", ICLR 2020 (arXiv:1908.09791); IntelLabs/DyNAS-T and AI-Tech-Research-Lab/CNAS for
the measurements.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from data.benchmark import Benchmark, Inputs
from data.csv_rows import Repeats, numbers, read
from data.table import Metric, Table
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.spaces.ofa import inverted_bottleneck

FILE, SMALL_IMAGES = "ofa_mbv3_imagenet.csv.gz", "ofa_mbv3_small_images.csv.gz"
PER_STAGE = 4  # blocks that a stage has room for
COUNTED = {"params": "parameters", "macs": "multiply-accumulates"}
DATASETS = ("cifar10", "cifar100", "cinic10", "svhn")
EXITS = "1"  # of the column early_exit

Block = tuple[int, int, int]  # stage, kernel size, expansion
Network = tuple[tuple[Block, ...], int, tuple[float, ...]]  # blocks, resolution, thresholds of exits


def network(row: Mapping[str, str]) -> Network:
    """What a row says; of blocks, only the active ones.

    Raises:
        ValueError: kernel sizes or expansions neither for all blocks nor for the active ones; says how many.
    """
    sizes, expansions, depths = ([int(one) for one in row[name].split()] for name in ("ks", "e", "d"))
    if len(sizes) == len(depths) * PER_STAGE:
        active = [stage * PER_STAGE + i for stage, depth in enumerate(depths) for i in range(depth)]
        sizes, expansions = [sizes[i] for i in active], [expansions[i] for i in active]
    stages = [stage for stage, depth in enumerate(depths) for _ in range(depth)]
    if not len(stages) == len(sizes) == len(expansions):
        raise ValueError(f"depths {depths}, but {len(sizes)} kernel sizes and {len(expansions)} expansions")
    thresholds = tuple(float(one) for one in row.get("t", "").split())
    return tuple(zip(stages, sizes, expansions, strict=True)), int(row["r"]), thresholds


def cell(one: Network) -> Cell:
    """The chain of blocks; beside it resolution and thresholds."""
    blocks, resolution, thresholds = one
    chain = Cell.from_blocks(_block(*block) for block in blocks)
    more: dict[str, Any] = {"resolution": resolution, "threshold": list(thresholds)}
    return Cell(chain.operations, chain.edges, {**dict(chain.parameters), **more})


def _block(stage: int, size: int, expansion: int) -> dict[str, Any]:
    return {**inverted_bottleneck(size, expansion), "stage": stage}


def write(one: Network) -> str:
    """`3x5 4x3|...@224`: expansion x kernel size of each block, a bar between stages, resolution, thresholds."""
    blocks, resolution, thresholds = one
    stages: dict[int, list[str]] = {}
    for stage, size, expansion in blocks:
        stages.setdefault(stage, []).append(f"{expansion}x{size}")
    exits = f" t={','.join(f'{one:g}' for one in thresholds)}" if thresholds else ""
    return "|".join(" ".join(stage) for stage in stages.values()) + f"@{resolution}{exits}"


def build(inputs: Inputs) -> Table:
    source = inputs[FILE]
    rows = read(source.path)
    networks = [network(row) for row in rows]
    repeats = Repeats(networks)
    origin = source.column("imagenet_top1")
    metric = Metric("imagenet_supernet_accuracy", "imagenet", "accuracy", "validation", None, "percent", True, *origin)
    columns = [(metric, repeats.runs(numbers(rows, "imagenet_top1")))]
    for theirs, name in COUNTED.items():
        kept = Metric(f"imagenet_{name}", "imagenet", name, "none", None, "million", False, *source.column(theirs))
        columns.append((kept, numbers(rows, theirs)[repeats.first] / 1e6))
    return _table("ofa", [networks[i] for i in repeats.first], columns)


def build_small(inputs: Inputs, dataset: str) -> Table:
    """One of the small image sets."""
    source = inputs[SMALL_IMAGES]
    rows = [row for row in read(source.path) if row["dataset"] == dataset and row["early_exit"] == EXITS]
    networks = [network(row) for row in rows]
    repeats = Repeats(networks)
    metric = Metric.accuracy(dataset, "validation", 5, source.column("top1"))
    columns = [(metric, repeats.runs(numbers(rows, "top1")))]
    return _table(f"ofa_{dataset}", [networks[i] for i in repeats.first], columns)


def _table(name: str, networks: list[Network], columns: list[Any]) -> Table:
    cells = CellArray.from_cells([cell(one) for one in networks])
    return Table.from_columns(name, cells, [write(one) for one in networks], columns)


def _benchmarks() -> Iterator[Benchmark]:
    yield Benchmark("ofa", build, needed=(FILE,))
    for dataset in DATASETS:
        yield Benchmark(f"ofa_{dataset}", partial(build_small, dataset=dataset), needed=(SMALL_IMAGES,))


BENCHMARKS = {benchmark.name: benchmark for benchmark in _benchmarks()}
