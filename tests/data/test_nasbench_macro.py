"""NAS-Bench-Macro: three test runs of 6,561 chains."""

import json

import numpy as np
import pytest

from data import load_benchmark
from data.fetch import fetch, manifest


@pytest.fixture(scope="module")
def table(mirror):
    return load_benchmark("nasbench_macro")


def test_three_test_runs_of_each_chain(table):
    assert table.values("cifar10_test_accuracy").shape == (6_561, 3)
    assert table.metrics["cifar10_test_accuracy"].split == "test"


def test_known_means(table):
    mean = table.mean("cifar10_test_accuracy")
    assert (mean.max(), mean.min()) == pytest.approx((93.1267, 45.3633), abs=1e-4)
    assert mean[table.ids.index("02012100")] == pytest.approx(89.1967, abs=1e-4)


def test_our_means_are_the_files_own(table):
    records = json.loads(fetch(manifest()["nas-bench-macro_cifar10.json"]).read_text())
    np.testing.assert_allclose(
        table.mean("cifar10_test_accuracy"), [records[text]["mean_acc"] for text in table.ids], atol=1e-4
    )


def test_a_chain_of_skips_has_fewest_parameters_and_one_of_digit_2_most(table):
    parameters = table.features["cifar10_parameters"]
    assert table.ids[int(parameters.argmin())] == "0" * 8
    assert table.ids[int(parameters.argmax())] == "2" * 8
    assert parameters[table.ids.index("02012100")] == pytest.approx(0.890666)


def test_digits_become_blocks(table):
    cell = table.cells[[table.ids.index("02012100")]].to_cells()[0]
    names = ("skip", "mbconv3x3_e3", "mbconv5x5_e6")
    assert cell.operations[1:-1] == tuple(names[int(digit)] for digit in "02012100")
