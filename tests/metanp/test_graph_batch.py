"""Sums over edges and nodes, worked by hand on two graphs side by side."""

import torch

from metanp.cell import Cell
from metanp.graphs import Graphs

# input -> 3x3 -> output with an edge around it, and input -> 1x1 -> output
ROUND = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2), (0, 2)])
STRAIGHT = Cell(["input", "conv1x1", "output"], [(0, 1), (1, 2)])
H = torch.tensor([[1.0], [2.0], [4.0], [8.0], [16.0], [32.0]])


def batch():
    graphs, row = Graphs.distinct([ROUND, STRAIGHT])
    return graphs[row].to_batch()


def test_nodes_and_edges_of_the_second_graph_follow_those_of_the_first():
    graphs = batch()
    assert len(graphs) == 2
    assert graphs.graph.tolist() == [0, 0, 0, 1, 1, 1]
    assert sorted(zip(graphs.start.tolist(), graphs.end.tolist(), strict=True)) == [
        (0, 1), (0, 2), (1, 2), (3, 4), (4, 5),
    ]  # fmt: skip
    assert graphs.last.tolist() == [2, 5]


def test_sums_go_along_edges_and_against_them():
    graphs = batch()
    assert graphs.over_predecessors(H).flatten().tolist() == [0, 1, 1 + 2, 0, 8, 16]
    assert graphs.over_successors(H).flatten().tolist() == [2 + 4, 4, 0, 16, 32, 0]


def test_a_graph_s_nodes_are_added_up():
    assert batch().over_nodes(H).flatten().tolist() == [1 + 2 + 4, 8 + 16 + 32]


def test_gradients_flow_through_every_sum():
    graphs, h = batch(), H.clone().requires_grad_()
    (graphs.over_predecessors(h).sum() + graphs.over_nodes(h).sum()).backward()
    # each node counts once for its graph and once for every edge that leaves it
    assert h.grad is not None
    assert h.grad.flatten().tolist() == [3, 2, 1, 2, 2, 1]
