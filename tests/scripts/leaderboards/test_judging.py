"""Label sets are shared, nested and disjoint from their targets; rows have the metrics of known predictions."""

import numpy as np

from metanp.cell_array import CellArray
from metanp.contract import About
from metanp.estimator import Estimator
from metanp.predicted import Predicted
from metanp.spaces import get_space
from scripts.leaderboards.judging import LabelSet, Setting, judge, label_set


def setting() -> Setting:
    cells = get_space("transnas").arrays()[:120]
    score = np.random.default_rng(0).normal(size=len(cells))
    return Setting(cells, score, {"": score})


def label_sets(where: Setting, seed: int = 0) -> list[tuple[int, int, LabelSet]]:
    """Three, at two numbers of labels each."""
    return [(number, n, label_set(where, number, n, seed)) for number in range(3) for n in (5, 20)]


def test_label_sets_are_the_same_each_time_and_nested_and_leave_the_context_out():
    for (_, budget, job), (*_, other) in zip(label_sets(setting()), label_sets(setting()), strict=True):
        np.testing.assert_array_equal(job.context, other.context)
        assert len(job.context) == budget
        assert sorted([*job.context, *job.target]) == list(range(120))
        assert sorted(job.ties) == list(range(len(job.target)))
    five, twenty = (label_set(setting(), 0, n, 0).context for n in (5, 20))
    np.testing.assert_array_equal(five, twenty[:5])
    assert not np.array_equal(five, label_set(setting(), 0, 5, 1).context)


class Oracle(Estimator):
    """Knows every score; and what it was shown, so that the test can look."""

    about = About("oracle", "these tests", needs=())
    encoding = None

    def __init__(self, score: np.ndarray):
        self.score, self.seen = score, []

    def encode(self, candidates: CellArray, features=None) -> np.ndarray:
        return self.score[: len(candidates)]

    def fit(self, cells, score, features=None):
        self.seen.append(len(cells))
        return self

    def predict(self, pool, return_std=False, features=None):
        return (pool, np.ones(len(pool))) if return_std else pool


def judged(predictor: Oracle, where: Setting) -> list[dict]:
    pool = predictor.encode(where.cells)
    return [row for *_, shown in label_sets(where) for row in judge(predictor, pool, where, shown)]


def test_an_oracle_has_tau_one_and_its_negative_minus_one():
    where = setting()
    good, bad = Oracle(where.score), Oracle(-where.score)
    rows, worst = judged(good, where), judged(bad, where)
    assert good.seen == [5, 20] * 3
    assert [row["kendall_tau"] for row in rows] == [1.0] * 6
    assert [row["kendall_tau"] for row in worst] == [-1.0] * 6
    assert {(row["n_at_10"], row["regret_at_10"]) for row in rows} == {(1, 0)}
    assert all(row["seconds_fit"] >= 0 for row in rows)


def test_coverage_is_that_of_a_predictors_own_quantiles_where_it_gives_some():
    where = setting()

    class Careful(Oracle):
        knows_distribution = True

        def predict_distribution(self, pool, features=None):
            # of the 50 % interval alone the upper end lies below the truth
            return Predicted(
                pool, np.ones(len(pool)), lambda p: pool + (p - 0.5 if abs(p - 0.5) > 0.4 else -0.1 - abs(p - 0.5))
            )

    for predictor, found in ((Oracle(where.score), (1.0, 1.0)), (Careful(where.score), (0.0, 1.0))):
        assert {(row["coverage_50"], row["coverage_90"]) for row in judged(predictor, where)} == {found}
