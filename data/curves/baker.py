"""The six public files of Baker et al.: 4,724 learning curves, 33 of them repeated.

Validation accuracies are fractions there and percent here; of the LSTMs the validation perplexity. Epoch 0 is the
untrained network in `resnet_tinyimagenet` and `alexnet_imagenet`, whose files have one value more than epochs were
trained; the other files have as many as the paper says, from `acc_0` or `ep_0` too, so these are epoch 1.
Cuda-Convnet, which the README of the data names, is not among them. TinyImageNet repeats 33 rows, which are dropped.

MetaQNN's layers stand as text in `architecture`; their numbers are parameters and depth. Of the ResNets on
TinyImageNet the depth is 6 * blocks + 2, as in the paper, so that they can be split by depth. The paper reads their
number of weights, which the file lacks; `log_parameters` is computed (`resnet_parameters`).

Source: Baker et al. 2018, "Accelerating Neural Architecture Search using Performance Prediction" (arXiv:1705.10823).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from data.curves.table import CurveSource, CurveTable, Inputs, sources
from metanp.curves import Curves, Quantity

ACCURACY = Quantity("validation_accuracy", "percent", True)
PERPLEXITY = Quantity("validation_perplexity", "perplexity", False)
Rows = Sequence[dict[str, str]]


def _numbers(rows: Rows, name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def build(
    inputs: Inputs,
    name: str,
    prefix: str,
    first_epoch: int,
    architecture: Callable[[Rows], dict[str, np.ndarray]],
    hyperparameters: dict[str, str],
) -> CurveTable:
    """One file.

    prefix: of the columns of the curve. architecture: its numbers. hyperparameters: our name -> column.
    """
    (source,) = inputs.values()
    with open(source.path, newline="", encoding="utf-8") as file:
        rows = list({tuple(row.items()): row for row in csv.DictReader(file)}.values())
    columns = [column for column in rows[0] if column.startswith(prefix) and column.removeprefix(prefix).isdigit()]
    quantity = PERPLEXITY if prefix == "ep_" else ACCURACY
    values = np.array([[float(row[column]) for column in columns] for row in rows])
    curves = Curves.of(
        values * (100 if quantity is ACCURACY else 1),
        quantity,
        first_epoch,
        architecture=architecture(rows),
        hyperparameters={ours: _numbers(rows, theirs) for ours, theirs in hyperparameters.items()},
    )
    written = tuple(row["net"] for row in rows) if "net" in rows[0] else ()
    ids = tuple(map(str, range(len(rows))))
    dataset = rows[0].get("training_dataset", "cifar10")
    return CurveTable(name, dataset, ids, curves, sources(inputs, f"{columns[0]}..{columns[-1]}"), written)


def _metaqnn(rows: Rows) -> dict[str, np.ndarray]:
    return {"parameters": _numbers(rows, "num_params"), "depth": _numbers(rows, "depth")}


def _resnet(rows: Rows) -> dict[str, np.ndarray]:
    blocks, filters, size = (_numbers(rows, name) for name in ("num_blocks", "num_filters", "filter_size"))
    weights = np.log(resnet_parameters(blocks, filters, size))
    return {"depth": 6 * blocks + 2, "filters": filters, "filter_size": size, "log_parameters": weights}


def resnet_parameters(blocks: np.ndarray, filters: np.ndarray, size: np.ndarray, classes: int = 200) -> np.ndarray:
    """Weights of convolutions and classifier, if the ResNets are laid out as He et al.'s for CIFAR.

    Three stages of `blocks` blocks of two convolutions, with 1, 2 and 4 times `filters` filters; that there are three
    follows from the depth, that the width doubles does not.
    """
    weights = 3 * size**2 * filters  # the first convolution, of three colours
    for stage in range(3):
        width = filters * 2**stage
        before = width / 2 if stage else width
        weights = weights + size**2 * (before * width + (2 * blocks - 1) * width**2)
    return weights + 4 * filters * classes


def _weights(rows: Rows) -> dict[str, np.ndarray]:
    return {"parameters": _numbers(rows, "num_params")}


def _lstm(rows: Rows) -> dict[str, np.ndarray]:
    return {"layers": _numbers(rows, "n_layer"), "width": _numbers(rows, "n_inputs")}


def _none(rows: Rows) -> dict[str, np.ndarray]:
    return {}


RATE, STEP = {"learning_rate": "lr"}, {"learning_rate": "lr", "step_size": "ss"}
FILES = {  # name -> file, columns of the curve, first epoch, numbers of the architecture, hyper-parameters
    "metaqnn_cifar10": ("metaqnn_cifar10.csv", "acc_", 1, _metaqnn, RATE),
    "metaqnn_svhn": ("metaqnn_svhn.csv", "acc_", 1, _metaqnn, RATE),
    "resnet_cifar10": ("deep_resnets_cifar10.csv", "acc_", 1, _weights, RATE),
    "resnet_tinyimagenet": ("deep_resnets_tinyimagenet.csv", "acc_", 0, _resnet, STEP),
    "lstm_ptb": ("lstm_ptb.csv", "ep_", 1, _lstm, {"learning_rate": "base_lr", "step_size": "ss"}),
    "alexnet_imagenet": ("alexnet_imagenet.csv", "acc_", 0, _none, STEP),
}


def _source(name: str) -> CurveSource:
    file, prefix, first_epoch, architecture, hyperparameters = FILES[name]
    how = partial(
        build,
        name=name,
        prefix=prefix,
        first_epoch=first_epoch,
        architecture=architecture,
        hyperparameters=hyperparameters,
    )
    return CurveSource(name, how, (file,))


SOURCES = [_source(name) for name in FILES]
