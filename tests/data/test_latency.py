"""Latency on 27 devices: in the order of cells, fewer is better, four devices known from another source."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark


@pytest.fixture(scope="module")
def table(more):
    return load_benchmark("latency")


def test_every_cell_on_every_device(table):
    assert len(table) == 15_625
    assert len(table.metrics) == 27
    assert all(np.isfinite(runs).all() and (runs > 0).all() for runs in table.scores.values())
    assert not any(metric.maximize for metric in table.metrics.values())


def test_known_latencies(table):
    assert table.ids[0].startswith("|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|")
    assert table.mean("1080ti_1_latency")[[0, 1, 15_624]] == pytest.approx([10.75437, 12.90035, 12.48024], abs=1e-5)
    slowest = table.ids[int(table.mean("fpga_latency").argmax())]
    assert slowest.count("nor_conv_3x3") == 6


@pytest.mark.parametrize("device", ["fpga", "eyeriss", "pixel3", "raspi4"])
def test_devices_of_hw_nas_bench_are_the_same_here(table, device):
    other = load_benchmark("nasbench201").mean(f"{device}_latency")
    np.testing.assert_allclose(table.mean(f"{device}_latency"), other, atol=1e-5)


def test_more_parameters_take_longer(table):
    parameters = load_benchmark("nasbench201").features["cifar10_parameters"]
    rank = spearmanr(table.mean("silver_4210r_latency"), parameters).statistic
    assert rank == pytest.approx(0.982, abs=1e-3)
