"""TaskSet: twelve tables, diverged runs as failures."""

import numpy as np
import pytest

from data.curves import CURVES, load_curves
from data.curves.taskset import TASKS, table_name
from data.fetch import FileUnavailable


@pytest.fixture(scope="module")
def table(mirror):
    try:
        return load_curves("taskset_32_gru128_bs128")
    except FileUnavailable as error:
        pytest.skip(str(error))


def test_there_are_twelve_tables():
    assert len(TASKS) == 12
    assert {table_name(task) for task in TASKS} <= set(CURVES)


def test_a_loss_begins_at_that_of_two_equal_classes(table):
    assert len(table) == 1000
    assert table.curves.epochs.tolist() == list(range(51))
    np.testing.assert_allclose(np.median(table.curves.values[:, 0, 0]), np.log(2), atol=0.05)


def test_a_run_that_stays_diverged_is_failed_and_one_that_came_back_is_not(table):
    loss = table.curves.values[:, 0]
    assert table.curves.failed.sum() == 67
    came_back = np.flatnonzero((np.nan_to_num(loss) > 20).any(1) & ~table.curves.failed)
    assert len(came_back)
    assert (loss[came_back, -1] < 20).all()


def test_hyperparameters_are_logarithms(table):
    rate = table.curves.hyperparameters["log_learning_rate"]
    np.testing.assert_allclose(np.exp(rate[0]), 8.69604013e-04)
