"""Once-for-all networks: active blocks alone, repeated measurements as runs, known accuracies."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark
from data.ofa import cell, network, write

ACCURACY = "imagenet_supernet_accuracy"
ROW = {"ks": "3 5 7 7 5 3 7 7", "e": "3 4 6 6 6 3 6 6", "d": "2 1", "r": "224"}


@pytest.fixture(scope="module")
def table(more):
    return load_benchmark("ofa")


def test_blocks_that_are_not_active_are_left_out():
    one = network(ROW)
    assert write(one) == "3x3 4x5|6x5@224"
    parameters = dict(cell(one).parameters)
    assert (parameters["0.1.kernel_size"], parameters["1.0.expansion"], parameters["1.depth"]) == (5, 6, 1)
    assert parameters["resolution"] == 224
    other = {**ROW, "ks": "3 5 3 3 5 3 3 3"}  # of inactive blocks
    assert cell(network(other)) == cell(one)


def test_active_blocks_alone_say_the_same_network():
    active = {"ks": "3 5 5", "e": "3 4 6", "d": "2 1", "r": "224"}
    assert network(active) == network(ROW)


def test_thresholds_of_exits_tell_networks_apart():
    with_exits = network({**ROW, "t": "0.2 1"})
    assert write(with_exits) == "3x3 4x5|6x5@224 t=0.2,1"
    assert cell(with_exits).key != cell(network(ROW)).key


def test_numbers_that_do_not_fit_the_depths_are_refused():
    with pytest.raises(ValueError, match=r"depths \[2, 1\], but 2 kernel sizes and 8 expansions"):
        network({**ROW, "ks": "3 5"})


def test_repeated_measurements_are_runs(table):
    runs = table.values(ACCURACY)
    assert runs.shape == (2162, 4)
    assert np.isfinite(runs).sum() == 2373  # rows of the file
    assert np.nanmax(np.nanmax(runs, 1) - np.nanmin(runs, 1)) < 0.1
    assert len({cell.key for cell in table.cells}) == 2162


def test_known_accuracies(table):
    assert table.values(ACCURACY)[0, 0] == 75.448  # the first line of the file
    assert table.ids[0].startswith("4x5 3x7|4x3 6x3 3x3|4x5")
    assert table.features["imagenet_parameters"][0] == pytest.approx(5.029656)
    mean = table.mean(ACCURACY)
    assert mean.max() == pytest.approx(77.466)
    assert table.ids[int(mean.argmax())] == (
        "6x7 6x5 4x5 6x7|6x7 6x7 6x7 3x7|6x7 6x7 6x5 4x3|6x5 6x5 4x7 4x5|6x7 6x7 6x7 6x3@224"
    )


def test_larger_networks_are_better(table):
    rank = spearmanr(table.features["imagenet_parameters"], table.mean(ACCURACY)).statistic
    assert rank == pytest.approx(0.947, abs=1e-3)


@pytest.mark.parametrize(
    ("dataset", "rows", "best", "depth"),
    [
        ("cifar10", 316, 71.26, 0.481),
        ("cifar100", 331, 42.42, 0.526),
        ("cinic10", 321, 63.9556, 0.433),
        ("svhn", 355, 89.5714, 0.508),
    ],
)
def test_small_images_after_five_epochs(more, dataset, rows, best, depth):
    table = load_benchmark(f"ofa_{dataset}")
    accuracy = table.mean(f"{dataset}_validation_accuracy_5")
    assert len(table) == rows == len({cell.key for cell in table.cells})
    assert accuracy.max() == pytest.approx(best, abs=1e-4)
    blocks = [len(cell) - 2 for cell in table.cells]
    assert spearmanr(blocks, accuracy).statistic == pytest.approx(depth, abs=1e-3)
    assert all("@32 t=" in text for text in table.ids)
