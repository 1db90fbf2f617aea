"""NAO and SemiNAS: cells as sequences by hand, the loss of an untaught network, unlabelled cells, and real rows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from data import load_benchmark
from metanp.baselines import sequence_networks
from metanp.baselines.graph_inputs import written
from metanp.baselines.networks import repeatable
from metanp.baselines.sequence_networks import NAO, WORDS, Recurrent, SemiNAS, sequence
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.metrics import kendall_tau
from metanp.operations import INDEX
from metanp.spaces import get_space

CPU = torch.device("cpu")
PATH = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])
EDGE = Cell(["input", "output"], [(0, 1)])
SPACE = get_space("nasbench201").arrays()
NO_EDGE, AN_EDGE, CONV3X3, OUTPUT = 1, 2, 3 + INDEX["conv3x3"], 3 + INDEX["output"]


def few(n: int) -> tuple[CellArray, np.ndarray]:
    """Some cells of NAS-Bench-201, and how many of their convolutions are 3x3."""
    cells = SPACE[np.random.default_rng(1).permutation(len(SPACE))[:n]]
    return cells, (cells.operation == INDEX["conv3x3"]).sum(1).astype(float)


def brief(network: Any, epochs: int) -> Any:
    network.training = replace(network.training, epochs=epochs)
    return network


def untaught() -> Any:
    """A network, not in training, that scores every cell 0 and finds all words equally likely."""
    with repeatable(0, CPU):
        net = Recurrent(sequence_networks.Sizes()).eval()
    for layer in (net.readout, net.spell):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    return net


# --- sequences ----------------------------------------------------------------------------------------------------


def test_a_cell_is_spelled_node_by_node_edges_first():
    words = sequence(CellArray.from_cells([PATH, EDGE]))
    assert words.tolist() == [
        [AN_EDGE, CONV3X3, NO_EDGE, AN_EDGE, OUTPUT],
        [AN_EDGE, OUTPUT, 0, 0, 0],
    ]


def test_sequences_are_as_long_as_published_and_different_cells_have_different_ones():
    assert sequence(SPACE[:3]).shape[1] == 35
    seven = Cell(["input", *["conv3x3"] * 5, "output"], [(i, i + 1) for i in range(6)])
    assert sequence(CellArray.from_cells([seven])).shape[1] == 27
    assert len(sequence(SPACE[:2000]).unique(dim=0)) == 2000


# --- the network --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("training", [False, True])
def test_the_score_is_the_same_with_and_without_the_decoder(training):
    with repeatable(0, CPU):
        net, words = Recurrent(sequence_networks.Sizes(dropout=0.0)).train(training), sequence(SPACE[:9])
    score, _ = net.score_and_likelihood(words)
    assert torch.allclose(score, net(words), atol=1e-6)
    assert score.std() > 1e-3


def test_embeddings_have_length_one():
    with repeatable(0, CPU):
        net = Recurrent(sequence_networks.Sizes()).eval()
    states, embedding = net.encode(sequence(SPACE[:9]))
    assert torch.allclose(states.norm(dim=-1), torch.ones(9, 35))
    assert torch.allclose(embedding.norm(dim=-1), torch.ones(9))
    # the direction of their mean
    assert torch.allclose(embedding, nn.functional.normalize(states.mean(1), dim=-1), atol=1e-6)


def test_the_likelihood_is_a_mean_over_real_words():
    net = untaught()
    words = sequence(CellArray.from_cells([PATH, EDGE]))
    assert net.score_and_likelihood(words)[1].item() == pytest.approx(-np.log(WORDS))
    with torch.no_grad():
        net.spell.bias[AN_EDGE] = np.log(WORDS)  # W times as likely as each of the other W - 1
    # seven real words, three of them an edge: ln W - ln(2 W - 1), and - ln(2 W - 1) for the others
    expected = (3 * np.log(WORDS) - 7 * np.log(2 * WORDS - 1)) / 7
    assert net.score_and_likelihood(words)[1].item() == pytest.approx(expected, abs=1e-5)


def test_the_decoder_is_not_shown_the_word_that_it_writes():
    with repeatable(0, CPU):
        net: Any = Recurrent(sequence_networks.Sizes()).eval()
    given: list[torch.Tensor] = []
    net.decoder.register_forward_pre_hook(lambda layer, args: given.append(args[0]))
    words = sequence(CellArray.from_cells([PATH]))
    net.score_and_likelihood(words)
    start = torch.tensor([[0, *words[0, :-1]]])
    assert torch.equal(given[0], net.words(start))


def test_the_loss_of_an_untaught_network_is_worked_by_hand():
    words = sequence(SPACE[:3])
    loss = NAO().loss(
        untaught(), [words], torch.tensor([1.0, -2.0, 9.0]), torch.tensor([0, 1])
    )  # the third is in another batch
    assert loss.item() == pytest.approx(0.8 * (1 + 4) / 2 + 0.2 * np.log(WORDS), abs=1e-5)


@pytest.mark.parametrize("more", [1, 4])
def test_padding_changes_neither_score_nor_likelihood(more):
    with repeatable(0, CPU):
        net = Recurrent(sequence_networks.Sizes()).eval()
    words = sequence(CellArray.from_cells([PATH, EDGE]))
    wider = nn.functional.pad(words, (0, more))
    for narrow, wide in zip(net.score_and_likelihood(words), net.score_and_likelihood(wider), strict=True):
        assert torch.allclose(narrow, wide, atol=1e-6)
    assert net(words[1:, :2]).item() == pytest.approx(net(words)[1].item(), abs=1e-6)


# --- unlabelled cells ---------------------------------------------------------------------------------------------


def test_without_unlabelled_cells_seminas_is_nao():
    cells, score = few(30)
    expected = brief(NAO(), 3).fit(cells, score).predict(SPACE[:40])
    assert brief(SemiNAS(), 3).fit(cells, score).predict(SPACE[:40]).tolist() == expected.tolist()
    nobody = SemiNAS().encode(SPACE[:0])
    assert brief(SemiNAS(), 3).fit(cells, score, unlabelled=nobody).predict(SPACE[:40]).tolist() == expected.tolist()


def test_predictions_follow_the_unlabelled_cells_and_the_evaluated_scores_still_matter():
    cells, score = few(18)
    asked = SPACE[:100]
    pools = [written(SPACE[start : start + 50]) for start in (1000, 2000)]
    without, first, second, opposite = (
        brief(SemiNAS(), 8).fit(cells, values, unlabelled=pool).predict(asked)
        for values, pool in ((score, None), (score, pools[0]), (score, pools[1]), (-score, pools[0]))
    )
    assert abs(first - without).max() > 1e-2
    assert abs(first - second).max() > 1e-4
    truth = (asked.operation == INDEX["conv3x3"]).sum(1)
    assert kendall_tau(first, truth) > 0.3
    assert kendall_tau(opposite, truth) < -0.3
    again = brief(SemiNAS(), 8).fit(cells, score, unlabelled=pools[0]).predict(asked)
    assert again.tolist() == first.tolist()


@pytest.mark.parametrize(("evaluated", "pool", "drawn"), [(6, 20, 6), (6, 4, 4)])
def test_a_second_training_has_each_evaluated_cell_ten_times_and_as_many_others_as_predicted(
    evaluated, pool, drawn, monkeypatch
):
    cells, score = few(evaluated)
    others = SPACE[3000 : 3000 + pool]
    stages: list[int] = []
    shown: list[tuple[torch.Tensor, torch.Tensor]] = []
    monkeypatch.setattr(sequence_networks, "train", lambda net, loss, items, how: (stages.append(items), loss([0])))
    seminas: Any = brief(SemiNAS(), 2)
    nets: list[nn.Module] = []

    def loss(net, read, value, batch):
        nets.append(net)
        shown.append((read[0], value))
        return net(read[0]).sum()

    monkeypatch.setattr(seminas, "loss", loss)
    seminas.fit(cells, score, unlabelled=seminas.encode(others))
    assert stages == [10 * evaluated + drawn]
    words, values = shown[-1]
    standardised = (score - score.mean()) / score.std()
    assert torch.equal(words[: 10 * evaluated], sequence(cells).repeat(10, 1))
    assert values[: 10 * evaluated].tolist() == pytest.approx(np.tile(standardised, 10))
    unlabelled = words[10 * evaluated :]
    assert len(unlabelled.unique(dim=0)) == drawn
    assert {tuple(row) for row in unlabelled.tolist()} <= {tuple(row) for row in sequence(others).tolist()}
    with torch.no_grad():
        assert values[10 * evaluated :].tolist() == pytest.approx(nets[-1](unlabelled).tolist(), abs=1e-6)


@pytest.mark.parametrize("shown_are_smaller", [True, False])
def test_unlabelled_cells_may_be_of_another_size_than_the_evaluated_ones(shown_are_smaller):
    small = [Cell(["input", name, "output"], [(0, 1), (1, 2)]) for name in ("conv1x1", "conv3x3", "skip", "sum")]
    large = few(6)[0].to_cells()
    shown, others = (small, large) if shown_are_smaller else (large, small)
    seminas = brief(SemiNAS(), 2).fit(shown, np.arange(float(len(shown))), unlabelled=written(others))
    assert np.isfinite(seminas.predict([*small, *large])).all()


# --- real rows ----------------------------------------------------------------------------------------------------


def test_fifty_trainings_of_nasbench201_rank_the_rest():
    table = load_benchmark("nasbench201")
    chosen = np.random.default_rng(0).permutation(len(table))[:1000]
    cells, accuracy = table.cells[chosen], table.mean("cifar10_validation_accuracy_200")[chosen]
    predicted = NAO().fit(cells[:50], accuracy[:50]).predict(cells[50:])
    assert kendall_tau(predicted, accuracy[50:]) > 0.25
