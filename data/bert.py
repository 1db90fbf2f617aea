"""NAS-Bench-BERT: 500 small ELECTRA models of FlexiBERT's space on GLUE; 491 different ones.

Scores of the development set in percent, of eight tasks and their mean (`glue`). One model has 0 at RTE, a task of two
classes: failed, so that score and its mean are NaN. Nine architectures were trained twice:
runs. Training-free metrics of the first of them and the number of parameters (million) are side features; seconds of
training count as a measurement.

A layer is an operation with its heads, and a feed-forward part of one to three hidden layers of one width. Operations:
self-attention (SA) by scaled dot product or weighted multiplicative attention, a linear transform (LT: DFT or DCT), a
dynamic-span convolution (DSC) of kernel size 5 or 9. `metanp.blocks` makes a chain of layers of it; the hidden width
of the model stands beside it.

Sources: aaronserianni/training-free-nas for the table; Tuli et al., FlexiBERT (arXiv:2205.11656), for the space.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from data.benchmark import Benchmark, Input, Inputs
from data.csv_rows import Repeats, Rows, numbers, read
from data.table import Metric, Table
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.spaces.bert import layer

FILE = "nas_bench_bert_glue.csv.gz"
TASKS = ("glue", "cola", "mnli", "mrpc", "qnli", "qqp", "rte", "sst", "sts")
PROXIES = (
    "synaptic_diversity",
    "synaptic_saliency",
    "activation_distance",
    "jacobian_score",
    "head_importance",
    "head_confidence",
    "head_softmax_confidence",
)
NORMALISED = tuple(f"{name}_normalized" for name in PROXIES if name != "jacobian_score")


def build(inputs: Inputs) -> Table:
    source = inputs[FILE]
    rows = read(source.path)
    ids = [f"{row['hidden_size']}: {row['layers']}" for row in rows]
    repeats = Repeats(ids)
    first = [rows[i] for i in repeats.first]
    columns = [_score(source, rows, repeats, task) for task in TASKS]
    time = Metric("glue_train_time", "glue", "time", "train", None, "s", False, *source.column("time_to_train_s"))
    columns += [(time, repeats.runs(numbers(rows, "time_to_train_s"))), *_features(source, first)]
    cells = CellArray.from_cells([parse(row["layers"], int(row["hidden_size"])) for row in first])
    return Table.from_columns("bert", cells, [ids[i] for i in repeats.first], columns)


def _score(source: Input, rows: Rows, repeats: Repeats, task: str) -> tuple[Metric, np.ndarray]:
    metric = Metric(f"{task}_score", task, "score", "validation", None, "percent", True, *source.column(task))
    failed = numbers(rows, "rte") == 0
    score = np.where(failed, np.nan, numbers(rows, task)) if task in ("glue", "rte") else numbers(rows, task)
    return metric, repeats.runs(score)


def _features(source: Input, rows: Rows) -> list[tuple[Metric, np.ndarray]]:
    origin = source.column("number_of_parameters")
    count = Metric("glue_parameters", "glue", "parameters", "none", None, "million", False, *origin)
    found = [(count, numbers(rows, "number_of_parameters") / 1e6)]
    for name in (*PROXIES, *NORMALISED):
        metric = Metric(f"glue_{name}", "glue", "proxy", "none", None, "", True, *source.column(name))
        found.append((metric, numbers(rows, name)))
    return found


def parse(layers: str, hidden: int) -> Cell:
    """The chain of `SA:SDP:4:1024:1 ...`: operation, its parameter, heads, feed-forward width and number of layers.

    Raises:
        ValueError: a layer that is not five such fields; names it.
    """
    chain = Cell.from_blocks(_layer(layer) for layer in layers.split())
    return Cell(chain.operations, chain.edges, {**dict(chain.parameters), "hidden_width": hidden})


def _layer(text: str) -> dict[str, Any]:
    fields = text.split(":")
    if len(fields) != 5 or fields[0] not in ("SA", "LT", "DSC"):
        raise ValueError(f"layer {text!r:.40}; expected SA, LT or DSC and four fields, as SA:SDP:4:1024:1")
    kind, parameter, heads, width, count = fields
    return layer(f"{kind}:{parameter}", int(heads), int(width), int(count))


BENCHMARK = Benchmark("bert", build, needed=(FILE,))
