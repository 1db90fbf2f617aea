"""NAS-Bench-101's sample: graphs matched by md5 against the table that others derived, and known numbers."""

import gzip
from csv import DictReader

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.spaces.nasbench101 import LETTERS, graph_hash


@pytest.fixture(scope="module")
def table(mirror):
    return load_benchmark("nasbench101")


@pytest.fixture(scope="module")
def oracle(mirror):
    """The derived table of the same rows, graphs written out: hash -> row."""
    path = mirror.parent / "derived" / "nb101_with_specs.csv.gz"
    if not path.is_file():
        pytest.skip(f"no derived table {path}")
    with gzip.open(path, "rt", newline="") as file:
        return {row["hash"]: row for row in DictReader(file)}


def cell_of(row):
    n = int(row["n_vertices"])
    edges = [
        pair
        for pair, bit in zip(
            np.argwhere(np.triu(np.ones((n, n)), 1)).tolist(), row["adj_upper_tri_rowmajor"], strict=True
        )
        if bit == "1"
    ]
    return Cell(["input", *(LETTERS[letter] for letter in row["ops_interior"]), "output"], edges)


def test_every_graph_is_the_one_of_its_hash(table, oracle):
    theirs = CellArray.from_cells([cell_of(oracle[key]) for key in table.ids])
    np.testing.assert_array_equal(table.cells.pruned().fingerprint(), theirs.pruned().fingerprint())
    for i in range(0, len(table), 3_000):
        assert graph_hash(table.cells[[i]].to_cells()[0]) == table.ids[i]


def test_every_number_is_the_one_of_its_hash(table, oracle):
    rows = [oracle[key] for key in table.ids]
    for epochs in (4, 12, 36, 108):
        theirs = np.array([100 * float(row[f"val{epochs}"]) for row in rows])
        np.testing.assert_allclose(table.mean(f"cifar10_validation_accuracy_{epochs}"), theirs, rtol=1e-12)
    np.testing.assert_allclose(table.mean("cifar10_train_time_108"), [float(row["train_time_s"]) for row in rows])
    np.testing.assert_allclose(table.features["cifar10_parameters"], [int(row["params"]) / 1e6 for row in rows])


def test_known_numbers(table):
    final = table.mean("cifar10_validation_accuracy_108")
    first = table.ids.index("00005c142e6f48ac74fdcf73e3439874")
    assert len(table) == len(set(table.ids)) == 30_001
    assert final.max() == pytest.approx(94.9119, abs=1e-4)
    assert final[first] == pytest.approx(93.0489, abs=1e-4)
    assert table.features["cifar10_parameters"][first] == pytest.approx(8.55553)
    assert np.bincount(table.cells.size).tolist() == [0, 0, 1, 1, 10, 183, 4_432, 25_374]


def test_trainings_that_never_learned_stay_as_numbers(table):
    final = table.values("cifar10_validation_accuracy_108")
    assert (final < 20).sum() == 34
    assert np.isfinite(final).all()


@pytest.mark.parametrize(("epochs", "rank"), [(4, 0.4514), (12, 0.6178), (36, 0.8789)])
def test_short_trainings_rank_long_ones(table, epochs, rank):
    early, late = (table.mean(f"cifar10_validation_accuracy_{e}") for e in (epochs, 108))
    assert spearmanr(early, late).statistic == pytest.approx(rank, abs=1e-4)


def test_there_is_no_test_accuracy(table):
    assert {metric.split for metric in table.metrics.values()} == {"validation", "train"}
