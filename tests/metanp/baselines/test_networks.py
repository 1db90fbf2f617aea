"""Networks trained on evaluated cells: optimiser steps worked by hand, ensembles, padding, random state, real rows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from data import load_benchmark
from metanp.baselines.networks import BANANAS, MLP, Network, Perceptrons, Training, repeatable, train
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.metrics import kendall_tau
from tests.catalogue import made

CPU = torch.device("cpu")
ON_GRAPHS = ["gcn", "bonas", "brp_nas", "gates", "graph_transformer", "nao", "seminas"]
ALL = ["mlp", "bananas", *ON_GRAPHS]


def assorted(n: int) -> CellArray:
    """Random cells of three to seven nodes, `none` among their operations."""
    rng = np.random.default_rng(0)
    cells = []
    for _ in range(n):
        size = int(rng.integers(3, 8))
        inner = rng.choice(["conv1x1", "conv3x3", "maxpool3x3", "skip", "none"], size - 2)
        cells.append(Cell(["input", *inner, "output"], np.argwhere(np.triu(rng.random((size, size)) < 0.5, 1))))
    return CellArray.from_cells(cells)


def padded(cells: CellArray, more: int) -> CellArray:
    operation = np.pad(cells.operation, ((0, 0), (0, more)), constant_values=-1)
    return CellArray(operation, np.pad(cells.adjacency, ((0, 0), (0, more), (0, more))))


def brief(name: str, epochs: int, **settings: Any) -> Network:
    """A predictor that trains for a few epochs only: what is asked of it does not depend on how well."""
    network = made(name, **settings)
    network.training = replace(network.training, epochs=epochs)
    return network


class Number(nn.Module):
    """A single weight."""

    def __init__(self, start: float = 0.0):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(start))


def trained(gradients: list[float], start: float = 0.0, **how: Any) -> float:
    """The weight after as many epochs of one batch, each with a gradient of its own."""
    net, left = Number(start), iter(gradients)
    train(net, lambda batch: next(left) * net.w, 1, Training(epochs=len(gradients), batch=1, rate=0.1, **how))
    return net.w.item()


# --- training -----------------------------------------------------------------------------------------------------


def batches(items: int, **how: Any) -> list[list[int]]:
    """The items of each batch of two epochs."""
    net, seen = Number(), []

    def loss(batch: Tensor) -> Tensor:
        assert net.training
        seen.append(batch.tolist())
        return 0 * net.w

    train(net, loss, items, Training(epochs=2, rate=0.1, **how))
    assert not net.training
    return seen


def test_each_item_comes_once_an_epoch_and_in_another_order_in_the_next():
    seen = batches(7, batch=3)
    assert [len(batch) for batch in seen] == [3, 3, 1, 3, 3, 1]
    first, second = ([item for batch in epoch for item in batch] for epoch in (seen[:3], seen[3:]))
    assert sorted(first) == sorted(second) == list(range(7))
    assert first != second


def test_a_last_batch_that_is_smaller_is_dropped_unless_it_is_the_only_one():
    assert [len(batch) for batch in batches(7, batch=3, drop_last=True)] == [3, 3, 3, 3]
    assert [len(batch) for batch in batches(6, batch=3, drop_last=True)] == [3, 3, 3, 3]
    assert [len(batch) for batch in batches(2, batch=3, drop_last=True)] == [2, 2]


def test_the_rate_is_constant_or_falls_along_a_cosine():
    # Adam moves by the rate itself as long as the gradient stays the same
    assert trained([1.0] * 4) == pytest.approx(-0.4)
    # .1 x (1 + cos 0, 45, 90, 135 degrees) / 2 = .1, .0854, .05, .0146
    assert trained([1.0] * 4, cosine=True) == pytest.approx(-0.25)
    assert trained([1.0], cosine=True) == pytest.approx(-0.1)


def test_weight_decay_is_part_of_the_gradient_or_decoupled_from_it():
    assert trained([0.0], start=1.0) == 1.0
    assert trained([0.0], start=1.0, weight_decay=0.5) == pytest.approx(0.9)  # a gradient, of any size: one rate
    assert trained([0.0], start=1.0, weight_decay=0.5, decoupled=True) == pytest.approx(0.95)  # 1 - .1 x .5


def test_a_gradient_that_is_clipped_counts_as_one_of_the_largest_norm():
    assert trained([1.0, 10.0], clip=1.0) == pytest.approx(-0.2)
    # first moment 1.09 / .19, root of the second (.100999 / .001999) ** .5: a step of .0807
    assert trained([1.0, 10.0]) == pytest.approx(-0.18071, abs=1e-5)


def test_gradients_of_earlier_batches_are_forgotten():
    # m = .09 - .1, v = .001999, corrected by .19 and .001999: the second step is .1 x .01 / .19 upwards
    assert trained([1.0, -1.0]) == pytest.approx(-0.1 + 0.1 * 0.01 / 0.19, abs=1e-5)


def test_randomness_is_repeatable_and_the_callers_is_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with repeatable(1, CPU):
        first = torch.rand(3)
    assert torch.rand(3).tolist() == expected.tolist()
    with repeatable(1, CPU):
        assert torch.rand(3).tolist() == first.tolist()


@pytest.mark.parametrize("name", ALL)
def test_a_fit_neither_changes_nor_follows_the_callers_random_state(name):
    cells = assorted(12)
    predictions = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        before, numpys = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
        predictions.append(brief(name, epochs=2).fit(cells, np.arange(12.0)).predict(cells))
        assert torch.equal(before, torch.get_rng_state())
        assert np.random.get_state()[1].tolist() == numpys  # noqa: NPY002
    assert predictions[0].tolist() == predictions[1].tolist()
    assert predictions[0].tolist() != brief(name, 2, seed=1).fit(cells, np.arange(12.0)).predict(cells).tolist()


# --- predictions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_neither_padding_nor_company_changes_a_prediction(name):
    cells = assorted(40)
    network = brief(name, epochs=30).fit(cells[:20], np.random.default_rng(1).normal(size=20))
    expected = network.predict(cells)
    tolerance = 1e-3 * expected.std()
    assert tolerance > 1e-7
    assert network.predict(padded(cells, 4)) == pytest.approx(expected, abs=tolerance)
    alone = [network.predict([cell])[0] for cell in cells.to_cells()]
    assert alone == pytest.approx(expected.tolist(), abs=tolerance)


@pytest.mark.parametrize("name", ALL)
def test_cells_may_be_larger_than_all_evaluated_ones_or_smaller(name):
    cells = assorted(60)
    small, large = cells[cells.size < 5].to_cells(), cells[cells.size == 7].to_cells()
    for shown, asked in ((small, large), (large, small)):
        network = brief(name, epochs=2).fit(shown[:10], np.arange(10.0))
        predicted = network.predict(asked)
        assert np.isfinite(predicted).all()
        assert predicted.std() > 0
        assert network.predict(asked).tolist() == predicted.tolist()


@pytest.mark.parametrize("name", ON_GRAPHS)
def test_side_features_are_refused_by_a_network_that_reads_cells_alone(name):
    cells = assorted(12)
    with pytest.raises(ValueError, match="reads cells alone, no side features such as 'flops'"):
        made(name).fit(cells, np.arange(12.0), features={"flops": np.ones(12)})


@pytest.mark.parametrize(("name", "fewest"), [("gcn", 7), ("graph_transformer", 10), ("bonas", 2), ("gates", 2)])
def test_too_few_evaluated_cells_are_refused_with_the_number_needed(name, fewest):
    cells = assorted(12)
    with pytest.raises(ValueError, match=rf"needs at least {fewest}, but got {fewest - 1}"):
        made(name).fit(cells[: fewest - 1], np.arange(fewest - 1.0))
    assert np.isfinite(brief(name, 2).fit(cells[:fewest], np.arange(float(fewest))).predict(cells)).all()


# --- multilayer perceptrons ---------------------------------------------------------------------------------------


def filled(net: Perceptrons, weights: list[Any], biases: list[Any]) -> Perceptrons:
    with torch.no_grad():
        for parameter, value in zip([*net.weights, *net.biases], weights + biases, strict=True):
            parameter.copy_(torch.tensor(value).reshape(parameter.shape))
    return net


def test_a_perceptron_is_worked_by_hand():
    net = filled(Perceptrons(1, layers=1, width=2, members=1), [[1.0, -1.0], [2.0, 7.0]], [[0.5, 0.5], [-1.0]])
    # hidden 2.5 and relu(-1.5), then 2 x 2.5 - 1; hidden relu(-1.5) and 2.5, then 7 x 2.5 - 1
    assert net(torch.tensor([[2.0], [-2.0]])).tolist() == [[4.0], [16.5]]


def test_members_of_an_ensemble_answer_as_each_does_alone_with_its_weights():
    with repeatable(0, CPU):
        three, x = Perceptrons(5, layers=3, width=4, members=3), torch.randn(6, 5)
    answers = three(x)
    assert answers.shape == (6, 3)
    for k in range(3):
        alone = filled(
            Perceptrons(5, 3, 4, 1), [w[k].tolist() for w in three.weights], [b[k].tolist() for b in three.biases]
        )
        assert torch.allclose(alone(x)[:, 0], answers[:, k], atol=1e-6)
    assert answers.std(1).min() > 1e-3


def test_initial_weights_are_xaviers():
    with repeatable(0, CPU):
        net = Perceptrons(30, layers=2, width=20, members=50)
    assert all((bias == 0).all() for bias in net.biases)
    for weight, (n_in, n_out) in zip(net.weights, [(30, 20), (20, 20), (20, 1)], strict=True):
        largest = (6 / (n_in + n_out)) ** 0.5
        assert 0.98 * largest < weight.abs().max() <= largest
        assert weight.mean().abs() < 0.1 * largest


def test_the_loss_is_the_mean_absolute_error_and_a_fifth_of_the_last_weights():
    net = filled(Perceptrons(1, layers=1, width=2, members=1), [[1.0, -1.0], [2.0, -7.0]], [[0.0, 0.0], [0.0]])
    x, value = torch.tensor([[1.0], [-1.0], [9.0]]), torch.tensor([1.0, 1.0, 0.0])
    # answers 2 and -7, errors 1 and 8; the third cell is in another batch
    assert MLP().loss(net, [x], value, torch.tensor([0, 1])).item() == pytest.approx(4.5 + 0.2 * 9)


def test_an_ensemble_trained_at_once_is_each_member_trained_alone():
    class Alone(BANANAS):
        members_kept = slice(0, 1)

        def build(self, context):
            net = super().build(context)
            net.weights = nn.ParameterList(w.detach()[self.members_kept].clone() for w in net.weights)
            net.biases = nn.ParameterList(b.detach()[self.members_kept].clone() for b in net.biases)
            return net

    cells, score = assorted(40), np.random.default_rng(2).normal(size=40)
    together, alone = BANANAS(), []
    together.training = replace(together.training, epochs=30)
    mean, std = together.fit(cells, score).predict(cells, return_std=True)
    for k in range(3):
        one = Alone()
        one.training, one.members_kept = together.training, slice(k, k + 1)
        alone.append(one.fit(cells, score).predict(cells))
    assert mean == pytest.approx(np.mean(alone, axis=0), abs=1e-5)
    assert std == pytest.approx(np.std(alone, axis=0), abs=1e-5)
    assert std.max() > 1e-3


@pytest.mark.parametrize(("name", "least"), [("mlp", 0.25), ("bananas", 0.4)])
def test_fifty_trainings_of_nasbench201_rank_the_rest(name, least):
    table = load_benchmark("nasbench201")
    chosen = np.random.default_rng(0).permutation(len(table))[:1000]
    cells, accuracy = table.cells[chosen], table.mean("cifar10_validation_accuracy_200")[chosen]
    predicted = made(name).fit(cells[:50], accuracy[:50]).predict(cells[50:])
    assert kendall_tau(predicted, accuracy[50:]) > least
