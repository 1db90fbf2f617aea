"""NAS-Bench-NLP: 14,322 recurrent cells on Penn Treebank, one run each: a development benchmark for meta-training.

Losses in nats per token, lower is better, of the training, validation and TEST text after 1, 5, 10, 20 and 50 epochs;
seconds of the 50 epochs. 2,724 runs failed (a loss that is not finite, or an overflow): NaN from that epoch on.

A recipe names nodes and their inputs: the token `x`, the previous states (`h_prev_0`, ...) and other nodes. As a cell:
`x` is the input; each previous state is a skip from it, so that readers of a state differ from readers of the token;
every next state (`h_new_0`, ...) goes to the output. The order of a node's inputs, which a blend depends on, is lost.

The two files exist as derived tables only, expected in `derived/` beside METANP_MIRROR; no url has them.

Source: Klyuchnikov et al., "NAS-Bench-NLP", IEEE Access 2022 (arXiv:2006.07116).
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from data.benchmark import Benchmark, Inputs
from data.table import Metric, Table
from metanp.cell import Cell
from metanp.cell_array import CellArray

CURVES, RECIPES = "nas_bench_nlp_curves.npz", "nas_bench_nlp_recipes.jsonl.gz"
EPOCHS = (1, 5, 10, 20, 50)
OPERATIONS = {
    "linear": "linear",
    "activation_tanh": "tanh",
    "activation_sigm": "sigmoid",
    "activation_leaky_relu": "leaky_relu",
    "elementwise_prod": "product",
    "elementwise_sum": "sum",
    "blend": "blend",
}


def build(inputs: Inputs) -> Table:
    source = inputs[CURVES]
    with gzip.open(inputs[RECIPES].path, "rt") as lines:
        recipes = [json.loads(line) for line in lines]
    with np.load(source.path, allow_pickle=False) as arrays:
        curves = {name: arrays[name] for name in arrays.files}
    if curves["recepie_id"].tolist() != [recipe["recepie_id"] for recipe in recipes]:
        raise ValueError(f"{inputs[RECIPES].path}: its recipes are not those of {source.path}")
    columns = []
    for split, name in (("train", "train_losses"), ("validation", "val_losses"), ("test", "test_losses")):
        for epochs in EPOCHS:
            metric = Metric(
                f"ptb_{split}_loss_{epochs}", "ptb", "loss", split, epochs, "nats", False, *source.column(name)
            )
            columns.append((metric, curves[name][:, epochs - 1 : epochs].astype(np.float64)))
    time = Metric("ptb_train_time_50", "ptb", "time", "train", 50, "s", False, *source.column("wall_times"))
    count = Metric("ptb_parameters", "ptb", "parameters", "none", None, "million", False, *source.column("num_params"))
    columns += [
        (time, curves["wall_times"].astype(np.float64).sum(1, keepdims=True)),
        (count, curves["num_params"] / 1e6),
    ]
    cells = CellArray.from_cells([parse(recipe["recepie"]) for recipe in recipes])
    return Table.from_columns("nasbench_nlp", cells, [str(recipe["recepie_id"]) for recipe in recipes], columns)


def parse(recipe: Mapping[str, Mapping[str, Any]]) -> Cell:
    """The cell of a recipe, {node: {op, input: [names]}}; previous states come first among its nodes."""
    read = {name for node in recipe.values() for name in node["input"]}
    states = sorted(name for name in read if name.startswith("h_prev_"))
    number = {"x": 0} | {name: i for i, name in enumerate([*states, *recipe], start=1)}
    output = len(number)
    operations = ["input", *("skip" for _ in states), *(OPERATIONS[node["op"]] for node in recipe.values()), "output"]
    edges = [(0, number[name]) for name in states]
    edges += [(number[name], number[node]) for node, content in recipe.items() for name in content["input"]]
    edges += [(number[node], output) for node in recipe if re.fullmatch(r"h_new_\d+", node)]
    return Cell(operations, edges)


BENCHMARK = Benchmark("nasbench_nlp", build, needed=(CURVES, RECIPES))
