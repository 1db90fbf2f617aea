"""Values of NAS-Bench-301's surrogate: said to be so, two originals kept apart."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark
from data.nasbench301 import ACCURACY, PROXIES
from metanp.cell import Cell


@pytest.fixture(scope="module")
def table(more):
    return load_benchmark("nb301")


def test_the_only_metric_says_that_it_is_a_surrogates(table):
    assert list(table.metrics) == [ACCURACY]
    assert "surrogate" in ACCURACY
    assert table.metrics[ACCURACY].quantity == "surrogate accuracy"


def test_seven_genotypes_have_two_values(table):
    runs = table.values(ACCURACY)
    assert runs.shape == (1218, 2)
    assert np.isfinite(runs).sum() == 1225 == 500 + 725  # rows of the file
    assert len({cell.key for cell in table.cells}) == 1218


def test_known_values(table):
    first = (
        "[[[0, 4], [1, 3], [0, 2], [2, 3], [2, 3], [0, 3], [2, 6], [3, 5]], "
        "[[0, 3], [1, 3], [1, 1], [0, 5], [2, 3], [0, 2], [4, 4], [3, 1]]]"
    )
    row = table.ids.index(first)  # in both originals
    assert sorted(table.values(ACCURACY)[row]) == pytest.approx([93.9011, 93.9184])
    assert table.features["cifar10_flops"][row] == pytest.approx(202.774)
    assert table.features["cifar10_snip"][row] == pytest.approx(399.071)  # 381.233 in the other original
    best = int(table.mean(ACCURACY).argmax())
    assert table.mean(ACCURACY)[best] == pytest.approx(94.4889)
    assert table.ids[best].startswith("[[[1, 2], [0, 3], [2, 4], [1, 1]")


def test_proxies_are_of_one_original_and_sizes_of_both(table):
    assert all(np.isfinite(table.features[f"cifar10_{name}"]).sum() == 725 for name in PROXIES)
    assert np.isfinite(table.features["cifar10_parameters"]).all()


def test_cells_are_their_genotypes(table):
    assert Cell.from_darts(table.ids[17]) == table.cells[17]


def test_larger_networks_are_valued_higher(table):
    rank = spearmanr(table.features["cifar10_parameters"], table.mean(ACCURACY)).statistic
    assert rank == pytest.approx(0.517, abs=1e-3)
