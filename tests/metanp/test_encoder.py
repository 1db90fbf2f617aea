"""The graph encoder sees what a cell computes, and nothing else."""

import numpy as np
import pytest
import torch

from metanp.cell import Cell
from metanp.encoder import EncoderConfig, GraphEncoder, Points
from metanp.features import FEATURE_GROUPS, FEATURE_NAMES
from metanp.graphs import Graphs
from metanp.spaces import get_space


@pytest.fixture(scope="module")
def encoder() -> GraphEncoder:
    torch.manual_seed(0)
    return GraphEncoder(EncoderConfig(width=16, layers=2, d_embed=8)).eval()


def encode(encoder: GraphEncoder, cells: list[Cell]) -> Points:
    graphs, row = Graphs.distinct(cells)
    with torch.inference_mode():
        return encoder(graphs.to_batch()).map(lambda x: x[torch.from_numpy(row)])


def shuffled(cell: Cell, rng: np.random.Generator) -> Cell:
    order = rng.permutation(len(cell)).tolist()
    operations = [cell.operations[order.index(i)] for i in range(len(cell))]
    return Cell(operations, [(order[u], order[v]) for u, v in cell.edges])


def test_isomorphic_cells_have_the_same_points(encoder):
    rng = np.random.default_rng(0)
    cells = [get_space("nasbench201").sample(rng) for _ in range(20)]
    ours, theirs = encode(encoder, cells), encode(encoder, [shuffled(cell, rng) for cell in cells])
    for name in ("embedding", "features", "patterns"):
        # nodes may come in another order, and so may the names of what lies at them
        a, b = (x.patterns.sort(-1).values if name == "patterns" else getattr(x, name) for x in (ours, theirs))
        torch.testing.assert_close(a, b)


def test_what_is_pruned_away_changes_nothing(encoder):
    cell = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])
    dressed = Cell(["input", "conv3x3", "none", "conv1x1", "output"], [(0, 1), (1, 4), (0, 2), (2, 4), (0, 3)])
    both = encode(encoder, [cell, dressed])
    torch.testing.assert_close(both.embedding[0], both.embedding[1])


def test_one_operation_the_order_of_two_and_the_direction_of_an_edge_all_matter(encoder):
    chain = [(0, 1), (1, 2), (2, 3)]
    cells = [
        Cell(["input", "conv3x3", "skip", "output"], chain),
        Cell(["input", "conv1x1", "skip", "output"], chain),
        Cell(["input", "skip", "conv3x3", "output"], chain),
    ]
    embedding = encode(encoder, cells).embedding
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert (embedding[a] - embedding[b]).abs().max() > 1e-3


def test_a_cell_is_encoded_alike_whatever_stands_beside_it(encoder):
    rng = np.random.default_rng(1)
    cells = [get_space("nasbench201").sample(rng) for _ in range(8)]
    larger = [get_space("nasbench_macro").sample(rng) for _ in range(3)]
    alone, among = encode(encoder, cells).embedding, encode(encoder, [*larger, *cells]).embedding[3:]
    torch.testing.assert_close(alone, among, atol=1e-5, rtol=1e-4)


def test_a_dead_cell_and_an_empty_batch_are_encoded(encoder):
    dead = Cell(["input", "none", "output"], [(0, 1), (1, 2)])
    assert torch.isfinite(encode(encoder, [dead]).embedding).all()
    with torch.inference_mode():
        empty = encoder(Graphs.distinct([])[0].to_batch())
    assert empty.embedding.shape == (0, 8)


def test_groups_of_features_that_are_left_out_are_nothing_and_the_rest_is_as_it_was(encoder):
    cell = Cell(["input", "conv3x3", "skip", "output"], [(0, 1), (1, 2), (2, 3), (0, 2)])
    groups = [group for group in FEATURE_GROUPS if group != "skipless"]
    blind = GraphEncoder(EncoderConfig(width=16, layers=2, d_embed=8, features=groups)).eval()
    blind.load_state_dict(encoder.state_dict())
    whole, part = encode(encoder, [cell]).features[0], encode(blind, [cell]).features[0]
    hidden = torch.tensor([name in FEATURE_GROUPS["skipless"] for name in FEATURE_NAMES])
    assert whole[hidden].any()
    assert not part[hidden].any()
    assert part[~hidden].equal(whole[~hidden])
    with pytest.raises(ValueError, match=r"no group of graph features is called \['skiples'\]"):
        GraphEncoder(EncoderConfig(features=["skiples"]))
