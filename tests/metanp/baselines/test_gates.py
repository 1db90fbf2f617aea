"""GATES: the flow of information through small cells by hand, its pairs and its loss, and real rows."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from data import load_benchmark
from metanp.baselines.gates import GATES, InformationFlow, pairs
from metanp.baselines.graph_inputs import written
from metanp.baselines.networks import repeatable
from metanp.cell import Cell
from metanp.metrics import kendall_tau
from metanp.operations import INDEX

CPU = torch.device("cpu")


def flow(layers: int, mixed: float = 1.0) -> InformationFlow:
    """One number flows: 4 at the input, times `mixed` along each edge, through gates that are half open."""
    net = InformationFlow(layers=layers, width=1, d_operation=1, d_hidden=1, hidden=0, dropout=0.0)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        net.start.fill_(4.0)
        for mix in net.mixes:
            mix.weight.fill_(mixed)
        net.readout[0].weight.fill_(1.0)
    return net


def chain(*inner: str) -> Cell:
    return Cell(["input", *inner, "output"], list(pairwise(range(len(inner) + 2))))


def arrives(net: InformationFlow, *cells: Cell) -> list[float]:
    inputs = written(list(cells))
    with torch.no_grad():
        return net(inputs.operations(), inputs.adjacency()).tolist()


# --- what flows ---------------------------------------------------------------------------------------------------


def test_each_node_halves_what_arrives_and_predecessors_add_up():
    two_paths = Cell(["input", "conv3x3", "maxpool3x3", "output"], [(0, 1), (0, 2), (1, 3), (2, 3)])
    past_it = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2), (0, 2)])
    # 4 / 2; 4 / 2 / 2; (2 + 2) / 2; (2 + 4) / 2
    assert arrives(flow(2), chain(), chain("conv3x3"), two_paths, past_it) == [2, 1, 2, 3]


def test_the_gate_is_the_sigmoid_of_a_number_of_the_operation_and_no_other_node_is_gated():
    net = flow(2)
    with torch.no_grad():
        net.operation.weight[0, INDEX["conv3x3"]] = np.log(3)  # odds of 3 to 1: three quarters open
        for gate in net.gates:
            gate.weight.fill_(1.0)
    assert arrives(net, chain("conv3x3"), chain("conv1x1")) == pytest.approx([4 * 0.75 / 2, 4 / 2 / 2])


def test_information_goes_one_edge_a_layer_and_is_never_negative():
    assert arrives(flow(2), chain("skip"), chain("skip", "skip")) == [1, 0]
    assert arrives(flow(3), chain("skip"), chain("skip", "skip")) == [1, 0.5]
    assert arrives(flow(2, mixed=-1.0), chain(), chain("skip")) == [0, 0]


def test_nothing_flows_against_an_edge_or_from_a_node_without_predecessors():
    side = Cell(["input", "conv3x3", "maxpool3x3", "output"], [(0, 3), (1, 3), (0, 2)])
    assert arrives(flow(3), side, chain()) == [2, 2]


def test_without_a_live_path_the_output_gets_what_it_gets_without_any_edge():
    with repeatable(0, CPU):
        net = InformationFlow(layers=5, width=16, d_operation=4, d_hidden=8, hidden=2, dropout=0.0)
        for mix in net.mixes:
            nn.init.zeros_(mix.bias)
    unreached = Cell(["input", "conv3x3", "conv1x1", "output"], [(0, 1), (2, 3)])
    nothing, none, other, live = arrives(net, Cell(["input", "output"], []), chain("none"), unreached, chain("skip"))
    assert nothing == none == other
    assert abs(live - nothing) > 1e-5


def test_none_hands_nothing_on_whatever_was_learned():
    with repeatable(0, CPU):
        net = GATES().build(None).eval()
    with_none = Cell(["input", "conv3x3", "none", "output"], [(0, 1), (1, 3), (0, 2), (2, 3), (1, 2)])
    without = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])
    first, second = arrives(net, with_none, without)
    assert first == pytest.approx(second, abs=1e-6)
    assert arrives(net, chain("none")) == pytest.approx(arrives(net, Cell(["input", "output"], [])), abs=1e-6)


# --- pairs and their loss -----------------------------------------------------------------------------------------


def test_few_cells_give_all_pairs_but_those_of_equals():
    better, worse = pairs(torch.tensor([3.0, 1.0, 2.0, 2.0]))
    found = sorted(zip(better.tolist(), worse.tolist(), strict=True))
    assert found == [(0, 1), (0, 2), (0, 3), (2, 1), (3, 1)]


def test_many_cells_give_four_different_pairs_each_the_better_first():
    with repeatable(0, CPU):
        value = torch.randperm(20).float()
        better, worse = pairs(value)
        again, _ = pairs(value)
    assert len(set(zip(better.tolist(), worse.tolist(), strict=True))) == len(better) == 80
    assert (value[better] > value[worse]).all()
    assert better.tolist() != again.tolist()


def loss(score: list[float], value: list[float]) -> float:
    return (
        GATES().loss(lambda given: given, [torch.tensor(score)], torch.tensor(value), torch.arange(len(value))).item()
    )


def test_the_loss_is_the_mean_over_pairs_of_a_hinge_a_tenth_wide():
    assert loss([1.0, 0.0], [90.0, 80.0]) == 0
    assert loss([0.0, 0.0], [90.0, 80.0]) == pytest.approx(0.1)
    # .1 - .05, .1 + .5 and .1 + .55
    assert loss([0.5, 0.45, 1.0], [3.0, 2.0, 1.0]) == pytest.approx((0.05 + 0.6 + 0.65) / 3)
    assert loss([0.5, 0.45], [1.0, 1.0]) == 0


# --- real rows ----------------------------------------------------------------------------------------------------


def test_fifty_trainings_of_nasbench201_rank_the_rest():
    table = load_benchmark("nasbench201")
    chosen = np.random.default_rng(0).permutation(len(table))[:1000]
    cells, accuracy = table.cells[chosen], table.mean("cifar10_validation_accuracy_200")[chosen]
    predicted = GATES().fit(cells[:50], accuracy[:50]).predict(cells[50:])
    assert kendall_tau(predicted, accuracy[50:]) > 0.55
