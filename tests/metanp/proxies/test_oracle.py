"""Our proxies against those that NAS-Bench-Suite-Zero published, cell by cell, on real images.

The whole comparison is `python -m scripts.proxy_oracle`.
"""

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark
from metanp.networks import network
from metanp.proxies import flops, measure, params
from metanp.proxies.image_file import draw_batch

CELLS = 12
ALIKE = {  # Spearman's correlation with theirs over so few cells; weights and images are others
    "synflow": 0.98,
    "zen": 0.95,
    "l2_norm": 0.85,
    "grad_norm": 0.85,
    "snip": 0.85,
    "fisher": 0.85,
    "nwot": 0.9,
    "jacov": 0.75,
}


@pytest.fixture(scope="module")
def cells(mirror):
    table = load_benchmark("nasbench201")
    theirs = {name: table.features[f"cifar10_{name}"] for name in (*ALIKE, "params", "flops")}
    drawn = np.random.default_rng(0).choice(np.flatnonzero(np.isfinite(theirs["params"])), CELLS, replace=False)
    return table.cells[drawn].to_cells(), {name: values[drawn] for name, values in theirs.items()}


@pytest.fixture(scope="module")
def batch(mirror):
    path = mirror.parent / "more" / "images" / "cifar10_lossless_4k.npz"
    if not path.is_file():
        pytest.skip(f"no CIFAR-10 images: {path} is absent")
    with np.load(path) as file:
        x, y = file["x"][:500].transpose(0, 3, 1, 2) / 255.0, file["y"][:500]
    return draw_batch((x - x.mean((0, 2, 3), keepdims=True)) / x.std((0, 2, 3), keepdims=True), y, 32)


def test_parameters_and_flops_are_equal_to_the_last_digit(cells, batch):
    for place, cell in enumerate(cells[0]):
        built = network(cell, "nasbench201", prune=False, rng=0)
        assert params(built) == pytest.approx(cells[1]["params"][place], abs=1e-9)
        assert flops(built, batch) == pytest.approx(cells[1]["flops"][place], abs=1e-9)


def test_cells_are_ordered_as_the_published_values_order_them(cells, batch):
    measured = [measure(network(c, "nasbench201", prune=False, rng=0), batch, list(ALIKE)).values for c in cells[0]]
    for name, least in ALIKE.items():
        found = spearmanr([one[name] for one in measured], cells[1][name]).statistic
        assert found > least, (name, found)
