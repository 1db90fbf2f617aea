"""TaskSet: twelve tasks (IMDB text classifiers, recurrent) x 1,000 settings of Adam x 51 evaluations.

Losses in nats of validation and test text, after every 200th of 10,000 steps; the first evaluation, epoch 0 here, is
of the untrained network. A run is failed (NaN) from where its validation loss is no number, or stays above 20 nats to
the end, which a loss of two classes reaches only by diverging: up to 1e34 stand in the source. Runs that came back are
as they are. Hyper-parameters are the natural logarithms of the eight of "adam8p".

Source: Metz et al. 2020, "Using a thousand optimization tasks to learn hyperparameter search strategies"
(arXiv:2002.11887); the tasks are those that Kadra et al. 2023 (DPL) chose.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from data.curves.table import CurveSource, CurveTable, Inputs, sources
from metanp.curves import Curves, Quantity

FILE = "taskset_adam8p_12tasks.npz"
COMMON = "FixedTextRNNClassification_imdb_patch"
TASKS = (  # in the order of the file, without what all names share
    "128_LSTM128_avg_bs64",
    "128_LSTM128_bs64",
    "128_LSTM128_embed128_bs64",
    "32_GRU128_bs128",
    "32_GRU64_avg_bs128",
    "32_IRNN64_relu_avg_bs128",
    "32_IRNN64_relu_last_bs128",
    "32_LSTM128_E128_bs128",
    "32_LSTM128_bs128",
    "32_VRNN128_tanh_bs128",
    "32_VRNN64_relu_avg_bs128",
    "32_VRNN64_tanh_avg_bs128",
)
DIVERGED = 20.0  # nats
QUANTITIES = (Quantity("validation_loss", "nats", False), Quantity("test_loss", "nats", False))


def build(inputs: Inputs, task: str) -> CurveTable:
    """One task of the file."""
    with np.load(inputs[FILE].path, allow_pickle=False) as arrays:
        place = arrays["tasks"].tolist().index(f"{COMMON}{task}")
        values = np.stack([arrays["valid_loss"][place], arrays["test_loss"][place]], axis=1).astype(np.float64)
        names, hp = arrays["hp_names"].tolist(), arrays["hp"]
    bad = ~(values[:, 0] < DIVERGED)
    gone = np.logical_and.accumulate(bad[:, ::-1], axis=1)[:, ::-1]  # to the end, without one that is better between
    values[np.broadcast_to(gone[:, None], values.shape)] = np.nan
    n, _, evaluations = values.shape
    settings = {f"log_{name}": np.log(hp[:, i]) for i, name in enumerate(names)}
    curves = Curves(QUANTITIES, values, np.arange(evaluations), np.full(n, evaluations), hyperparameters=settings)
    ids = tuple(map(str, range(n)))
    return CurveTable(table_name(task), "imdb", ids, curves, sources(inputs, f"valid_loss, test_loss of {task}"))


def table_name(task: str) -> str:
    """The name of a task's table."""
    return f"taskset_{task.lower()}"


SOURCES = [CurveSource(table_name(task), partial(build, task=task), (FILE,)) for task in TASKS]
