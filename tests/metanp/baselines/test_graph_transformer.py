"""The graph transformer: who attends to whom, one layer and the loss by hand, cells of any size, and real rows."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from data import load_benchmark
from metanp.baselines.graph_inputs import written
from metanp.baselines.graph_transformer import WIDEST, AttentionLayer, GraphTransformer, laplacian_rows
from metanp.cell import Cell
from metanp.metrics import kendall_tau

PATH = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])
EDGE = Cell(["input", "output"], [(0, 1)])


def test_the_laplacian_of_a_path_is_its_degrees_less_its_edges_both_ways():
    rows = laplacian_rows(written([PATH, EDGE]).adjacency())
    assert rows.shape == (2, 3, WIDEST)
    assert rows[0, :, :4].tolist() == [[1, -1, 0, 0], [-1, 2, -1, 0], [0, -1, 1, 0]]
    assert rows[1, :, :4].tolist() == [[1, -1, 0, 0], [-1, 1, 0, 0], [0, 0, 0, 0]]
    assert (rows[:, :, 3:] == 0).all()


def test_two_heads_see_all_real_nodes_one_what_comes_before_and_one_what_comes_after():
    transformer = GraphTransformer()
    net = transformer.build(None).eval()
    seen: list[torch.Tensor] = []
    net.layers[0].register_forward_pre_hook(lambda layer, given: seen.append(given[1]))
    net(*transformer.tensors(written([PATH, EDGE])))
    path, edge = seen[0].int().tolist()
    everything = [[1, 1, 1]] * 3
    assert path == [everything, everything, [[1, 0, 0], [1, 1, 0], [0, 1, 1]], [[1, 1, 0], [0, 1, 1], [0, 0, 1]]]
    real = [[1, 1, 0]] * 3
    assert edge[:2] == [real, real]
    assert [rows[:2] for rows in edge[2:]] == [[[1, 0, 0], [1, 1, 0]], [[1, 1, 0], [0, 1, 0]]]


def test_heads_that_weigh_all_alike_give_the_means_of_what_each_sees():
    layer: Any = AttentionLayer(width=4, d_head=1, d_feedforward=2, dropout=0.0)
    layer.norms = nn.ModuleList([nn.Identity(), nn.Identity()])
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        layer.project.weight[8:, 0] = 1.0  # every head's value is the first channel; queries and keys are zero
        layer.join.weight.copy_(torch.eye(4))
    h = torch.zeros(1, 3, 4)
    h[0, :, 0] = torch.tensor([3.0, 6.0, 12.0])
    adjacency = written([PATH]).adjacency()
    before, after = adjacency.mT + torch.eye(3), adjacency + torch.eye(3)
    out = layer(h, torch.stack([torch.ones(1, 3, 3)] * 2 + [before, after], dim=1) > 0)
    # the first channel keeps its own as well
    assert out[0, :, 0].tolist() == pytest.approx([3 + 7, 6 + 7, 12 + 7])
    assert out[0, :, 1].tolist() == pytest.approx([7, 7, 7])
    assert out[0, :, 2].tolist() == pytest.approx([3, 4.5, 9])
    assert out[0, :, 3].tolist() == pytest.approx([4.5, 9, 12])


@pytest.mark.parametrize(("order", "apart"), [([0, 1], 0.0), ([1, 0], 1.0)])
def test_the_loss_is_squared_errors_and_a_fifth_of_the_errors_of_differences(order, apart, monkeypatch):
    monkeypatch.setattr(torch, "randperm", lambda n, device: torch.tensor(order))
    score, value = torch.tensor([0.5, 0.0, 9.0]), torch.tensor([1.0, -0.5, 0.0])
    # errors of .5 each; the difference is .5 where it should be 1.5, whichever way round
    loss = GraphTransformer().loss(lambda read: read, [score], value, torch.tensor([0, 1]))
    assert loss.item() == pytest.approx(0.25 + 0.2 * apart)


def test_cells_larger_than_positions_reach_are_answered():
    chains = [
        Cell(["input", *["conv3x3", "skip"] * (n // 2), "output"], list(pairwise(range(n // 2 * 2 + 2))))
        for n in range(2, 62, 4)
    ]
    assert max(map(len, chains)) > WIDEST
    transformer = GraphTransformer()
    transformer.training = replace(transformer.training, epochs=3)
    predicted = transformer.fit(chains[:10], np.arange(10.0)).predict(chains)
    assert np.isfinite(predicted).all()
    assert len(set(predicted)) == len(chains)


def test_fifty_trainings_of_nasbench201_rank_the_rest():
    table = load_benchmark("nasbench201")
    chosen = np.random.default_rng(0).permutation(len(table))[:1000]
    cells, accuracy = table.cells[chosen], table.mean("cifar10_validation_accuracy_200")[chosen]
    transformer = GraphTransformer()
    transformer.training = replace(transformer.training, epochs=100)
    transformer.fit(cells[:50], accuracy[:50])
    assert kendall_tau(transformer.predict(cells[100:]), accuracy[100:]) > 0.4
