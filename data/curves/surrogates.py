"""Curves that models drew: surrogates of NAS-Bench-301 and of LCBench, as YAHPO Gym has them. NOBODY TRAINED THESE.

A surrogate answers for any configuration and epoch; the tables are of random configurations, drawn here with a fixed
seed. Its curves are smoother than those of trainings and its errors are those of one model, so that what is measured
on them says little of trainings: `CurveTable.surrogate`, and a mark in tables of results. The authors' own mean
absolute error of validation accuracy is 1.4 points for NAS-Bench-301 and 3.6 for LCBench.

NAS-Bench-301: cells of DARTS' space, 34 codes in the order of its encoding, epochs 1 to 98; validation accuracy
on CIFAR-10. An edge that no node reads has code 0. LCBench: funnel-shaped networks on 34 OpenML tasks, epochs 1 to 52.

Asking NAS-Bench-301's model takes half a minute, so curves are cached as arrays under the sha256 of the model. The
models are run by onnxruntime, of the extra `[research]`.

Sources: Zela et al. 2022 (arXiv:2008.09777); Zimmer et al. 2021 (arXiv:2006.13799); Pfisterer et al. 2022, YAHPO Gym.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from data.benchmark import Input
from data.curves.table import CurveSource, CurveTable, Inputs, sources
from data.fetch import cache_folder
from metanp.atomic import replacing
from metanp.curves import Curves, Quantity
from metanp.libraries import library

NB301, NB301_CODES = "nb301_v1.onnx", "nb301_encoding.json"
LCBENCH, LCBENCH_CODES, LCBENCH_SPACE = "lcbench_v1.onnx", "lcbench_encoding.json", "lcbench_config_space.json"
CELLS, NB301_EPOCHS = 500, 98  # drawn; trained
SETTINGS, LCBENCH_EPOCHS = 1000, 52
SEED = 0
ORDER = ("batch_size", "learning_rate", "momentum", "weight_decay", "num_layers", "max_units", "max_dropout")
TASKS = (  # of OpenML, in the order of its space
    "3945",
    "7593",
    "34539",
    "126025",
    "126026",
    "126029",
    "146212",
    "167104",
    "167149",
    "167152",
    "167161",
    "167168",
    "167181",
    "167184",
    "167185",
    "167190",
    "167200",
    "167201",
    "168329",
    "168330",
    "168331",
    "168335",
    "168868",
    "168908",
    "168910",
    "189354",
    "189862",
    "189865",
    "189866",
    "189873",
    "189905",
    "189906",
    "189908",
    "189909",
)
ACCURACY = Quantity("validation_accuracy", "percent", True)
LCBENCH_QUANTITIES = {  # column of the model's answer -> what it is
    1: ACCURACY,
    2: Quantity("validation_loss", "nats", False),
    4: Quantity("test_loss", "nats", False),
}


def nasbench301(inputs: Inputs) -> CurveTable:
    """`CELLS` random pairs of cells."""
    encoding = json.loads(inputs[NB301_CODES].path.read_text(encoding="utf-8"))
    names = [name.rpartition("_COLON_")[2] for name in encoding]
    codes = dict(zip(names, encoding.values(), strict=True))
    rng = np.random.default_rng(SEED)
    drawn = [draw_darts(codes, rng) for _ in range(CELLS)]
    x = np.array([[codes[name][one[name]] for name in names] for one in drawn], np.int32)

    def ask() -> np.ndarray:
        run = _session(inputs[NB301])
        epochs = np.arange(1, NB301_EPOCHS + 1, dtype=np.float32)
        return np.array([[run(cell[None], epoch.reshape(1, 1))[0, 0] for epoch in epochs] for cell in x])[:, None]

    values = _cached(f"nb301-{inputs[NB301].sha256[:12]}-{CELLS}-{SEED}", ask)
    curves = Curves((ACCURACY,), values, np.arange(1, NB301_EPOCHS + 1), np.full(CELLS, NB301_EPOCHS))
    written = tuple(json.dumps({k: v for k, v in one.items() if v != "#na#"}) for one in drawn)
    ids = tuple(map(str, range(CELLS)))
    where = sources(inputs, "val_accuracy")
    return CurveTable("nasbench301_surrogate", "cifar10", ids, curves, where, written, surrogate=True)


def draw_darts(codes: dict[str, dict[str, int]], rng: np.random.Generator) -> dict[str, str]:
    """A random pair of cells: two distinct inputs a node, an operation on each edge that is read."""
    drawn = {}
    for cell in ("normal", "reduce"):
        read = {0, 1}  # edges by number, those into node 2 first, then those into 3, 4 and 5
        for node, first in ((3, 2), (4, 5), (5, 9)):
            pairs = [pair for pair in codes[f"inputs_node_{cell}_{node}"] if pair != "#na#"]
            drawn[f"inputs_node_{cell}_{node}"] = pair = pairs[rng.integers(len(pairs))]
            read |= {first + int(source) for source in pair.split("_")}
        for edge in range(14):
            operations = [name for name in codes[f"edge_{cell}_{edge}"] if name != "#na#"]
            chosen = operations[rng.integers(len(operations))]
            drawn[f"edge_{cell}_{edge}"] = chosen if edge in read else "#na#"
    return drawn


def lcbench(inputs: Inputs, task: str) -> CurveTable:
    """`SETTINGS` random settings, the same ones for every task."""
    code = json.loads(inputs[LCBENCH_CODES].path.read_text(encoding="utf-8"))["OpenML_task_id"][task]
    space = json.loads(inputs[LCBENCH_SPACE].path.read_text(encoding="utf-8"))["hyperparameters"]
    ranges = {one["name"]: one for one in space}
    rng = np.random.default_rng(SEED)
    settings = {name: _draw(ranges[name], rng, SETTINGS) for name in ORDER}

    def ask() -> np.ndarray:
        run, epochs = _session(inputs[LCBENCH]), np.arange(1, LCBENCH_EPOCHS + 1)
        columns = [np.tile(epochs, SETTINGS), *(np.repeat(settings[name], LCBENCH_EPOCHS) for name in ORDER)]
        x = np.stack(columns, axis=1).astype(np.float32)
        answer = run(np.full((len(x), 1), code, np.int32), x).reshape(SETTINGS, LCBENCH_EPOCHS, -1)
        return answer[:, :, list(LCBENCH_QUANTITIES)].transpose(0, 2, 1)

    values = _cached(f"lcbench-{inputs[LCBENCH].sha256[:12]}-{task}-{SETTINGS}-{SEED}", ask)
    epochs, lengths = np.arange(1, LCBENCH_EPOCHS + 1), np.full(SETTINGS, LCBENCH_EPOCHS)
    logs = ("batch_size", "learning_rate", "max_units")
    numbers = {
        f"log_{name}" if name in logs else name: np.log(x) if name in logs else x for name, x in settings.items()
    }
    curves = Curves(tuple(LCBENCH_QUANTITIES.values()), values, epochs, lengths, hyperparameters=numbers)
    ids = tuple(map(str, range(SETTINGS)))
    where = sources(inputs, f"task {task}")
    return CurveTable(f"lcbench_surrogate_{task}", f"openml_{task}", ids, curves, where, surrogate=True)


class LCBenchFunction:
    """The surrogate of one task as a function: the validation accuracy after the last epoch, in percent.

    ranges: of each setting, as LCBench's space describes it.
    """

    def __init__(self, inputs: Inputs, task: str):
        self._code = json.loads(inputs[LCBENCH_CODES].path.read_text(encoding="utf-8"))["OpenML_task_id"][task]
        space = json.loads(inputs[LCBENCH_SPACE].path.read_text(encoding="utf-8"))["hyperparameters"]
        self.ranges = {one["name"]: one for one in space if one["name"] in ORDER}
        self._run = _session(inputs[LCBENCH])

    def __call__(self, settings: Mapping[str, Any]) -> np.ndarray:
        """(setting,) of one number or an array a setting."""
        columns = np.broadcast_arrays(LCBENCH_EPOCHS, *(settings[name] for name in ORDER))
        x = np.stack([np.atleast_1d(column) for column in columns], axis=1).astype(np.float32)
        return self._run(np.full((len(x), 1), self._code, np.int32), x)[:, 1].astype(np.float64)

    def draw(self, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Random settings."""
        return {name: _draw(self.ranges[name], rng, n) for name in ORDER}


