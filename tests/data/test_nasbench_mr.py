"""NAS-Bench-MR: 27 integers of each network, known scores, and what size explains."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark
from data.nasbench_mr import cell, code


@pytest.fixture(scope="module")
def table(mirror):
    return load_benchmark("nasbench_mr")


def row(**changes):
    """The smallest network of the file's form."""
    names = ["in0", "in1"]
    for stage in range(1, 5):
        names += [f"b{stage}_blocks", *(f"b{stage}_{what}{i}" for what in ("units", "ch") for i in range(stage))]
    return {**dict.fromkeys([*names, "last_ch"], "1"), **changes}


def test_a_network_is_27_integers_with_readable_names():
    network = code(row(b3_ch1="96", last_ch="64"))
    assert len(network) == 27
    parameters = dict(cell(network).parameters)
    assert len(parameters) == 27
    assert (parameters["stage3_width.1"], parameters["last_width"]) == (96, 64)


def test_2507_distinct_networks(table):
    assert len(table) == 2_507 == len({cell.key for cell in table.cells.to_cells()})


def test_known_scores(table):
    accuracy, miou = table.mean("imagenet50_accuracy"), table.mean("cityscapes_miou")
    assert (accuracy.min(), accuracy.max()) == pytest.approx((46.08, 86.16))
    assert (miou.min(), miou.max()) == pytest.approx((32.91, 79.1))
    assert (accuracy[5], miou[5]) == pytest.approx((82.44, 75.0))


def test_known_costs(table):
    assert table.features["parameters"][5] == pytest.approx(8.468034)
    assert table.features["flops"][5] == pytest.approx(2.908400082)


def test_larger_networks_segment_better(table):
    assert spearmanr(table.features["flops"], table.mean("cityscapes_miou")).statistic > 0.5
    assert np.isfinite(table.mean("cityscapes_accuracy")).all()
