"""Graph networks on cells of three nodes by hand, isomorphic cells, pairs of cells, and real rows of NAS-Bench-201."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from data import load_benchmark
from metanp.baselines.graph_inputs import pruned, written
from metanp.baselines.graph_networks import (
    BONAS,
    BRPNAS,
    GCN,
    Comparer,
    DirectedConvolution,
    GlobalNodeEmbedding,
    averaged,
    with_global_node,
)
from metanp.baselines.networks import repeatable
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.metrics import kendall_tau
from metanp.operations import INDEX, VOCABULARY
from metanp.spaces import get_space
from tests.catalogue import made

CPU = torch.device("cpu")
PATH = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])
EDGE = Cell(["input", "output"], [(0, 1)])
SPACE = get_space("nasbench201")


def two_rows(n: int) -> CellArray:
    """Cells of two parallel rows of two nodes each, their operations drawn at random."""
    edges = [(0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 5)]
    names = np.random.default_rng(3).choice(["conv1x1", "conv3x3", "maxpool3x3"], (n, 4))
    return CellArray.from_cells([Cell(["input", *row, "output"], edges) for row in names.tolist()])


def rows_swapped(cells: CellArray) -> CellArray:
    """The same cells, nodes 1 and 2, 3 and 4 numbered the other way round."""
    order = [0, 2, 1, 4, 3, 5]
    return CellArray(cells.operation[:, order], cells.adjacency[:, order][:, :, order])


# --- convolution along and against edges --------------------------------------------------------------------------


def test_a_node_averages_itself_and_the_neighbours_its_row_names():
    adjacency = torch.tensor([[[0.0, 1, 1], [0, 0, 1], [0, 0, 0]]])
    expected = [[[1 / 3, 1 / 3, 1 / 3], [0, 0.5, 0.5], [0, 0, 1]]]
    assert torch.allclose(averaged(adjacency), torch.tensor(expected))


def test_a_convolution_along_a_path_of_three_nodes_is_worked_by_hand():
    layer = DirectedConvolution(2, 2, dropout=0.0)
    h = torch.tensor([[[1.0, 0], [0, 1], [2, 2]]])
    adjacency = written([PATH]).adjacency()
    with torch.no_grad():
        layer.forwards.weight.copy_(torch.eye(2))
        layer.backwards.weight.copy_(torch.eye(2))
        both = layer(h, averaged(adjacency), averaged(adjacency.mT))
        layer.backwards.weight.copy_(-torch.eye(2))  # cut off at zero
        forwards = layer(h, averaged(adjacency), averaged(adjacency.mT))
    # along: (.5, .5), (1, 1.5), (2, 2); against: (1, 0), (.5, .5), (1, 1.5)
    assert both.tolist() == [[[0.75, 0.25], [0.75, 1.0], [1.5, 1.75]]]
    assert forwards.tolist() == [[[0.25, 0.25], [0.5, 0.75], [1.0, 1.0]]]


def test_dropout_is_for_training_alone():
    layer = DirectedConvolution(1, 1000, dropout=0.5)
    nn.init.ones_(layer.forwards.weight)
    nn.init.ones_(layer.backwards.weight)
    one = torch.ones(1, 1, 1)
    with repeatable(0, CPU):
        assert sorted(set(layer(one, one, one).flatten().tolist())) == [0.0, 2.0]
    assert set(layer.eval()(one, one, one).flatten().tolist()) == {1.0}


def test_the_neural_predictor_reads_the_mean_over_real_nodes():
    net = GCN().build(None).eval()
    net.layers = nn.ModuleList()  # operations go straight to the mean
    counting = nn.Linear(len(VOCABULARY), 1, bias=False)
    with torch.no_grad():
        counting.weight.zero_()
        counting.weight[0, INDEX["conv3x3"]] = 1.0
        net.readout = counting
        answer = net(*GCN().tensors(written([PATH, EDGE, Cell(["input", "output"], [])])))
    assert answer.tolist() == pytest.approx([1 / 3, 0, 0])


def test_the_neural_predictor_averages_over_what_comes_after_and_over_what_comes_before():
    _, along, against = GCN().tensors(written([PATH]))
    assert along[0].tolist() == [[0.5, 0.5, 0], [0, 0.5, 0.5], [0, 0, 1]]
    assert against[0].tolist() == [[1, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0.5]]


# --- the node that sees all others --------------------------------------------------------------------------------


def test_one_node_more_sees_every_real_node_and_is_of_an_operation_of_its_own():
    inputs = written([PATH, EDGE])
    h, sees = with_global_node(inputs.operations(), inputs.adjacency())
    assert sees[0].tolist() == [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0], [1, 1, 1, 1]]
    assert sees[1].tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 1, 0, 1]]
    kinds = h.argmax(-1).tolist()
    assert kinds[0] == [INDEX["input"], INDEX["conv3x3"], INDEX["output"], len(VOCABULARY)]
    assert h.sum(-1).tolist() == [[1, 1, 1, 1], [1, 1, 0, 1]]


def test_bonas_sees_what_comes_before_a_node_and_brp_nas_what_comes_after():
    before, after = BONAS().tensors(written([PATH]))[1], BRPNAS().tensors(pruned([PATH]))[1]
    assert torch.argwhere(before[0]).tolist() == [[1, 0], [2, 1]]
    assert torch.argwhere(after[0]).tolist() == [[0, 1], [1, 2]]


def test_brp_nas_reads_the_pruned_cell():
    dead_end = Cell(["input", "conv3x3", "conv1x1", "none", "output"], [(0, 1), (1, 4), (0, 2), (0, 3), (3, 4)])
    operations, sees = BRPNAS().tensors(BRPNAS().encode([dead_end]))
    assert operations[0].argmax(-1).tolist() == [INDEX["input"], INDEX["conv3x3"], INDEX["output"]]
    assert torch.argwhere(sees[0]).tolist() == [[0, 1], [1, 2]]


def test_one_layer_counts_operations_at_the_global_node():
    embed: Any = GlobalNodeEmbedding(nn.Identity, layers=1, width=2, dropout=0.0, bound=0.1)
    with torch.no_grad():
        embed.layers[0].weight.zero_()
        embed.layers[0].bias.copy_(torch.tensor([0.0, 0.5]))
        embed.layers[0].weight[0, INDEX["conv3x3"]] = 1.0
        embed.layers[0].weight[1, len(VOCABULARY)] = 1.0  # the global node itself
    twice = Cell(["input", "conv3x3", "conv3x3", "output"], [(0, 1), (1, 2), (2, 3)])
    inputs = written([twice, PATH, EDGE])
    assert embed(inputs.operations(), inputs.adjacency()).tolist() == [[2, 1.5], [1, 1.5], [0, 1.5]]


def test_two_layers_bring_what_a_node_saw_to_the_global_node():
    embed: Any = GlobalNodeEmbedding(nn.Identity, layers=2, width=1, dropout=0.0, bound=0.1)
    with torch.no_grad():
        for layer in embed.layers:
            layer.weight.zero_()
            layer.bias.zero_()
        embed.layers[0].weight[0, INDEX["conv3x3"]] = 1.0
        embed.layers[1].weight.fill_(1.0)
    # the convolution is seen by itself, by its one predecessor and by the global node: three times, then summed
    inputs = written([PATH, EDGE])
    assert embed(inputs.operations(), inputs.adjacency()).tolist() == [[3.0], [0.0]]


def test_padding_takes_no_part_in_batch_normalisation():
    embed: Any = GlobalNodeEmbedding(nn.BatchNorm1d, layers=1, width=1, dropout=0.0, bound=0.1)
    with torch.no_grad():
        embed.layers[0].weight.fill_(1.0)
        embed.layers[0].bias.zero_()
    inputs = written([PATH, EDGE])
    embed(inputs.operations(), inputs.adjacency().mT)
    # path: 1, 2, 2 and 4 at the global node; edge: 1, 2 and 3: 15 / 7, a tenth of it in the running mean
    assert embed.norms[0].running_mean.item() == pytest.approx(0.1 * 15 / 7)


# --- isomorphic cells ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gcn", "bonas", "brp_nas", "gates"])
def test_isomorphic_cells_get_equal_predictions(name):
    cells = two_rows(40)
    network = made(name)
    network.training = replace(network.training, epochs=30)
    expected = network.fit(cells[:20], np.random.default_rng(4).normal(size=20)).predict(cells)
    swapped = rows_swapped(cells)
    assert (swapped.operation != cells.operation).any(1).sum() > 20
    tolerance = 1e-3 * expected.std()
    assert tolerance > 1e-7
    assert network.predict(swapped) == pytest.approx(expected, abs=tolerance)


# --- pairs of cells -----------------------------------------------------------------------------------------------


class Given(nn.Module):
    """An embedding that is its input."""

    def forward(self, operations, sees):
        return operations


def test_scores_differ_by_the_log_odds_of_a_comparison_averaged_over_both_orders():
    with repeatable(0, CPU):
        comparer, a, b = Comparer(Given(), 5), torch.randn(7, 5), torch.randn(7, 5)
    forwards, backwards = comparer.compare(a, b), comparer.compare(b, a)
    assert torch.allclose(forwards.exp().sum(1), torch.ones(7))
    log_odds = ((forwards[:, 0] - forwards[:, 1]) - (backwards[:, 0] - backwards[:, 1])) / 2
    assert torch.allclose(comparer(a, a) - comparer(b, b), log_odds, atol=1e-5)
    assert log_odds.abs().min() > 0.01


def test_the_loss_of_an_undecided_comparer_is_worked_by_hand():
    brp, net = BRPNAS(), Comparer(Given(), 1)
    for parameter in net.pair.parameters():
        nn.init.zeros_(parameter)
    nothing = torch.zeros(2, 1)
    # scores 0 and 1 after scaling: odds 1 to e, .2689 and .7311; .2689 ln .5379 + .7311 ln 1.4621 = .1109 for each pair
    loss = brp.loss(net, [nothing, nothing], torch.tensor([70.0, 90.0]), torch.arange(brp.items(2)))
    assert loss.item() == pytest.approx(8 * 0.110944, abs=1e-4)
    equal = brp.loss(net, [nothing, nothing], torch.tensor([70.0, 70.0]), torch.arange(8))
    assert equal.item() == pytest.approx(0, abs=1e-6)


def test_the_better_of_a_pair_is_the_likelier_whichever_comes_first():
    brp, net = BRPNAS(), Comparer(Given(), 1)
    number, value = torch.tensor([[0.0], [1.0]]), torch.tensor([70.0, 90.0])
    losses = []
    for sign in (1.0, -1.0):
        with torch.no_grad():
            net.pair.weight.copy_(sign * torch.tensor([[0.5, -0.5], [-0.5, 0.5]]))
            net.pair.bias.zero_()
        losses.append(brp.loss(net, [number, number], value, torch.arange(8)).item())
    assert losses[0] == pytest.approx(0, abs=1e-6)  # log odds of 1, as the truth has them
    # the wrong way round: .7311 ln(.7311 / .2689) + .2689 ln(.2689 / .7311) = .4621
    assert losses[1] == pytest.approx(8 * 0.462117, abs=1e-4)


def test_each_cell_is_compared_with_four_others_and_never_with_itself():
    brp, net = BRPNAS(), Comparer(Given(), 1)
    compared: list[list[int]] = []

    def keep(first, second):
        compared.extend(torch.cat([first, second], dim=1).int().tolist())
        return torch.zeros(len(first), 2).log_softmax(1)

    net.compare = keep
    number = torch.arange(5.0)[:, None]
    with repeatable(0, CPU):
        for _ in range(3):  # epochs
            brp.loss(net, [number, number], torch.arange(5.0), torch.arange(brp.items(5)))
    first, second = np.array(compared).T
    assert np.bincount(first).tolist() == [3 * 4] * 5
    assert compared[:20] != compared[20:40]
    assert (first != second).all()
    assert set(second) == set(range(5))


# --- real rows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "epochs", "labels", "least"), [("bonas", 100, 50, 0.3), ("gcn", 100, 50, 0.3)])
def test_a_few_trainings_of_nasbench201_rank_the_rest(name, epochs, labels, least):
    table = load_benchmark("nasbench201")
    chosen = np.random.default_rng(0).permutation(len(table))[:1000]
    cells, accuracy = table.cells[chosen], table.mean("cifar10_validation_accuracy_200")[chosen]
    network = made(name)
    network.training = replace(network.training, epochs=epochs)
    network.fit(cells[:labels], accuracy[:labels])
    assert kendall_tau(network.predict(cells[100:]), accuracy[100:]) > least


def test_brp_nas_ranks_cells_by_their_live_convolutions():
    cells = SPACE.arrays()[np.random.default_rng(1).permutation(len(SPACE))[:230]]
    score = (cells.pruned().operation == INDEX["conv3x3"]).sum(1).astype(float)
    brp = BRPNAS()
    brp.training = replace(brp.training, epochs=60)
    predicted = brp.fit(cells[:30], score[:30]).predict(cells)
    assert kendall_tau(predicted[30:], score[30:]) > 0.5
