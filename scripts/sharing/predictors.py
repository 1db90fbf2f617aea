"""OneShot and RSWS as predictors of NAS-Bench-201: how long their supernets take, and how well they rank.

Cells are random ones of the benchmark, the same for all; truth is the benchmark's validation accuracy on CIFAR-10 after
200 epochs, mean over its seeds.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from data import load_benchmark
from metanp.metrics import kendall_tau
from metanp.networks.normalising import READINGS
from scripts.trainings.supernets import Source, train

CELLS = 1_000
REGIMES = {"one_shot": "summed", "rsws": "uniform"}
TRUTH = "cifar10_validation_accuracy_200"


def measured(name: str, seed: int) -> dict[str, Any]:
    """Seconds of all epochs, processor seconds of reading the cells, tau and mean accuracy, by reading.

    Raises:
        FileUnavailable: the benchmark or the images are not at hand.
    """
    source, table = Source(REGIMES[name]), load_benchmark("nasbench201")
    chosen = np.random.default_rng(0).permutation(len(table))[:CELLS]
    cells, truth = table.cells[chosen].to_cells(), table.mean(TRUTH)[chosen]
    trained = sum(row["seconds"] for row in train(source.settings(seed)))
    source.accuracies(cells[:1], seed)  # the supernet is at hand before the clock counts
    found: dict[str, Any] = {"train_seconds": round(trained, 1), "readings": {}}
    for reading in READINGS:
        start = time.process_time()
        accuracy = replace(source, reading=reading).accuracies(cells, seed)
        seconds = time.process_time() - start
        found["readings"][reading] = {
            "tau": round(kendall_tau(accuracy, truth), 4),
            "accuracy": round(float(accuracy.mean()), 2),
            "seconds": round(seconds, 1),
        }
    return found
