"""jacov and epe_nas, of Jacobians known beforehand, and zen of a convolution that multiplies by one number."""

import math

import pytest
import torch
from torch import nn

from metanp.proxies import epe_nas, jacov, jacov_classes, zen
from tests.small_networks import IMAGES, LABELS, gated, linear

SMALL = 1e-5


def spread(*eigenvalues: float) -> float:
    return -sum(math.log(v + SMALL) + 1 / (v + SMALL) for v in eigenvalues)


def test_images_with_one_jacobian_have_one_eigenvalue_that_is_not_zero():
    # a linear network answers every image with the same Jacobian
    network = linear([[1.0, 3.0], [2.0, 4.0]])
    assert jacov(network, (IMAGES, LABELS)) == pytest.approx(spread(2, 0), rel=1e-6)


def test_jacobians_that_go_together_less_are_worth_more():
    network = gated(units=3)
    with torch.no_grad():
        network[2].weight.copy_(torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]))
    # switched on: 100 and 010, whose correlation is -1/2
    images = torch.tensor([[1.0, -1.0, -1.0], [-1.0, 1.0, -1.0]]).reshape(2, 1, 1, 3)
    assert jacov(network, (images, LABELS)) == pytest.approx(spread(1.5, 0.5), rel=1e-4)
    assert epe_nas(network, (images, torch.tensor([1, 1]))) == pytest.approx(
        abs(2 * math.log(0.5 + SMALL) + 2 * math.log(1 + SMALL)), rel=1e-5
    )


def test_the_version_over_classes_tells_classes_apart():
    # the second class reads the pixels the other way round, which the sum over classes cannot see
    network = gated(units=3)
    with torch.no_grad():
        network[2].weight.copy_(torch.tensor([[1.0, 1.0, 1.0], [-1.0, -1.0, 0.5]]))
    images = torch.tensor([[1.0, -1.0, 1.0], [-1.0, 1.0, 1.0]]).reshape(2, 1, 1, 3)
    # over classes, rows are (1, 0, 1, -1, 0, .5) and (0, 1, 1, 0, -1, .5): covariance .625 of variances 2.875
    expected = 0.875 / 2.875
    found = jacov_classes(network, (images, LABELS))
    assert jacov(network, (images, LABELS)) == pytest.approx(spread(2, 0), rel=1e-6)
    assert found == pytest.approx(spread(1 + expected, 1 - expected), rel=1e-4)


def test_an_image_that_the_network_does_not_see_is_named():
    images = torch.tensor([[1.0, 2.0], [-1.0, -2.0]]).reshape(2, 1, 1, 2)
    with pytest.raises(ValueError, match="scores of image 1 have the same gradient"):
        jacov(gated(), (images, LABELS))


def test_classes_with_one_image_each_are_refused():
    with pytest.raises(ValueError, match="no class has two images"):
        epe_nas(linear([[1.0, 3.0], [2.0, 4.0]]), (IMAGES, LABELS))


def test_zen_is_how_far_noise_moves_the_features():
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 2))
    images = torch.zeros(3, 1, 4, 4)
    rng = torch.Generator().manual_seed(7)
    weight, _ = torch.randn(1, 1, 1, 1, generator=rng), torch.randn(2, 1, generator=rng)
    moved = 0.01 * float(weight.abs()) * torch.randn(2, 3, 1, 4, 4, generator=rng)[1].abs().flatten(1).sum(1).mean()
    assert zen(network, (images, torch.zeros(3)), rng=7) == pytest.approx(math.log(moved), rel=1e-3)


def test_zen_multiplies_the_scales_of_normalisation_back():
    network = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, momentum=1.0), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    plain = nn.Sequential(*(layer for layer in network if not isinstance(layer, nn.BatchNorm2d)))
    batch = torch.zeros(64, 3, 8, 8), torch.zeros(64)
    # normalisation divides each channel by its own scale, the score multiplies by the root of the mean square
    assert zen(network, batch) == pytest.approx(zen(plain, batch), abs=0.3)


def test_zen_needs_running_variances_and_a_mean_over_pixels():
    batch = torch.zeros(4, 3, 4, 4), torch.zeros(4)
    untracked = nn.Sequential(nn.BatchNorm2d(3, track_running_stats=False), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(ValueError, match="track_running_stats=True"):
        zen(untracked, batch)
    with pytest.raises(ValueError, match="AdaptiveAvgPool2d; there is none"):
        zen(nn.Sequential(nn.Conv2d(3, 4, 1), nn.Flatten()), batch)
