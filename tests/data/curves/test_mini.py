"""Curves of mini: the first seed of each cell, held against the benchmark's columns."""

import numpy as np
import pytest

from data import load_benchmark
from data.curves import load_curves
from data.curves.cells import cells_of


@pytest.mark.parametrize("dataset", ["cifar10", "fashion_mnist"])
def test_they_are_the_columns_of_the_first_seed_in_the_order_of_the_benchmark(dataset):
    table, benchmark = load_curves(f"mini_{dataset}"), load_benchmark("mini")
    ends = benchmark.scores[f"{dataset}_validation_accuracy_10"][:, 0]
    trained = np.isfinite(ends)
    np.testing.assert_array_equal(table.curves.ends(), ends[trained])
    np.testing.assert_array_equal(
        table.curves.scores("train_loss")[:, 2], -benchmark.scores[f"{dataset}_train_loss_3"][trained, 0]
    )
    seconds = table.curves.values[:, table.curves.place("train_time")].sum(1)
    np.testing.assert_allclose(seconds, benchmark.scores[f"{dataset}_train_time_10"][trained, 0])
    rows = cells_of(table)[1]
    assert rows.tolist() == list(range(len(table)))
    assert (np.array(table.ids) == np.array(benchmark.ids)[trained]).all()
