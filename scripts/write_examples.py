"""Writes the cells of `metanp.examples`, drawn from NAS-Bench-201, as JSON lines.

    python -m scripts.write_examples

The same seed gives the same bytes; a test compares the files with the benchmark.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from data import Table, load_benchmark
from metanp.examples import CANDIDATES, EVALUATED

SEED = 0
METRIC = "cifar10_validation_accuracy_200"
SIZES = {EVALUATED: 60, CANDIDATES: 500}


def main() -> None:
    table = load_benchmark("nasbench201")
    for path, text in texts(table).items():
        path.write_text(text, encoding="utf-8")
        print(f"{path}: {text.count(chr(10))} cells")


def texts(table: Table) -> dict[Path, str]:
    """The text of each file: random distinct cells that compute something."""
    accuracy = table.mean(METRIC)
    fingerprint = table.cells.pruned().fingerprint()
    live = table.cells.pruned().size > 2
    rows = np.random.default_rng(SEED).permutation(len(table))
    rows = rows[live[rows]]
    _, first = np.unique(fingerprint[rows], return_index=True)
    rows = rows[np.sort(first)]
    found, start = {}, 0
    for path, size in SIZES.items():
        found[path] = "".join(_line(table, row, accuracy[row]) for row in rows[start : start + size].tolist())
        start += size
    return found


def _line(table: Table, row: int, accuracy: float) -> str:
    record = {"id": str(row), "cell": {table.space: table.ids[row]}, "score": round(accuracy, 4)}
    return json.dumps(record) + "\n"


if __name__ == "__main__":
    main()
