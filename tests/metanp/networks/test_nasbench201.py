"""The skeleton of NAS-Bench-201: parameters and FLOPs as published, to the last one."""

import numpy as np
import pytest
import torch
from torch import nn

from metanp import Cell
from metanp.networks import NASBench201, cost, network
from metanp.spaces import SPACES

SPACE = SPACES["nasbench201"]
CELLS = [SPACE[int(i)] for i in np.random.default_rng(0).integers(len(SPACE), size=12)]
BEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"


def counts(cell: Cell) -> tuple[int, int, int]:
    """1x1 convolutions, 3x3 convolutions and pools of a cell as it is written."""
    one, three, pool = (cell.operations.count(name) for name in ("conv1x1", "conv3x3", "avgpool3x3"))
    return one, three, pool


def images(n: int = 2, side: int = 32) -> torch.Tensor:
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("cell", CELLS, ids=SPACE.write_text)
def test_parameters_and_flops_are_those_of_the_benchmark(cell):
    one, three, _ = counts(cell)
    found = cost(network(cell, "nasbench201", prune=False), (3, 32, 32), runs=0)
    assert found.parameters == 73_306 + 28_000 * one + 243_040 * three
    assert found.flops == 2 * (7_783_040 + 3_932_160 * one + 35_389_440 * three)


def test_the_flops_of_the_proxy_table_are_those_of_convolutions_and_elementwise_work(mirror):
    """That table counts a multiplication and addition as one, and elementwise layers too: a number for ReLU, two for
    batch normalisation, nine for a 3x3 mean. 1,088 that every cell has alike are of the stem or the head."""
    from data import load_benchmark

    table = load_benchmark("nasbench201")
    published = table.features.get("cifar10_flops")
    if published is None:
        pytest.skip(f"the table has no proxies: {table.missing}")
    rows = [int(i) for i in np.flatnonzero(np.isfinite(published))[::1500]]
    assert len(rows) > 3
    for row in rows:
        cell = table.cells[row]
        net = network(cell, "nasbench201", prune=False)
        assert cost(net, (3, 32, 32), runs=0).flops // 2 + elementwise(net) + 1_088 == round(1e6 * published[row])


def elementwise(net: nn.Module) -> int:
    """Operations of one image in layers that PyTorch's counter leaves out."""
    total = 0

    def add(module: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.BatchNorm2d):
            total += 2 * output.numel()
        elif isinstance(module, nn.ReLU):
            total += output.numel()
        elif isinstance(module, nn.AvgPool2d):
            size = module.kernel_size
            assert isinstance(size, int)
            total += size**2 * output.numel()
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            total += inputs[0].numel()

    for module in net.modules():
        module.register_forward_hook(add)
    net.eval()(torch.zeros(1, 3, 32, 32))
    return total


def test_a_cell_is_computed_as_the_benchmark_says():
    """One cell written out: state 1 = conv(x), state 2 = x, state 3 = pool(state 1) + state 2."""
    cell = Cell.from_nasbench201("|nor_conv_1x1~0|+|skip_connect~0|none~1|+|none~0|avg_pool_3x3~1|skip_connect~2|")
    net = network(cell, NASBench201(cells=1, stages=1), rng=0).eval()
    stem, normalised, body = net.body
    x = normalised(stem(images()))
    convolution = next(node for node in body.nodes if isinstance(node, nn.Sequential))
    state = nn.functional.conv2d(x.relu(), convolution[1].weight) / (1 + 1e-5) ** 0.5
    # the mean over the pixels of the window that lie inside the image
    inside = nn.functional.conv2d(torch.ones_like(state[:, :1]), torch.ones(1, 1, 3, 3), padding=1)
    window = nn.functional.conv2d(state, torch.ones(16, 1, 3, 3), padding=1, groups=16)
    torch.testing.assert_close(body(x), window / inside + x)


def test_pruning_changes_nothing_that_the_input_reaches():
    """An operation on a dead end is left out: the same weights elsewhere give the same scores."""
    cell = Cell.from_nasbench201("|nor_conv_3x3~0|+|skip_connect~0|none~1|+|none~0|none~1|nor_conv_1x1~2|")
    whole, pruned = (network(cell, "small", prune=prune, rng=0).eval() for prune in (False, True))
    assert len(list(whole.parameters())) > len(list(pruned.parameters()))
    for mine, theirs in zip(pruned.body, whole.body, strict=True):
        if not hasattr(mine, "nodes"):
            mine.load_state_dict(theirs.state_dict())
            continue
        ours, same = ([m for m in nodes if isinstance(m, nn.Sequential)] for nodes in (mine.nodes, theirs.nodes))
        ours[0].load_state_dict(same[1].state_dict())
    pruned.head.load_state_dict(whole.head.state_dict())
    torch.testing.assert_close(pruned(images(side=16)), whole(images(side=16)))


def test_isomorphic_cells_make_the_same_network():
    one = Cell.from_nasbench201("|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|none~0|none~1|skip_connect~2|")
    other = Cell.from_nasbench201("|nor_conv_1x1~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|")
    assert one.key != other.key
    twin = Cell(["output", "skip", "conv1x1", "conv3x3", "input"], [(4, 3), (3, 2), (2, 1), (1, 0)])
    assert one.key == twin.key
    a, b, c = (network(cell, "small", rng=3).eval()(images(side=16)) for cell in (one, twin, other))
    assert torch.equal(a, b)
    assert not torch.allclose(a, c)


def test_cells_that_carry_nothing_make_networks_that_train():
    dead = Cell.from_nasbench201("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    for prune in (True, False):
        net = network(dead, "small", prune=prune, rng=0)
        scores = net(images(4, 16))
        torch.testing.assert_close(scores, scores[:1].expand(4, -1))
        scores.sum().backward()


def test_an_unpruned_cell_may_number_its_nodes_in_any_order():
    written = Cell(["output", "conv3x3", "conv1x1", "input", "skip"], [(3, 2), (2, 1), (1, 0), (3, 4)])
    net = network(written, NASBench201(cells=1, stages=1), prune=False, rng=0).eval()
    by_kind = {
        type(node).__name__ if len(list(node.children())) == 0 else node[1].kernel_size: node
        for node in net.body[2].nodes
    }
    x = net.body[:2](images())
    torch.testing.assert_close(net.body[2](x), by_kind[(3, 3)](by_kind[(1, 1)](x)))
