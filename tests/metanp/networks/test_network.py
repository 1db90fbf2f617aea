"""Networks of any skeleton: seeds, shapes, own operations, and what is refused."""

import pytest
import torch
from torch import nn

from metanp import Cell
from metanp.networks import NASBench201, cost, network
from metanp.operations import Operation

CELL = Cell.from_nasbench201("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|nor_conv_1x1~2|")


def test_a_seed_means_one_network_and_leaves_the_global_generator_alone():
    torch.manual_seed(1)
    state = torch.get_rng_state()
    a, b, c = (network(CELL, "small", rng=seed).state_dict() for seed in (5, 5, 6))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not torch.equal(a["body.0.weight"], c["body.0.weight"])
    assert not torch.equal(*(network(CELL, "small").state_dict()["body.0.weight"] for _ in range(2)))


def test_scores_have_one_column_a_class_and_images_any_number_of_channels():
    net = network(CELL, "small", classes=7, image_channels=1)
    assert net(torch.zeros(3, 1, 16, 16)).shape == (3, 7)


def test_an_operation_of_ones_own_is_an_entry_of_the_table():
    own = Cell(["input", "custom1", "output"], [(0, 1), (1, 2)])
    with pytest.raises(ValueError, match=r"'custom1' has no module here; .*modules="):
        network(own, "small")
    skeleton = NASBench201(cells=1, modules={"custom1": lambda operation, place: nn.PReLU(place.inputs)})
    assert sum(isinstance(module, nn.PReLU) for module in network(own, skeleton).modules()) == 3


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((2, 3, 18, 16), "18x16 pixels; this skeleton takes multiples of 8"),
        ((2, 1, 16, 16), "1 channels for a network of 3; build it with image_channels=1"),
        ((3, 16, 16), r"images of shape \(3, 16, 16\)"),
        ((1, 3, 16, 16), "a batch of one image in training"),
    ],
)
def test_images_that_do_not_fit_are_named(shape, said):
    with pytest.raises(ValueError, match=said):
        network(CELL, "small")(torch.zeros(shape))


def test_one_image_alone_has_scores_in_evaluation():
    assert network(CELL, "small").eval()(torch.zeros(1, 3, 16, 16)).shape == (1, 10)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="no skeleton 'nasbench20'; nearest: nasbench201"):
        network(CELL, "nasbench20")
    with pytest.raises(ValueError, match="repeats a Cell, not a str"):
        network("|nor_conv_3x3~0|", "nasbench201")
    with pytest.raises(ValueError, match="classes is 0; give 1 or more"):
        network(CELL, "small", classes=0)


def test_a_described_operation_has_a_module_by_its_kind_and_what_no_module_reads_is_refused():
    words = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])
    kind = Operation("mine", kind="convolution", kernel_size=3)
    wide = Operation("wide", kind="convolution", kernel_size=3, width=96)
    own, other = (Cell(["input", one, "output"], [(0, 1), (1, 2)]) for one in (kind, wide))
    costs = [cost(network(cell, "small"), (3, 16, 16), runs=0) for cell in (own, words)]
    assert costs[0].parameters == costs[1].parameters
    assert costs[0].flops == costs[1].flops
    with pytest.raises(ValueError, match=r"'wide' says width.*modules="):
        network(other, "small")
