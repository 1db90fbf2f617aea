"""FLAN: which edges compute, layers by hand, what transfer remembers, and real rows."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from data import load_benchmark
from metanp.baselines.flan import FLAN, Flow, FlowAndAttention, batched, computing_edges
from metanp.baselines.graph_inputs import written
from metanp.baselines.networks import repeatable
from metanp.baselines.transferred import PRETRAININGS, TransferredFLAN, pretrained
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.metrics import kendall_tau
from metanp.operations import INDEX

CPU = torch.device("cpu")


def chain(*inner: str) -> Cell:
    return Cell(["input", *inner, "output"], list(pairwise(range(len(inner) + 2))))


def edges(cell: Cell) -> set[tuple[int, int]]:
    return {(int(u), int(v)) for u, v in np.argwhere(computing_edges(CellArray.from_cells([cell]))[0])}


# --- edges --------------------------------------------------------------------------------------------------------


def test_a_skip_is_an_edge_and_none_is_nothing():
    assert edges(chain("conv3x3")) == {(0, 1), (1, 2)}
    assert edges(chain("skip")) == {(0, 2)}
    assert edges(chain("skip", "skip", "conv3x3", "skip")) == {(0, 3), (3, 5)}
    assert edges(chain("none")) == set()


def test_a_skip_joins_all_that_enters_with_all_that_leaves():
    cell = Cell(
        ["input", "conv1x1", "conv3x3", "skip", "conv1x1", "conv3x3", "output"],
        [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (3, 5), (4, 6), (5, 6)],
    )
    assert edges(cell) == {(0, 1), (0, 2), (1, 4), (1, 5), (2, 4), (2, 5), (4, 6), (5, 6)}


def test_what_does_not_lead_from_the_input_to_the_output_has_no_edge():
    dead_end = Cell(["input", "conv3x3", "conv1x1", "output"], [(0, 1), (1, 2), (1, 3)])
    no_start = Cell(["input", "conv3x3", "conv1x1", "output"], [(0, 2), (1, 2), (2, 3)])
    cut = Cell(["input", "conv3x3", "none", "conv1x1", "output"], [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)])
    assert edges(dead_end) == {(0, 1), (1, 3)}
    assert edges(no_start) == {(0, 2), (2, 3)}
    assert edges(cut) == {(0, 4)}


def test_edges_of_a_real_space_are_those_of_the_pruned_cells_without_skips():
    table = load_benchmark("nasbench201")
    cells = table.cells[np.random.default_rng(0).permutation(len(table))[:300]]
    found = computing_edges(cells)
    skips = [[name == "skip" for name in cell.operations] for cell in cells.to_cells()]
    for i, pruned in enumerate(cells.pruned().to_cells()):
        alive = [name for name in pruned.operations if name != "skip"]
        reached = found[i].any(0) | found[i].any(1)
        expected = len(alive) if len(pruned.edges) else 0
        assert reached.sum() == expected
        assert not (reached[: len(skips[i])] & np.array(skips[i])).any()


# --- layers -------------------------------------------------------------------------------------------------------


def test_flow_is_the_node_itself_and_its_predecessors_through_a_gate():
    layer = Flow(1, 1, 1)
    with torch.no_grad():
        layer.mix.weight.fill_(2.0)
        layer.bias.fill_(1.0)
        layer.gate.weight.fill_(1.0)
        layer.gate.bias.zero_()
    h = torch.tensor([[[3.0], [5.0], [7.0]]])
    sees = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [1, 1, 0]]])
    gates = torch.tensor([[[0.0], [float(np.log(3))], [0.0]]])  # a half, three quarters, a half
    out = layer(h, sees, gates, torch.ones(1, 3, 1))
    assert out[0, :, 0].tolist() == pytest.approx([6 + 1, 10 + 0.75 * 6 + 1, 14 + 0.5 * 16 + 1])


def test_attention_weighs_real_nodes_by_how_alike_they_are_where_there_is_an_edge():
    with repeatable(0, CPU):
        layer = FlowAndAttention(4, 6, 3)
        h, operation = torch.randn(1, 3, 4), torch.randn(1, 3, 3)
    sees = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [0, 0, 0]]])
    real = torch.tensor([[[1.0], [1.0], [0.0]]])
    out = layer(h, sees, operation, real)
    own = h[0] @ layer.mix.weight.T
    alike = ((own[1] * own[0]) @ layer.alike.weight[0]).item()
    logit = alike if alike > 0 else 0.01 * alike
    weight = np.exp(logit) / (np.exp(logit) + 1)  # itself, no edge: 0; padding: nothing
    attended = weight * own[0] + (1 - weight) * own[1]
    gate = torch.sigmoid(layer.gate(operation[0, 1]))
    expected = (layer.flow(h, sees, operation, real)[0, 1] + layer.norm(gate * attended)) / 2
    assert torch.allclose(out[0, 1], expected, atol=1e-6)


def test_padding_changes_nothing():
    with repeatable(0, CPU):
        net = FLAN().build(None).eval()
    cells = [chain("conv3x3"), chain("conv3x3", "skip", "conv1x1")]
    alone, both = (written(some) for some in (cells[:1], cells))
    edges_of = [torch.from_numpy(computing_edges(inputs.cells)).float() for inputs in (alone, both)]
    with torch.no_grad():
        first, second = net(alone.operations(), edges_of[0]), net(both.operations(), edges_of[1])
    assert first[0].item() == pytest.approx(second[0].item(), abs=1e-5)
    assert abs(second[1] - second[0]) > 1e-4


def test_the_way_back_moves_what_is_read():
    with repeatable(0, CPU):
        net = FLAN().build(None).eval().double()
    inputs = written([chain("conv3x3", "conv1x1")])
    told = (inputs.operations().double(), torch.from_numpy(computing_edges(inputs.cells)).double())
    with torch.no_grad():
        before = net(*told).item()
        net.step = 0.0
        still = net(*told).item()
        net.step = 0.1
        nn.init.zeros_(net.turn[0].weight)
        without_arrival = net(*told).item()
    assert len({round(number, 9) for number in (before, still, without_arrival)}) == 3


@pytest.mark.parametrize(("cells", "batch"), [(5, 8), (32, 8), (33, 8), (100, 25), (469, 117)])
def test_a_batch_is_eight_cells_or_a_quarter_of_many(cells, batch):
    assert batched(FLAN.training, cells).batch == batch


# --- transfer -----------------------------------------------------------------------------------------------------


class Known:
    """Two made-up tasks that agree: more convolutions are better. The second knows half of the cells."""

    def __init__(self, sign: float = 1.0):
        self.sign, self.reads = sign, 0

    def read(self, seed: int) -> tuple[CellArray, np.ndarray]:
        self.reads += 1
        cells, score = convolutions(slice(0, 60))
        score *= self.sign
        second = np.where(np.arange(len(score)) % 2, 100 * score, np.nan)
        return cells, np.stack([score, second], axis=1)


def convolutions(which: slice) -> tuple[CellArray, np.ndarray]:
    table = load_benchmark("nasbench201")
    cells = table.cells[np.random.default_rng(1).permutation(len(table))[:160]]
    count = np.isin(cells.operation, (INDEX["conv1x1"], INDEX["conv3x3"])).sum(1)
    return cells[which], count[which].astype(float)


def test_what_was_learned_elsewhere_ranks_before_anything_was_evaluated_and_labels_overrule_it():
    cells, score = convolutions(slice(60, 160))
    for sign in (1.0, -1.0):
        sources = Known(sign)
        before = kendall_tau(TransferredFLAN(sources).fit().predict(cells), score)
        assert sign * before > 0.6
        after = TransferredFLAN(sources, seed=PRETRAININGS).fit(cells[:60], score[:60]).predict(cells[60:])
        assert kendall_tau(after, score[60:]) > 0.6
        assert sources.reads == 1  # remembered, and left as it was
        again = kendall_tau(TransferredFLAN(sources).fit([], []).predict(cells), score)
        assert again == before
    pretrained.cache_clear()


def test_without_sources_it_says_what_it_needs():
    with pytest.raises(ValueError, match="give it sources="):
        TransferredFLAN().fit(*convolutions(slice(0, 10)))


# --- real rows ----------------------------------------------------------------------------------------------------


def test_forty_trainings_of_nasbench201_rank_the_rest():
    table = load_benchmark("nasbench201")
    chosen = np.random.default_rng(0).permutation(len(table))[:1000]
    cells, accuracy = table.cells[chosen], table.mean("cifar10_validation_accuracy_200")[chosen]
    predicted = FLAN().fit(cells[:40], accuracy[:40]).predict(cells[40:])
    assert kendall_tau(predicted, accuracy[40:]) > 0.62
