"""NAS-Bench-MR: 2,507 networks of one to four branches of different resolutions, on two tasks, one training each.

VALIDATION accuracy on 50 classes of ImageNet (top 1 and 5, percent), and on Cityscapes mean intersection over union,
mean and overall accuracy of pixels (percent). Parameters in millions and FLOPs in billions are side features.

A network is 27 integers and no graph: two widths of the stem; for stage k of 4 the number of blocks, and for each of
its k branches units and width; the last width. This is a development benchmark, on which no result is reported.

Source: Ding et al., "Learning Versatile Neural Architectures by Propagating Network Codes", ICLR 2022
(arXiv:2103.13253).
"""

from __future__ import annotations

from collections.abc import Mapping

from data.benchmark import Benchmark, Inputs
from data.csv_rows import numbers, read
from data.table import Metric, Table
from metanp.cell import Cell
from metanp.cell_array import CellArray

CLASSIFICATION, SEGMENTATION = "ncp_cls-50-1000.csv.gz", "ncp_seg.csv.gz"
SCORES = {
    CLASSIFICATION: {"imagenet50_accuracy": "top1", "imagenet50_top5_accuracy": "top5"},
    SEGMENTATION: {"cityscapes_miou": "mIoU", "cityscapes_mean_accuracy": "mAcc", "cityscapes_accuracy": "aAcc"},
}
COSTS = {"parameters": ("params_M", "million"), "flops": ("flops_G", "billion")}
STAGES = 4


def build(inputs: Inputs) -> Table:
    files = {name: read(inputs[name].path) for name in SCORES}
    coded = {name: [code(row) for row in rows] for name, rows in files.items()}
    networks = coded[CLASSIFICATION]
    if coded[SEGMENTATION] != networks:
        raise ValueError(f"{SEGMENTATION} has other networks than {CLASSIFICATION}, or another order of them")
    columns = []
    for file, metrics in SCORES.items():
        for name, theirs in metrics.items():
            dataset, measure = name.split("_", 1)
            origin = inputs[file].column(theirs)
            metric = Metric(name, dataset, measure, "validation", None, "percent", True, *origin)
            columns.append((metric, numbers(files[file], theirs)[:, None]))
    for name, (theirs, unit) in COSTS.items():
        metric = Metric(name, "", name, "none", None, unit, False, *inputs[CLASSIFICATION].column(theirs))
        columns.append((metric, numbers(files[CLASSIFICATION], theirs)))
    cells = CellArray.from_cells([cell(network) for network in networks])
    ids = ["-".join(map(str, network.values())) for network in networks]
    return Table.from_columns("nasbench_mr", cells, ids, columns)


def code(row: Mapping[str, str]) -> dict[str, int]:
    """The 27 integers of a row, by the file's names and in its order."""
    names = ["in0", "in1"]
    for stage in range(1, STAGES + 1):
        names += [f"b{stage}_blocks", *(f"b{stage}_{what}{i}" for what in ("units", "ch") for i in range(stage))]
    return {name: int(row[name]) for name in (*names, "last_ch")}


def cell(network: Mapping[str, int]) -> Cell:
    """Parameters alone, under readable names."""
    said: dict[str, int | list[int]] = {"stem_width": [network["in0"], network["in1"]]}
    for stage in range(1, STAGES + 1):
        said[f"stage{stage}_blocks"] = network[f"b{stage}_blocks"]
        said[f"stage{stage}_units"] = [network[f"b{stage}_units{i}"] for i in range(stage)]
        said[f"stage{stage}_width"] = [network[f"b{stage}_ch{i}"] for i in range(stage)]
    return Cell.from_parameters({**said, "last_width": network["last_ch"]})


BENCHMARK = Benchmark("nasbench_mr", build, needed=(CLASSIFICATION, SEGMENTATION))
