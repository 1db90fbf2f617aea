"""A thousand trained DARTS cells: known accuracies, failures, and what they agree with."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark
from data.darts import parse

ACCURACY = "cifar10_validation_accuracy_200"


@pytest.fixture(scope="module")
def table(more):
    return load_benchmark("darts")


def test_a_node_adds_up_its_two_operations():
    cell = parse("sep_conv_3x3~0 skip_connect~1 max_pool_3x3~2 none~0")
    assert sorted(cell.names) == sorted(["input", "conv1x1", "conv1x1", "sepconv3x3", "skip", "maxpool3x3", "output"])
    pool = cell.names.index("maxpool3x3")
    assert {cell.names[u] for u, v in cell.edges if v == pool} == {"sepconv3x3", "skip"}


@pytest.mark.parametrize("text", ["sep_conv_3x3 skip_connect~1", "sep_conv_3x3~x skip_connect~1"])
def test_a_pair_without_an_input_is_named(text):
    with pytest.raises(ValueError, match=r"'sep_conv_3x3.*is no operation~input"):
        parse(text)


def test_two_of_a_thousand_runs_failed(table):
    assert len(table) == 1000 == len({cell.key for cell in table.cells})
    failed = np.flatnonzero(np.isnan(table.mean(ACCURACY)))
    assert len(failed) == 2
    assert all(table.ids[i].startswith("none~0 none~1") for i in failed)  # the first node has nothing to add up


def test_known_accuracies(table):
    accuracy = table.mean(ACCURACY)
    assert accuracy[:3] == pytest.approx([85.00, 85.24, 81.29])  # the first three lines of the file
    assert table.ids[1].startswith("sep_conv_5x5~0 sep_conv_3x3~0 avg_pool_3x3~2 sep_conv_3x3~0")
    best = int(np.nanargmax(accuracy))
    assert accuracy[best] == pytest.approx(86.61)
    assert table.ids[best].startswith("sep_conv_5x5~0 none~1 sep_conv_5x5~1 sep_conv_5x5~0")


def test_separable_convolutions_help_and_pooling_hurts(table):
    accuracy = table.mean(ACCURACY)
    for name, rank in (("sep_conv", 0.711), ("pool", -0.385)):
        counts = [text.count(name) for text in table.ids]
        assert spearmanr(counts, accuracy, nan_policy="omit").statistic == pytest.approx(rank, abs=1e-3)
