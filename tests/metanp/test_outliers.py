"""Penalties, errors of the measurement and failures among scores: what they are taken for, and what they cost."""

import warnings

import numpy as np
import pytest

from data import load_benchmark
from metanp import MetaNP
from metanp.fitted import ScoreWarning
from metanp.metrics import kendall_tau
from metanp.outliers import Outliers
from tests.evaluated_cells import CELLS

SCORES = np.random.default_rng(0).normal(90, 2, 60)


def with_some(*values: float) -> np.ndarray:
    """Sixty accuracies, the first few replaced."""
    return np.concatenate([values, SCORES[len(values) :]])


# --- by the scores alone ---


@pytest.mark.parametrize("penalty", [-1e6, -1e300, -1e12, -99999.0])
def test_a_penalty_is_surely_too_low(penalty):
    found = Outliers.of(with_some(penalty, penalty, penalty))
    assert found.low.nonzero()[0].tolist() == found.sure.nonzero()[0].tolist() == [0, 1, 2]
    assert not found.high.any()


@pytest.mark.parametrize("penalty", [-1.0, -999.0, -1e6])
@pytest.mark.parametrize("many", [1, 12, 20, 40])
def test_a_penalty_of_another_sign_than_all_scores_is_surely_one_however_often_it_was_given(penalty, many):
    found = Outliers.of(with_some(*[penalty] * many))
    assert found.low.nonzero()[0].tolist() == found.sure.nonzero()[0].tolist() == list(range(many))


@pytest.mark.parametrize("many", [1, 5, 12])
def test_penalties_among_equal_scores_are_seen(many):
    found = Outliers.of(np.concatenate([np.full(many, -1e6), np.full(60 - many, 93.0)]))
    assert found.low.sum() == found.sure.sum() == many


def test_an_impossible_constant_is_seen_however_often_it_was_given():
    found = Outliers.of(with_some(*[999.0] * 12))
    assert found.high.nonzero()[0].tolist() == list(range(12))
    assert not found.low.any()


def test_a_low_accuracy_among_ten_is_a_measurement_and_among_sixty_asked_about():
    ten = np.array([78.68, 83.08, 83.48, 83.56, 83.68, 83.88, 84.08, 84.36, 84.88, 85.48])  # of NAS-Bench-MR
    assert not Outliers.of(ten).any
    assert Outliers.of(np.concatenate([ten] + [ten[1:] + 0.01 * i for i in range(1, 7)])).asked.nonzero()[
        0
    ].tolist() == [0]


def test_cells_of_the_very_same_score_are_judged_as_one():
    scores = with_some(*[0.0] * 6)
    found, predicted = Outliers.of(scores), SCORES.copy()
    predicted[:6] = [80, 80, 95, 95, 95, 95]
    assert found.unlikely(scores, predicted, np.zeros(60, dtype=bool)).low.sum() == 6
    predicted[:6] = [80, 80, 80, 80, 80, 91]
    assert found.unlikely(scores, predicted, np.zeros(60, dtype=bool)).low.sum() == 0


@pytest.mark.parametrize("error", [1e9, 1e300, 1e6, np.finfo(float).max])
def test_an_impossible_score_is_surely_too_high(error):
    found = Outliers.of(with_some(error, -error))
    assert found.high.nonzero()[0].tolist() == [0]
    assert found.low.nonzero()[0].tolist() == [1]
    assert found.sure.sum() == 2


@pytest.mark.parametrize("stray", [0.0, 10.0, 931.0, 150.0])
def test_what_a_cell_might_deserve_is_asked_about(stray):
    found = Outliers.of(with_some(stray))
    assert found.asked.nonzero()[0].tolist() == [0]
    assert found.low[0] == (stray < 90)


@pytest.mark.parametrize(
    "scores",
    [
        SCORES,
        SCORES[:2],
        [],
        [93.0],
        [93.0] * 9,
        [10.0] * 30 + [93.0] * 20,  # many that fail, many that do not
        [10.0] * 9 + [93.0],  # all but one at the level of chance
        np.geomspace(1, 1000, 50),  # latencies
        np.random.default_rng(1).lognormal(0, 1, 200),
        np.linspace(0, 1e-12, 20),
        [-1e6] * 5 + [-1.1e6] * 5,
        [1e300, 1.1e300, 1.2e300, -1e300],
    ],
)
def test_ordinary_scores_of_any_size_are_no_outliers(scores):
    assert not Outliers.of(np.asarray(scores, dtype=float)).any


def test_units_and_direction_do_not_matter():
    scores = with_some(-1e6, 0.0, 931.0)
    found = Outliers.of(scores)
    for scale in (1e-6, 1e6):
        other = Outliers.of(scores * scale)
        assert np.array_equal(found.low, other.low)
        assert np.array_equal(found.high, other.high)


def test_a_model_that_expects_a_low_score_is_believed_and_so_is_a_repeated_measurement():
    scores = with_some(0.0, 0.25, 0.5, 300.0)
    found = Outliers.of(scores)
    predicted = SCORES.copy()
    predicted[:4] = [80, 95, 90, 92]
    once = np.zeros(60, dtype=bool)
    left = found.unlikely(scores, predicted, once)
    assert left.low.nonzero()[0].tolist() == [1, 2]
    assert left.high.nonzero()[0].tolist() == [3]
    assert found.unlikely(scores, np.where(np.arange(60) == 3, 99, predicted), once).high.sum() == 0
    assert found.unlikely(scores, predicted, ~once).low.sum() == 0


# --- in a model ---


@pytest.fixture(scope="module")
def model() -> MetaNP:
    return MetaNP("label-free")


