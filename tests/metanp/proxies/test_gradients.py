"""Proxies of one backward pass, worked by hand on a linear layer, and grasp against the whole Hessian.

Scores of the linear network are equal for both classes, so that the loss's gradient there is -1/4 at an image's class
and +1/4 at the other. At the weight it is [-1/4, 1/2] and [1/4, -1/2].
"""

import math

import pytest
import torch
from torch.nn import functional

from metanp.proxies import fisher, grad_norm, grasp, l2_norm, params, plain, snip, synflow
from tests.small_networks import IMAGES, LABELS, convolutional, linear


def test_grad_norm_is_the_norm_of_the_gradient():
    assert grad_norm(linear(), (IMAGES, LABELS)) == pytest.approx(math.sqrt(2 * (0.25**2 + 0.5**2)))


def test_snip_multiplies_weights_and_gradients_without_their_sign_and_plain_with_it():
    assert snip(linear(), (IMAGES, LABELS)) == pytest.approx(2 * 0.25 + 3 * 0.5 + 2 * 0.25 + 3 * 0.5)
    assert plain(linear(), (IMAGES, LABELS)) == pytest.approx(-0.5 + 1.5 + 0.5 - 1.5)


def test_fisher_is_half_the_squared_flow_of_each_channel_once_for_each_of_its_weights():
    # scores are (2, 2) and (6, 6), their gradients -1/4 and 1/4: flows of 1/2 and 3/2 in either channel
    assert fisher(linear(), (IMAGES, LABELS)) == pytest.approx(2 * 2 * (0.5**2 + 1.5**2) / 2 / 2)


def test_fisher_sums_a_channel_over_its_pixels_before_it_squares():
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1, bias=False), *linear())
    with torch.no_grad():
        network[0].weight.fill_(1)
    # the gradients at the pixels are the sum over classes, 0: only the linear layer's flows are left
    assert fisher(network, (IMAGES, LABELS)) == pytest.approx(fisher(linear(), (IMAGES, LABELS)))
    with torch.no_grad():
        network[2].weight.copy_(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
    # scores (1, -1) and (2, -2); gradients at pixels are (p - 1 at the class, p at the other) / 2 times weights
    one, two = 1 / (1 + math.exp(2)), 1 / (1 + math.exp(-4))
    first, second = -one, two  # gradient at both pixels of each image: (p0 - y0) / 2 * 1 + (p1 - y1) / 2 * -1
    flows = (first * 1, second * 2)
    scores = [(-one / 2 * 1, one / 2 * -1), (two / 2 * 2, -two / 2 * -2)]
    expected = sum(f**2 for f in flows) / 2 / 2 + 2 * sum(f**2 for pair in scores for f in pair) / 2 / 2
    assert fisher(network, (IMAGES, LABELS)) == pytest.approx(expected)


def test_norms_of_several_layers_are_added_up():
    network = convolutional()
    weights = [network[0].weight, network[4].weight, network[8].weight]
    assert l2_norm(network) == pytest.approx(sum(float(weight.detach().norm()) for weight in weights))
    assert params(network) == (3 * 6 * 9 + 6 + 2 * 6 + 6 * 5 + 5 + 5 * 4 + 4) / 1e6


def test_grasp_is_minus_the_weight_times_hessian_times_gradient():
    weight = torch.tensor([[0.3, -1.0], [2.0, 0.5]])

    def loss(w: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(IMAGES.flatten(1) @ w.T, LABELS)

    hessian = torch.autograd.functional.hessian(loss, weight).reshape(4, 4)
    gradient = torch.autograd.functional.jacobian(loss, weight).flatten()
    expected = -float(weight.flatten() @ hessian @ gradient)
    assert abs(expected) > 0.01
    assert grasp(linear(weight.tolist()), (IMAGES, LABELS)) == pytest.approx(expected, rel=1e-5)


def test_synflow_is_the_logarithm_of_what_ones_get_through_positive_weights():
    assert synflow(linear(), (IMAGES, LABELS)) == pytest.approx(math.log(10))
    assert synflow(linear([[-2.0, 3.0], [2.0, -3.0]]), (IMAGES, LABELS)) == pytest.approx(math.log(10))


def test_synflow_passes_batch_normalisation_by():
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1, bias=False), torch.nn.BatchNorm2d(1), *linear())
    with torch.no_grad():
        network[0].weight.fill_(-4)
        network[1].weight.fill_(100)
    # 10 units get through the linear layer of what the first, 4, lets through; both layers' weights count
    assert synflow(network, (IMAGES, LABELS)) == pytest.approx(math.log(2 * 4 * 10))


def test_synflow_of_a_network_that_lets_nothing_through_is_refused():
    with pytest.raises(ValueError, match="no path carries anything"):
        synflow(linear([[0.0, 0.0]]), (IMAGES, torch.zeros(2, dtype=torch.int64)))
