"""Metrics: five cells worked by hand, scipy and scikit-learn as oracles, and what ties do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad
from sklearn.metrics import ndcg_score

from metanp.metrics import (
    coverage,
    distribution_metrics,
    kendall_tau,
    n_at,
    ndcg_at,
    precision_at,
    predicted_order,
    ranking_metrics,
    regret_at,
    spearman,
    true_ranks,
)

# true ranks          3     1     4     2     5
TRUTH = np.array([92.0, 94.0, 90.0, 93.0, 10.0])
# predicted order: 3, 0, 1, 4, 2
PREDICTION = np.array([0.7, 0.6, 0.1, 0.9, 0.2])


def test_five_cells_worked_by_hand():
    assert predicted_order(PREDICTION).tolist() == [3, 0, 1, 4, 2]
    assert true_ranks(TRUTH).tolist() == [3, 1, 4, 2, 5]
    # three of ten pairs stand the wrong way round: cells (0, 1), (1, 3) and (2, 4)
    assert kendall_tau(PREDICTION, TRUTH) == pytest.approx(0.4)
    # rank differences 1, 2, 1, 1, 1: 1 - 6 * 8 / (5 * 24)
    assert spearman(PREDICTION, TRUTH) == pytest.approx(0.6)
    assert [precision_at(PREDICTION, TRUTH, k) for k in (1, 2, 3, 5)] == [0, 0.5, 1, 1]
    assert [n_at(PREDICTION, TRUTH, k) for k in (1, 2, 3)] == [2, 2, 1]
    assert [regret_at(PREDICTION, TRUTH, k) for k in (1, 2, 3)] == [1, 1, 0]
    # gains 0.8, 0.6 of the two predicted best against 1.0, 0.8 of the two best
    second = 1 / np.log2(3)
    assert ndcg_at(PREDICTION, TRUTH, 2) == pytest.approx((0.8 + 0.6 * second) / (1 + 0.8 * second))


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=3, max_size=30), st.data())
def test_correlations_and_gain_agree_with_scipy_and_scikit_learn(pairs, data):
    prediction, truth = (np.array(x, dtype=float) for x in zip(*pairs, strict=True))
    if np.ptp(prediction) and np.ptp(truth):
        assert kendall_tau(prediction, truth) == pytest.approx(stats.kendalltau(prediction, truth).statistic)
        assert spearman(prediction, truth) == pytest.approx(stats.spearmanr(prediction, truth).statistic)
    k = data.draw(st.integers(1, len(pairs)))
    untied = -np.argsort(np.argsort(-prediction, kind="stable"), kind="stable").astype(float)
    gain = 1 - (stats.rankdata(-truth, method="min") - 1) / len(truth)
    assert ndcg_at(prediction, truth, k) == pytest.approx(ndcg_score([gain], [untied], k=k))


def test_a_constant_prediction_orders_nothing():
    assert kendall_tau(np.ones(5), TRUTH) == 0
    assert spearman(np.ones(5), TRUTH) == 0
    assert spearman(PREDICTION, np.ones(5)) == 0


def test_a_nan_is_no_silent_zero():
    assert np.isnan(kendall_tau(PREDICTION, np.array([92.0, np.nan, 90.0, 93.0, 10.0])))


def test_cells_of_equal_truth_share_the_best_rank_and_all_count_at_the_edge_of_the_top():
    truth = np.array([5.0, 7.0, 5.0, 1.0])
    assert true_ranks(truth).tolist() == [2, 1, 2, 4]
    for prediction in ([2.0, 3.0, 1.0, 0.0], [1.0, 3.0, 2.0, 0.0]):
        assert precision_at(np.array(prediction), truth, 2) == 1


def test_predicted_ties_follow_the_permutation_and_nothing_else_does():
    prediction = np.array([1.0, 2.0, 1.0, 1.0])
    assert predicted_order(prediction, np.array([3, 1, 0, 2])).tolist() == [1, 3, 0, 2]
    assert predicted_order(PREDICTION, np.array([4, 3, 2, 1, 0])).tolist() == [3, 0, 1, 4, 2]


def test_two_predictors_with_the_same_ties_break_them_alike():
    rng = np.random.default_rng(0)
    permutation = rng.permutation(60)
    group = np.repeat(np.arange(20), 3)
    first, second = predicted_order(group, permutation), predicted_order(7.0 * group - 3, permutation)
    assert first.tolist() == second.tolist()
    assert first.tolist() != predicted_order(group, rng.permutation(60)).tolist()


def test_over_many_permutations_a_tie_is_broken_evenly():
    firsts = [predicted_order(np.zeros(4), np.random.default_rng(i).permutation(4))[0] for i in range(400)]
    assert np.bincount(firsts).min() > 70


def test_precision_over_distinct_keys_counts_each_key_once():
    # two spellings of the best cell fill both first places, and the second-best key is only third
    truth = np.array([9.0, 9.0, 8.0, 7.0])
    prediction = np.array([4.0, 4.0, 1.0, 2.0])
    keys = ["a", "a", "b", "c"]
    assert precision_at(prediction, truth, 2) == 1
    assert precision_at(prediction, truth, 2, keys=keys) == 0.5
    assert precision_at(prediction, truth, 2, np.array([1, 3, 0, 2]), keys) == 0.5


def test_a_table_row_has_every_metric_at_every_k_that_fits():
    truth = np.random.default_rng(0).normal(size=200)
    row = ranking_metrics(truth, truth, permutation=np.arange(200), keys=[i // 8 for i in range(200)])
    assert row["kendall_tau"] == row["spearman"] == 1
    for k in ("1", "10", "50", "1%"):
        assert (row[f"p_at_{k}"], row[f"n_at_{k}"], row[f"regret_at_{k}"], row[f"ndcg_at_{k}"]) == (1, 1, 0, 1)
    assert "distinct_p_at_10" in row
    assert "distinct_p_at_50" not in row  # there are only 25 keys
    assert "n_at_10" not in ranking_metrics(PREDICTION, TRUTH)
    # 1 % of 200 targets are two
    assert row["n_at_1%"] == 1
    assert ranking_metrics(-truth, truth)["n_at_1%"] == 199


@pytest.mark.parametrize(
    ("prediction", "truth", "message"),
    [
        ([1.0, np.nan, 2.0], [1.0, 2.0, 3.0], "the prediction of target 1 is nan"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, np.inf], "the truth of target 2 is inf"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], r"\(2,\) predictions for \(3,\) targets"),
    ],
)
def test_what_cannot_be_ranked_is_refused_by_name(prediction, truth, message):
    with pytest.raises(ValueError, match=message):
        ranking_metrics(np.array(prediction), np.array(truth))


@pytest.mark.parametrize("k", [0, 6])
def test_a_k_outside_of_the_targets_is_refused(k):
    with pytest.raises(ValueError, match=f"k is {k}, but there are 5 targets"):
        n_at(PREDICTION, TRUTH, k)


def test_normal_predictions_agree_with_scipy_and_with_the_integral_that_crps_is():
    mean, std, truth = np.array([90.0, 91.0, 70.0]), np.array([1.0, 0.5, 10.0]), np.array([90.5, 93.0, 69.0])
    row = distribution_metrics(mean, std, truth)
    assert row["nll"] == pytest.approx(-stats.norm.logpdf(truth, mean, std).mean())
    parts = []
    for m, s, y in zip(mean, std, truth, strict=True):
        below = quad(lambda x, m=m, s=s: stats.norm.cdf(x, m, s) ** 2, m - 12 * s, y)[0]
        above = quad(lambda x, m=m, s=s: stats.norm.sf(x, m, s) ** 2, y, m + 12 * s)[0]
        parts.append(below + above)
    assert row["crps"] == pytest.approx(np.mean(parts))
    # 0.5, 4 and 0.1 standard deviations away; the intervals reach 0.674 and 1.645
    assert row["coverage_50"] == row["coverage_90"] == pytest.approx(2 / 3)


def test_the_truth_is_covered_as_often_as_the_intervals_promise():
    truth = np.random.default_rng(0).normal(50, 3, size=20_000)
    row = distribution_metrics(np.full(20_000, 50.0), np.full(20_000, 3.0), truth)
    assert row["coverage_50"] == pytest.approx(0.5, abs=0.01)
    assert row["coverage_90"] == pytest.approx(0.9, abs=0.01)


def test_certainty_costs_its_error_in_crps_and_everything_in_likelihood():
    row = distribution_metrics(np.array([1.0]), np.array([0.0]), np.array([3.0]))
    assert row["crps"] == pytest.approx(2)
    assert row["nll"] > 1e20
    assert row["coverage_90"] == 0


def test_a_negative_standard_deviation_is_refused():
    with pytest.raises(ValueError, match="the std of target 1 is nan"):
        distribution_metrics(np.zeros(2), np.array([1.0, -1.0]), np.zeros(2))


def test_an_interval_includes_its_ends():
    assert coverage(np.array([0.0, 0.0]), np.array([1.0, 1.0]), np.array([1.0, 1.1])) == 0.5
