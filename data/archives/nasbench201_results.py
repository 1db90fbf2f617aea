"""Results of one architecture in NAS-Bench-201's archives, as numbers of a `Table`; for the `.pth` and NATS-Bench.

Both keep dictionaries of the same two classes: `ResultsCount` is one training (curves by epoch; evaluations keyed
`x-valid@199`), `ArchResults` all trainings of an architecture with one schedule. What is kept is the state after the
last epoch, in the split semantics of the official API:

    trained on       evaluated on        metric
    cifar10-valid    x-valid             cifar10_validation_...
    cifar10-valid    ori-test, train     cifar10-valid_test_..., cifar10-valid_train_... (half of the training images)
    cifar10          ori-test, train     cifar10_test_..., cifar10_train_... (training and validation images)
    cifar100,        x-valid, x-test     ..._validation_..., ..._test_...
    ImageNet16-120   ori-test, train     ..._validation+test_..., ..._train_...

each as `accuracy` (percent) and `loss` (nats), with `..._train_time_<epochs>` (s, all epochs) and, of the longest
schedule, `..._latency` (s a batch of 256), `..._parameters` and `..._flops` (million). Runs are ordered by seed.

Source: D-X-Y/NATS-Bench, nats_bench/api_utils.py and api_topology.py (Dong et al. 2021, arXiv:2009.00437).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from data.archives.columns import COMPUTED, Columns, Measured, cell_array
from data.nasbench201 import unique_string
from data.table import Table
from metanp.cell import Cell
from metanp.spaces.nasbench201 import SPACE, parse

EVALUATED = {"train": "train", "x-valid": "validation", "x-test": "test", "ori-test": "validation+test"}
CIFAR10 = {
    ("cifar10-valid", "x-valid"): ("cifar10", "validation"),
    ("cifar10-valid", "ori-test"): ("cifar10-valid", "test"),
    ("cifar10", "ori-test"): ("cifar10", "test"),
}
TRUSTED_SEED = 888  # whose parameters and FLOPs count where seeds differ, as in the official API


class Trial(NamedTuple):
    """One training: (where evaluated, quantity) -> value after the last epoch; costs are evaluated at ""."""

    numbers: dict[tuple[str, str], float]


class Results(NamedTuple):
    """All trainings of one architecture with one schedule: data set -> seed -> trial."""

    architecture: int
    text: str
    trials: dict[str, dict[int, Trial]]


def is_trial(state: Mapping[Any, Any]) -> bool:
    """Whether a dictionary is the state of a `ResultsCount`."""
    return "eval_acc1es" in state and "train_acc1es" in state


def is_results(state: Mapping[Any, Any]) -> bool:
    """Whether a dictionary is the state of an `ArchResults`."""
    return "all_results" in state and "dataset_seed" in state


def read_trial(state: Mapping[str, Any]) -> Trial:
    """The numbers of a `ResultsCount`. Raises KeyError, TypeError or ValueError where one is missing or malformed."""
    last = int(state["epochs"]) - 1
    numbers = {("train", "accuracy"): state["train_acc1es"][last], ("train", "loss"): state["train_losses"][last]}
    for where in state["eval_names"]:
        if (key := f"{where}@{last}") in state["eval_acc1es"]:  # some sets were evaluated with other seeds only
            numbers[where, "accuracy"] = state["eval_acc1es"][key]
            numbers[where, "loss"] = state["eval_losses"][key]
    if state["train_times"]:
        numbers["train", "time"] = sum(state["train_times"].values())
    if state["latency"] and (latency := sum(state["latency"]) / len(state["latency"])) > 0:  # -1: not measured
        numbers["", "latency"] = latency
    numbers["", "parameters"], numbers["", "flops"] = state["params"], state["flop"]
    return Trial({what: float(value) for what, value in numbers.items()})


def read_results(state: Mapping[str, Any]) -> Results:
    """The trials of an `ArchResults`, of which some may have been read already. Raises as `read_trial`."""
    trials: dict[str, dict[int, Trial]] = {}
    for dataset, seeds in state["dataset_seed"].items():
        found = {int(seed): state["all_results"][dataset, seed] for seed in seeds}
        trials[dataset] = {seed: t if isinstance(t, Trial) else read_trial(t) for seed, t in found.items()}
    return Results(int(state["arch_index"]), str(state["arch_str"]), trials)


def put(columns: Columns, row: int, schedules: Mapping[int, Results]) -> None:
    """Store the numbers of one architecture, given by length of training in epochs."""
    for epochs, results in schedules.items():
        for dataset, trials in results.trials.items():
            for seed, trial in trials.items():
                for (where, quantity), value in trial.numbers.items():
                    if where:
                        columns.put(measured(dataset, where, quantity, epochs), seed, row, value)
    for dataset, trials in schedules[max(schedules)].trials.items():
        for seed, trial in trials.items():
            if ("", "latency") in trial.numbers:
                columns.put(measured(dataset, "", "latency", None), seed, row, trial.numbers["", "latency"])
        for quantity in COMPUTED:
            values = {seed: trial.numbers["", quantity] for seed, trial in trials.items()}
            columns.put(measured(dataset, "", quantity, None), 0, row, _agreed(values))


@cache
def measured(dataset: str, where: str, quantity: str, epochs: int | None) -> Measured:
    """What a number of a trial means, as in `Metric`. Raises ValueError for a set unknown to the official API."""
    column = " ".join(str(word) for word in (dataset, where, quantity, epochs) if word)
    if not where:
        return Measured(dataset.lower(), "none", quantity, epochs, column)
    if where not in EVALUATED:
        raise ValueError(f"{dataset} was evaluated on {where!r}; known: {', '.join(EVALUATED)}")
    ours, split = CIFAR10.get((dataset, where), (dataset.lower(), EVALUATED[where]))
    return Measured(ours, split, quantity, epochs, column)


def table(texts: Sequence[str], columns: Columns, source: str, sha256: str) -> Table:
    """The table of architectures that are given, by row, as NAS-Bench-201 strings."""
    names: dict[str, int] = {}
    classes: list[int] = []

    def cells(texts: Iterable[str]) -> Iterator[Cell]:
        for text in texts:
            yield (cell := parse(text))
            classes.append(names.setdefault(unique_string(SPACE.digits(cell)), len(names)))

    array = cell_array(cells(texts))
    described = columns.take(np.arange(len(texts)), source, sha256)
    return Table.from_columns(
        "nasbench201", array, texts, described, space="nasbench201", classes=np.array(classes, dtype=np.int64)
    )


def _agreed(values: Mapping[int, float]) -> float:
    """The value of all seeds if they agree to five decimals, as in the official API, else that of the trusted seed."""
    if len({f"{value:.5f}" for value in values.values()}) == 1:
        return sum(values.values()) / len(values)
    return values.get(TRUSTED_SEED, float("nan"))
