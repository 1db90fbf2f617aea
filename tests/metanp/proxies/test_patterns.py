"""Proxies of activations: nwot and SWAP, counted by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from metanp.proxies import nwot, saturation, size_factor, swap, swap_standard
from metanp.proxies.patterns import sample_wise, standard
from tests.small_networks import colour, convolutional, gated

LABELS = torch.tensor([0, 1, 0])


def pixels(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows).reshape(len(rows), 1, 1, -1)


def test_nwot_is_the_log_determinant_of_how_often_images_agree():
    # switched on: both, the first, none; so they agree on [[2, 1, 0], [1, 2, 1], [0, 1, 2]], of determinant 4
    images = pixels([1.0, 1.0], [1.0, -1.0], [-1.0, -1.0])
    assert nwot(gated(), (images, LABELS)) == pytest.approx(math.log(4))


def test_nwot_of_two_images_with_the_same_pattern_is_refused():
    with pytest.raises(ValueError, match="switch every ReLU alike"):
        nwot(gated(), (pixels([1.0, 1.0], [2.0, 3.0], [-1.0, -1.0]), LABELS))


@pytest.mark.parametrize("activation", [nn.GELU, nn.SiLU, nn.Tanh])
def test_nwot_of_a_network_without_relu_is_refused_and_told_what_reads_it(activation):
    with pytest.raises(ValueError, match=r"no ReLU.*swap and swap_standard read GELU and SiLU"):
        nwot(convolutional(activation), colour())


@pytest.mark.parametrize("activation", [nn.ReLU, nn.GELU, nn.SiLU])
def test_swap_counts_the_different_things_that_units_do(activation):
    # units by column: 110, 110, 001, 000, 110
    images = pixels([1.0, 2.0, -1.0, -1.0, 1.0], [1.0, 3.0, -2.0, -1.0, 1.0], [-1.0, -1.0, 5.0, -1.0, -1.0])
    assert swap(gated(5, activation), (images, LABELS)) == 3
    assert swap_standard(gated(5, activation), (images, LABELS)) == 2
    assert saturation(gated(5, activation), (images, LABELS)) == 3 / 5


def test_a_network_without_activations_has_no_patterns():
    with pytest.raises(ValueError, match="no activation module"):
        swap(convolutional(nn.Identity), colour())


@pytest.mark.parametrize("n", [2, 8, 9, 16, 32, 33, 64, 65, 100, 200])
def test_patterns_are_counted_as_a_set_counts_them(n):
    rng = np.random.default_rng(n)
    few = rng.random((n, 7)) < 0.5
    layers = [few[:, rng.integers(7, size=50)], rng.random((n, 300)) < 0.02, few]
    joined = np.concatenate(layers, axis=1)
    signs = [torch.as_tensor(layer) for layer in layers]
    assert sample_wise(signs) == len({column.tobytes() for column in joined.T})
    assert standard(signs) == len({row.tobytes() for row in joined})


def test_more_draws_are_the_mean_of_several():
    network, batch = convolutional(), colour()
    several = swap(network, batch, draws=4)
    assert several != swap(network, batch)
    assert (several * 4).is_integer()


def test_a_network_of_another_size_than_the_one_wanted_is_worth_less():
    network, batch = convolutional(), colour()
    thousands = sum(p.numel() for p in network.parameters()) / 1e3
    assert swap(network, batch, mu=thousands, sigma=0.1) == swap(network, batch)
    assert swap(network, batch, mu=thousands + 2, sigma=4) == pytest.approx(swap(network, batch) / math.e)
    assert size_factor(3, 1, 2) == pytest.approx(math.exp(-2))


def test_mu_without_sigma_and_a_sigma_of_zero_are_refused():
    with pytest.raises(ValueError, match="give both"):
        swap(convolutional(), colour(), mu=1.0)
    with pytest.raises(ValueError, match="sigma is 0"):
        swap(convolutional(), colour(), mu=1.0, sigma=0)
