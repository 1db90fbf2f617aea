"""Label sets are shared, nested and disjoint from their targets; rows say what was measured."""

import numpy as np

from metanp.cell_array import CellArray
from metanp.contract import About
from metanp.estimator import Estimator
from metanp.predicted import Predicted
from metanp.spaces import get_space
from scripts.leaderboards.judging import Setting, judge, label_sets


def setting(**more) -> Setting:
    cells = get_space("transnas").arrays()[:120]
    return Setting(cells, np.random.default_rng(0).normal(size=len(cells)), budgets=(5, 20), sets=3, **more)


def test_label_sets_are_the_same_each_time_and_nested_and_leave_the_context_out():
    first, again = list(label_sets(setting())), list(label_sets(setting()))
    assert [(job.number, job.budget) for job in first] == [(s, b) for s in range(3) for b in (5, 20)]
    for job, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(job.context, other.context)
        assert len(job.context) == job.budget
        assert sorted([*job.context, *job.target]) == list(range(120))
        assert sorted(job.ties) == list(range(len(job.target)))
    np.testing.assert_array_equal(first[0].context, first[1].context[:5])
    assert not np.array_equal(first[0].context, next(iter(label_sets(setting(seed=1)))).context)


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
    return [row for label_set in label_sets(where) for row in judge(predictor, pool, where, label_set)]


def test_an_oracle_ranks_perfectly_and_its_mirror_image_as_badly_as_can_be():
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
