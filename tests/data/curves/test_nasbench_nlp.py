"""Curves of NAS-Bench-NLP are those that the benchmark's table has five epochs of."""

import numpy as np
import pytest

from data import load_benchmark
from data.curves import load_curves


@pytest.fixture(scope="module")
def table(mirror):
    if not (mirror.parent / "derived").is_dir():
        pytest.skip("no derived tables beside the mirror")
    return load_curves("nasbench_nlp")


def test_failed_runs_are_those_of_the_study(table):
    assert len(table) == 14_322
    assert table.curves.failed.sum() == 2_724
    assert np.isnan(table.curves.values[table.curves.failed][:, :, -1]).all()


def test_rows_and_losses_are_those_of_the_benchmark(table):
    benchmark = load_benchmark(table.benchmark)
    assert list(table.ids) == benchmark.ids
    for quantity, metric in (("validation_loss", "ptb_validation_loss_20"), ("test_loss", "ptb_test_loss_20")):
        place = table.curves.place(quantity)
        np.testing.assert_array_equal(table.curves.values[:, place, 19], benchmark.mean(metric))
