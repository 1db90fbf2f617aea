"""A thousand cells of the DARTS space on CIFAR-10, trained for 200 epochs, one run each.

Accuracy in percent, of validation images by the name of its column. Normal and reduction cell of a network are the
same, so the genotype has one. As in the file, a node may read one input twice, and `none` occurs. Two runs below 50 %
(10.22 and 10.25, which is chance) failed and are NaN. The ids are the cells as the file writes them.

Source: Peng et al., "SWAP-NAS", ICLR 2024 (arXiv:2403.04161), its released set of architectures.
"""

from __future__ import annotations

import numpy as np

from data.benchmark import Benchmark, Inputs
from data.csv_rows import numbers, read
from data.table import Metric, Table
from metanp.cell import Cell
from metanp.cell_array import CellArray

FILE = "darts_cifar10_200ep.csv.gz"
FAILED = 50.0  # percent; the third lowest run has 63.5


def build(inputs: Inputs) -> Table:
    source = inputs[FILE]
    rows = read(source.path)
    accuracy = numbers(rows, "val_acc")
    metric = Metric.accuracy("cifar10", "validation", 200, source.column("val_acc"))
    columns = [(metric, np.where(accuracy < FAILED, np.nan, accuracy)[:, None])]
    cells = CellArray.from_cells([parse(row["cell"]) for row in rows])
    return Table.from_columns("darts", cells, [row["cell"] for row in rows], columns)


def parse(text: str) -> Cell:
    """The cell of `sep_conv_5x5~0 none~1 ...`, two `operation~input` a node; inputs 0 and 1 are the cells before.

    Raises:
        ValueError: as `Cell.from_darts`, or a pair without `~`; names it.
    """
    pairs = []
    for pair in text.split():
        name, _, reads = pair.partition("~")
        if not reads.isdigit():
            raise ValueError(f"{pair!r:.40} of {text!r:.80} is no operation~input")
        pairs.append((name, int(reads)))
    return Cell.from_darts({"normal": pairs})


BENCHMARK = Benchmark("darts", build, needed=(FILE,))
