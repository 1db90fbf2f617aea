"""AnalogNAS-Bench: thirteen accuracies, and the order of edges, which only a comparison with another table can show."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark
from metanp.spaces.nasbench201 import SPACE


@pytest.fixture(scope="module")
def table():
    return load_benchmark("analog")


def test_thirteen_accuracies_of_all_cells_in_percent(table):
    assert len(table.metrics) == 13
    assert all(metric.unit == "percent" and metric.maximize for metric in table.metrics.values())
    assert all(np.isfinite(table.mean(name)).all() for name in table.metrics)
    baseline = table.mean("baseline_accuracy")
    assert (baseline.min(), baseline.max()) == pytest.approx((10.0, 94.0664))


def test_rows_are_those_of_nasbench201(table):
    assert table.ids == [SPACE.write_text(cell) for cell in SPACE]


def test_the_baseline_ranks_as_validation_accuracy_does(table):
    validation = load_benchmark("nasbench201").mean("cifar10_validation_accuracy_200")
    assert spearmanr(table.mean("baseline_accuracy"), validation).statistic > 0.98


def test_the_baseline_ranks_as_test_accuracy_does(table, mirror):
    test = load_benchmark("nasbench201").mean("cifar10_test_accuracy_200")
    assert spearmanr(table.mean("baseline_accuracy"), test).statistic == pytest.approx(0.991, abs=5e-4)


def test_drift_costs_accuracy_but_for_two_suspect_cells(table):
    before, after = table.mean("baseline_accuracy"), table.mean("baseline_drift_60")
    analog_before, analog_after = table.mean("analog_accuracy"), table.mean("analog_drift_60")
    assert ((after > before + 5) | (analog_after > analog_before + 5)).sum() == 2
    assert np.median(table.mean("analog_drift_2592000")) < np.median(analog_after)


def test_the_source_is_the_package(table):
    source = table.sources()["analog_drift_60"]
    assert (source.source, source.column) == ("analog-nasbench==0.1.3", "analog_drift_60")


def test_the_package_itself_is_never_imported():
    import subprocess
    import sys

    code = (
        "import sys; from data import load_benchmark; load_benchmark('analog'); print('analognasbench' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
