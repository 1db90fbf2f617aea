"""Vision transformers of Auto-Prox: 100 PiT and 200 AutoFormer networks, trained alone on three small image sets.

Accuracy in percent on CIFAR-100, Flowers and Chaoyang, of a plain training (`base`) and of one with distillation
(`kd`), one run each. `autoformer` has the plain one for its first hundred networks only, and ImageNet accuracy with the
SUPERNET's weights beside. Its columns span two to four points for the most part, and agree little with each other
(Spearman -.38 to .56). Two of them have a reason each, both with distillation: depth ranks CIFAR-100 (.85), width
Flowers (.80). The plain ones and Chaoyang are mostly noise. The columns of `pit` agree (.69 to .97).

An AutoFormer network is a chain of attention layers, each with heads and the ratio of its feed-forward width. A PiT
network has three stages, each with depth and heads, and one base width and ratio.

`vit` is both in one table, columns named after their space: `pit_cifar100_accuracy_base`.

Source: Auto-Prox, AAAI 2024 (lilujunai/Auto-Prox-AAAI24).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from data.benchmark import Benchmark, Inputs
from data.csv_rows import Repeats, numbers, read
from data.table import Metric, Table
from metanp.cell import Cell
from metanp.cell_array import CellArray

FILE = "vit_autoprox_100_to_200.csv.gz"
DATASETS = {"cifar100": "c100", "flowers": "flower", "chaoyang": "chaoyang"}  # ours -> theirs
TRAININGS = ("base", "kd")
SUPERNET = "imagenet_super_acc"
WRITTEN = ("hidden_dim", "base_dim", "depth", "num_heads", "mlp_ratio")  # columns that an id is made of


def build(inputs: Inputs, name: str) -> Table:
    source = inputs[FILE]
    rows = [row for row in read(source.path) if row["space"] == name]
    repeats = Repeats([identity(row) for row in rows])
    columns = []
    for dataset, theirs in DATASETS.items():
        for training in TRAININGS:
            origin = source.column(f"{theirs}_{training}_acc")
            ours = f"{dataset}_accuracy_{training}"
            metric = Metric(ours, dataset, "accuracy", "validation", None, "percent", True, *origin)
            columns.append((metric, repeats.runs(numbers(rows, origin.column))))
    if np.isfinite(supernet := numbers(rows, SUPERNET)).any():
        kept = "imagenet_supernet_accuracy"
        metric = Metric(kept, "imagenet", "accuracy", "validation", None, "percent", True, *source.column(SUPERNET))
        columns.append((metric, repeats.runs(supernet)))
    first = [rows[i] for i in repeats.first]
    cells = CellArray.from_cells([CELLS[name](row) for row in first])
    return Table.from_columns(name, cells, [identity(row) for row in first], columns)


def identity(row: Mapping[str, str]) -> str:
    """`base_dim=16 depth=2,8,4 ...`, of the columns that a space has."""
    return " ".join(f"{name}={row[name].replace(' ', ',')}" for name in WRITTEN if row[name])


def autoformer(row: Mapping[str, str]) -> Cell:
    """A chain of layers, and the width that they share.

    Raises:
        ValueError: not as many heads and ratios as layers.
    """
    heads, ratios = ([float(one) for one in row[name].split()] for name in ("num_heads", "mlp_ratio"))
    if not len(heads) == len(ratios) == int(row["depth"]):
        raise ValueError(f"{row['depth']} layers, but {len(heads)} numbers of heads and {len(ratios)} ratios")
    chain = Cell.from_blocks(
        {"name": "layer", "kind": "attention", "heads": head, "expansion": ratio}
        for head, ratio in zip(heads, ratios, strict=True)
    )
    return Cell(chain.operations, chain.edges, {**dict(chain.parameters), "hidden_width": int(row["hidden_dim"])})


def pit(row: Mapping[str, str]) -> Cell:
    """Parameters alone: nobody varies the order of anything."""
    said: dict[str, Any] = {name: [int(one) for one in row[name].split()] for name in ("depth", "num_heads")}
    return Cell.from_parameters({**said, "base_width": int(row["base_dim"]), "mlp_ratio": float(row["mlp_ratio"])})


def together(inputs: Inputs) -> Table:
    """Both kinds of networks, each with its own columns."""
    return Table.joined("vit", [build(inputs, name) for name in CELLS])


CELLS = {"pit": pit, "autoformer": autoformer}
BENCHMARKS = {name: Benchmark(name, partial(build, name=name), needed=(FILE,)) for name in CELLS}
BENCHMARKS["vit"] = Benchmark("vit", together, needed=(FILE,))