def _draw(described: dict[str, Any], rng: np.random.Generator, n: int) -> np.ndarray:
    """Of one setting, uniform or log-uniform as its space says."""
    low, high = described["lower"], described["upper"]
    if described["log"]:
        low, high = np.log(low), np.log(high)
    values = rng.uniform(low, high, n)
    values = np.exp(values) if described["log"] else values
    return np.rint(values) if described["type"] == "uniform_int" else values


def _session(model: Input) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The model as a function of codes and numbers, on one thread."""
    onnxruntime = library("onnxruntime", "research")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model.path), options, providers=["CPUExecutionProvider"])
    return lambda codes, numbers: session.run(None, {"x_cat": codes, "x_cont": numbers})[0]


def _cached(key: str, ask: Callable[[], np.ndarray]) -> np.ndarray:
    """Values that a model gave before, or gives now; a file that cannot be read is written anew."""
    path = cache_folder() / "curves" / f"{key}.npy"
    try:
        return np.load(path, allow_pickle=False).astype(np.float64)
    except (OSError, ValueError, EOFError):
        pass
    values = ask().astype(np.float32)
    _write(path, values)
    return values.astype(np.float64)


def _write(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        np.save(file, values)


def _all() -> Iterator[CurveSource]:
    yield CurveSource("nasbench301_surrogate", nasbench301, (NB301, NB301_CODES))
    for task in TASKS:
        build = partial(lcbench, task=task)
        yield CurveSource(f"lcbench_surrogate_{task}", build, (LCBENCH, LCBENCH_CODES, LCBENCH_SPACE))


SOURCES = list(_all())
