"""The network of the 64 subgraphs, by arithmetic and written out; and their names."""

import pytest
import torch
from torch import nn

from metanp.networks import Subgraphs, network
from metanp.spaces import SPACES

SPACE = SPACES["subgraphs"]


def test_a_subgraph_has_the_parameters_that_one_counts_by_hand():
    """16 channels, 4 cells, child 123: stem 27 x 48, 48 x 48 x 9 and twice 2 x 48; cells of 48 or 32 channels to 16,
    a separable 3x3 is twice 16 x 9 + 16 x 16, a 5x5 one twice 16 x 25 + 16 x 16; head 32 x 10 + 10."""
    by_hand = 27 * 48 + 48 * 48 * 9 + 4 * 48 + (48 + 3 * 32) * 16 + 4 * 2 * (16 * 34 + 2 * 256) + 330
    net = network(SPACE.parse_text("123"), "subgraphs")
    assert sum(p.numel() for p in net.parameters()) == by_hand
    layers = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    assert {layer.momentum for layer in layers} == {0.4}
    assert [layer.affine for layer in layers] == [True] * 2 + [False] * (len(layers) - 2)


def test_a_cell_puts_its_two_states_side_by_side():
    net = network(SPACE.parse_text("124"), Subgraphs(channels=4, cells=1), rng=0).eval()
    x = net.body[:5](torch.randn(2, 3, 8, 8))
    cell = net.body[5]
    start = cell.before(x)
    first = nn.functional.max_pool2d(start, 3, 1, 1)
    second = cell.edges[1](start) + cell.edges[2](first)
    torch.testing.assert_close(cell(x), torch.cat([first, second], 1))


def test_digits_are_counted_up_and_name_operations_of_three_edges():
    assert [SPACE.write_text(SPACE[i]) for i in (0, 1, 4, 63)] == ["111", "112", "121", "444"]
    assert SPACE.parse_text("123").operations[1:-1] == ("maxpool3x3", "sepconv3x3", "sepconv5x5")
    assert len({cell.key for cell in SPACE.enumerate()}) == 64
    with pytest.raises(ValueError, match="not one of the 64 subgraphs: '125'; expected three digits"):
        SPACE.parse_text("125")
