"""Numbers on their way into a table: rows in any order, runs by seed, nothing lost and nothing made up."""

import numpy as np

from data.archives.columns import CHUNK, Columns, Measured, cell_array
from metanp.cell_array import CellArray
from metanp.spaces.nasbench201 import SPACE

ACCURACY = Measured("cifar10", "validation", "accuracy", 200, "x-valid")
LOSS = Measured("cifar10", "validation", "loss", 200, "x-valid")
PARAMETERS = Measured("cifar10", "none", "parameters", None, "params")


def taken(columns: Columns, order) -> dict[str, np.ndarray]:
    return {metric.name: values for metric, values in columns.take(np.array(order), "file", "sha")}


def test_runs_stand_by_seed_and_rows_in_the_order_asked_for():
    columns = Columns()
    for row, seed, value in ((2, 888, 28.0), (0, 999, 9.0), (0, 777, 7.0), (1, 777, 17.0)):
        columns.put(ACCURACY, seed, row, value)
    nan = np.nan
    expected = [[nan, 28, nan], [7, nan, 9], [17, nan, nan], [nan, nan, nan]]
    np.testing.assert_array_equal(taken(columns, [2, 0, 1, 3])["cifar10_validation_accuracy_200"], expected)


def test_an_infinite_value_counts_as_failed():
    columns = Columns()
    columns.put(LOSS, 777, 0, np.inf)
    columns.put(LOSS, 777, 1, -np.inf)
    np.testing.assert_array_equal(taken(columns, [0, 1])["cifar10_validation_loss_200"], [[np.nan], [np.nan]])


def test_what_is_computed_is_a_side_feature_and_has_one_axis():
    columns = Columns()
    columns.put(PARAMETERS, 0, 0, 0.5)
    np.testing.assert_array_equal(taken(columns, [0])["cifar10_parameters"], [0.5])


def test_a_metric_is_described_in_the_words_of_the_tables():
    assert ACCURACY.metric("file", "sha").maximize
    loss = LOSS.metric("file", "sha")
    assert (loss.name, loss.unit, loss.maximize) == ("cifar10_validation_loss_200", "nats", False)
    half = Measured("cifar10", "test", "halfway_accuracy", 108, "c").metric("file", "sha")
    assert (half.name, half.unit, half.maximize) == ("cifar10_test_halfway_accuracy_108", "percent", True)


def test_cells_in_chunks_are_the_same_arrays_as_cells_at_once():
    for n in (0, 1, CHUNK, CHUNK + 1):
        cells = [SPACE.cell(digits) for digits in SPACE.digit_rows()[:n].tolist()]
        ours, whole = cell_array(iter(cells)), CellArray.from_cells(cells)
        np.testing.assert_array_equal(ours.operation, whole.operation)
        np.testing.assert_array_equal(ours.adjacency, whole.adjacency)