@pytest.fixture(scope="module")
def benchmark():
    table = load_benchmark("nasbench201")
    return table.cells, table.mean("cifar10_validation_accuracy_200")


def sixty(benchmark, seed: int):
    """Sixty evaluated cells, three of them to be spoilt, and 500 others."""
    cells, score = benchmark
    rows = np.random.default_rng(seed).choice(len(score), 560, replace=False)
    return cells[rows[:60]], score[rows[:60]].copy(), cells[rows[60:]], score[rows[60:]]


@pytest.mark.parametrize(
    "spoilt", [[-1e6] * 3, [1e9] * 3, [-1e6, 1e9, -1e6], [1e300, -1e300, -1e6], [0.0] * 3, [931.0, 150.0, 0.0]]
)
def test_three_of_sixty_scores_cost_no_more_than_a_hundredth_against_leaving_them_out(model, benchmark, spoilt):
    costs = []
    for seed in range(4):
        cells, score, others, truth = sixty(benchmark, seed)
        pool = model.encode(others)
        expected = kendall_tau(model.fit(cells[3:], score[3:]).predict(pool), truth)
        score[:3] = spoilt
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ScoreWarning)
            mean = model.fit(cells, score).predict(pool)
        costs.append(expected - kendall_tau(mean, truth))
        lower, upper = model.predict_interval(pool)
        assert np.mean((lower <= mean) & (mean <= upper)) > 0.9
        assert (np.abs(mean) < 200).all()
    assert np.mean(costs) <= 0.01


def test_ordinary_contexts_are_read_without_a_word_and_to_the_last_bit_as_without_the_check(
    model, benchmark, monkeypatch
):
    cells, score, others, _ = sixty(benchmark, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = model.fit(cells, score).predict(others)
    nothing = np.zeros(60, dtype=bool)
    monkeypatch.setattr(Outliers, "of", classmethod(lambda cls, score: cls(nothing, nothing, nothing)))
    assert np.array_equal(model.fit(cells, score).predict(others), found)


def test_what_was_not_taken_as_a_measurement_is_said(model):
    score = with_some(-1e6, 1e9)
    with pytest.warns(ScoreWarning) as said:
        model.fit(CELLS, score)
    texts = [str(one.message) for one in said]
    assert any("1 of 60 scores are far from all others (-1e+06): taken as failed evaluations" in text for text in texts)
    assert any("1 of 60 scores are far from all others (1e+09): left out" in text for text in texts)
    assert said[0].filename == __file__


def test_spoilt_cells_count_as_evaluated(model):
    with pytest.warns(ScoreWarning):
        model.fit(CELLS[:12], [*SCORES[:10], -1e6, 1e9])
    assert not {10, 11} & set(model.rank(CELLS).index)
    assert model.highest_measured == SCORES[:10].max()


@pytest.mark.parametrize(
    "score",
    [
        [1e300],
        [-1e300, 1e300],
        [1e300, 1e300, -1e300],
        [5e-324, 1e300, 93.0, 94.0],
        [1.5e-323, 5e-324],
        [9e-301, 8e-301, 7e-301],
    ],
)
def test_scores_at_the_ends_of_floats_break_nothing(model, score):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScoreWarning)
        mean, std = model.fit(CELLS[: len(score)], score).predict(CELLS, return_std=True)
    assert np.isfinite(mean).all()
    assert np.isfinite(std).all()


def test_fewer_is_better_turns_what_a_penalty_is(model, benchmark):
    cells, score, others, truth = sixty(benchmark, 1)
    error = 100 - score
    error[:3] = 1e6
    with pytest.warns(ScoreWarning, match=r"3 of 60 scores .*taken as failed"):
        mean = model.fit(cells, error, maximize=False).predict(others)
    assert kendall_tau(-mean, truth) > 0.7


# --- measurements of one cell that contradict one another ---


@pytest.mark.parametrize("others", [0, 5, 50])
def test_the_interval_of_a_cell_holds_its_contradicting_measurements(model, benchmark, others):
    cells, score, _, _ = sixty(benchmark, 2)
    cell = cells[59]
    evaluated = [cell] * 20 + [cells[i] for i in range(others)]
    told = [10.0] * 10 + [94.0] * 10 + score[:others].tolist()
    model.fit(evaluated, told)
    (lower,), (upper,) = model.predict_interval([cell], level=0.95)
    assert lower <= 10.0
    assert upper >= 94.0
    mean, std = model.predict([cell], return_std=True)
    assert 10 < mean[0] < 94
    assert std[0] > 25


def test_measurements_that_agree_as_they_should_are_no_contradiction(model, benchmark):
    cells, score, _others, _ = sixty(benchmark, 3)
    model.fit(
        [*[cells[0]] * 3, *[cells[i] for i in range(1, 30)]], [score[0] - 0.3, score[0], score[0] + 0.3, *score[1:30]]
    )
    assert model._fitted.knowledge.contradicted == {}


def test_among_many_scores_a_mistyped_one_is_seen_though_the_model_is_asked_after_some_of_them(model, benchmark):
    cells, score = benchmark
    rows = np.random.default_rng(3).choice(len(score), 300, replace=False)
    middling = int(np.argsort(score[rows])[150])
    spoilt, kept = score[rows].copy(), np.arange(300) != middling
    spoilt[middling] *= 10
    with pytest.warns(ScoreWarning, match=rf"1 of 300 scores .*{spoilt[middling]:g}.*left out"):
        expected = model.fit(cells[rows], spoilt).predict(cells[:200])
    np.testing.assert_array_equal(expected, model.fit(cells[rows][kept], score[rows][kept]).predict(cells[:200]))
