"""Failed evaluations: what the model learns of them, and what it does not where there is nothing to learn."""

import pickle

import numpy as np
import pytest

from data import load_benchmark
from metanp import Cell, MetaNP
from metanp.failures import with_failures
from metanp.metrics import kendall_tau
from metanp.search import FAILED, Search
from tests.evaluated_cells import CELLS, CONTEXT, FLOPS, POOL, SCORE


@pytest.fixture(scope="module")
def model() -> MetaNP:
    return MetaNP("label-free")


@pytest.fixture(scope="module")
def culprits():
    """Sixty evaluated cells of NAS-Bench-201 in which pooling at the first edge is fatal, and 400 others."""
    table = load_benchmark("nasbench201")
    rows = np.random.default_rng(0).choice(len(table), 460, replace=False)
    cells = table.cells[rows].to_cells()
    fails = np.array([sum(name == "avgpool3x3" for name in cell.operations) >= 2 for cell in cells])
    return cells, table.mean("cifar10_validation_accuracy_200")[rows], fails


def told(culprits):
    cells, score, fails = culprits
    ok, broken = np.flatnonzero(~fails[:60]), np.flatnonzero(fails[:60])
    return [cells[i] for i in ok], score[ok], [cells[i] for i in broken]


def test_cells_like_the_failed_ones_are_expected_to_fail_and_fall_in_the_ranking(model, culprits):
    cells, score, fails = culprits
    evaluated, scores, failed = told(culprits)
    others, truth = cells[60:], np.where(fails[60:], -1.0, score[60:])
    without = model.fit(evaluated, scores).predict(others)
    assert not model.predict_failure(others).any()
    model.fit(evaluated, scores, failed=failed)
    probability = model.predict_failure(others)
    assert probability[fails[60:]].mean() > probability[~fails[60:]].mean() + 0.3
    assert kendall_tau(model.predict(others), truth) > kendall_tau(without, truth) + 0.1
    assert ((probability >= 0) & (probability <= 1)).all()


def test_failures_that_have_nothing_in_common_change_no_ranking(model):
    table = load_benchmark("nasbench201")
    score = table.mean("cifar10_validation_accuracy_200")
    costs = []
    for seed in range(5):
        rows = np.random.default_rng(seed).choice(len(score), 560, replace=False)
        pool, truth = model.encode(table.cells[rows[60:]]), score[rows[60:]]
        alone = kendall_tau(model.fit(table.cells[rows[3:60]], score[rows[3:60]]).predict(pool), truth)
        model.fit(table.cells[rows[3:60]], score[rows[3:60]], failed=table.cells[rows[:3]])
        costs.append(alone - kendall_tau(model.predict(pool), truth))
    assert np.mean(costs) < 0.01


def test_failed_cells_are_left_out_of_the_ranking_as_evaluated_ones_are(model):
    model.fit(CONTEXT, SCORE, failed=POOL[:3])
    assert not {0, 1, 2} & set(model.rank(POOL).index)
    assert len(model.rank(POOL, include_evaluated=True)) == len(POOL)


@pytest.mark.parametrize("failed", [[POOL[0]], POOL[:3], POOL[:20]])
def test_failures_alone_are_legal(model, failed):
    mean, std = model.fit([], [], failed=failed).predict(POOL, return_std=True)
    assert np.isfinite(mean).all()
    assert (std > 0).all()


def test_an_answer_with_failures_is_one_distribution(model, culprits):
    model.fit(*told(culprits)[:2], failed=told(culprits)[2])
    cells = culprits[0][60:160]
    predicted = model.predict_distribution(cells, noise=False)
    fails, draws = model.predict_failure(cells), model.sample(cells, 4000, rng=0)
    np.testing.assert_allclose(draws.mean(0), predicted.mean, atol=2.5)
    low, middle, high = predicted.quantiles([0.05, 0.5, 0.95])
    assert (low <= middle).all()
    assert (middle <= high).all()
    worst = min(told(culprits)[1])
    assert (low[fails > 0.1] <= worst).all()  # what fails lies at or below the worst that was measured
    again = pickle.loads(pickle.dumps(predicted))
    assert np.array_equal(again.quantile(0.3), predicted.quantile(0.3))


def test_fewer_is_better_turns_failures_too(model, culprits):
    evaluated, scores, failed = told(culprits)
    others = culprits[0][60:]
    expected = model.fit(evaluated, scores, failed=failed).rank(others, k=20).index
    found = model.fit(evaluated, 100 - scores, maximize=False, failed=failed).rank(others, k=20)
    assert len(set(found.index) & set(expected)) >= 17
    assert (model.predict(others) <= 100 - scores.min() + 1e-6).all()


@pytest.mark.parametrize("rows", [12, 15])
def test_side_features_follow_the_cells_and_the_failed_ones_where_they_are_known(model, rows):
    features = {"flops": FLOPS[:rows]}
    model.fit(CONTEXT, SCORE, features=features, failed=CELLS[12:15])
    assert np.isfinite(model.predict(POOL, features={"flops": FLOPS[12:]})).all()
    with pytest.raises(ValueError, match="'flops' has 13 values"):
        model.fit(CONTEXT, SCORE, features={"flops": FLOPS[:13]}, failed=CELLS[12:15])


def test_mean_and_spread_of_a_score_that_may_be_the_worst():
    mean, std = with_failures(np.array([90.0, 90.0, 90.0]), np.array([1.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.5]), 10.0)
    assert mean.tolist() == [90, 10, 50]
    np.testing.assert_allclose(std, [1, 0, np.sqrt(0.5 * (1 + 40**2) + 0.5 * 40**2)])


def test_a_search_learns_from_failures(culprits):
    cells, score, fails = culprits
    search = Search(cells, rng=0)
    for cell, value, broken in zip(cells[:60], score, fails, strict=False):
        search.tell(cell, FAILED if broken else value)
    asked = {cell.key for cell in search.ask(20)}
    broken = {cell.key for cell, fail in zip(cells, fails, strict=True) if fail}
    assert len(asked & broken) <= 1


def test_cells_without_a_score_or_with_one_fail_alike_in_a_cell_of_any_size(model):
    chain = Cell(["input", *["conv3x3"] * 40, "output"], [(i, i + 1) for i in range(41)])
    model.fit(CONTEXT, SCORE, failed=[chain, chain])
    assert np.isfinite(model.predict([*POOL, chain])).all()
