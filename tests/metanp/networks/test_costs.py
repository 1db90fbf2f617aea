"""Parameters, FLOPs, activations and latency of networks."""

import math

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from metanp import Cell
from metanp.networks import cost, network

CELL = Cell.from_nasbench201("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|nor_conv_1x1~2|")


def test_a_convolution_and_a_linear_layer_by_hand():
    net = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.Flatten(), nn.Linear(4 * 6 * 6, 5))
    found = cost(net, (3, 8, 8), runs=0)
    assert found.parameters == 4 * 27 + 144 * 5 + 5
    assert found.flops == 2 * (4 * 27 * 36 + 144 * 5)
    assert found.activations == 4 * 36 + 5
    assert math.isnan(found.latency)


def test_flops_are_those_of_the_counter_of_pytorch():
    net = network(CELL, "nasbench201", rng=0)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net.eval()(torch.zeros(1, 3, 32, 32))
    assert cost(net, (3, 32, 32), runs=0).flops == counter.get_total_flops()


class Twice(nn.Module):
    """Two equal convolutions, the first one's output made a vector in place."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 2, 1, bias=False), nn.Conv2d(2, 2, 1, bias=False)

    def forward(self, images):
        flat = self.first(images).unsqueeze_(0)
        return self.second(images) + flat.squeeze(0)


def test_equal_operations_count_each_time_whatever_became_of_the_first_ones_output():
    found = cost(Twice(), (2, 4, 4), runs=0)
    assert found.flops == 2 * 2 * (2 * 2 * 16)
    assert found.activations == 2 * (2 * 16)
    half = nn.Sequential(nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1).double())
    with pytest.raises(RuntimeError, match="type"):
        cost(half, (2, 4, 4), runs=0)


def test_attention_is_counted_as_the_counter_of_pytorch_counts_it():
    net = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net.train()(torch.zeros(1, 5, 16))
    assert cost(net, (5, 16), runs=0).flops == counter.get_total_flops()


def test_a_network_is_as_it_was_afterwards():
    net = network(CELL, "small", rng=0)
    net.head.eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    assert cost(net, (3, 16, 16), batch=4, runs=2).latency > 0
    assert net.training
    assert not net.head.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_frozen_weights_are_no_parameters():
    net = nn.Linear(3, 2)
    net.bias.requires_grad_(False)
    assert cost(net, (3,), runs=0).parameters == 6


def test_a_shape_that_the_network_refuses_is_named():
    with pytest.raises(ValueError, match="18x16 pixels"):
        cost(network(CELL, "small"), (3, 18, 16))
