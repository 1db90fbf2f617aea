"""A ranking: its intervals, its DataFrame, and that both agree with what the model predicts."""

import sys

import numpy as np
import pytest

from metanp import MetaNP, Ranking
from metanp import predictor as predictor_module
from tests.evaluated_cells import CONTEXT, POOL, SCORE, side
from tests.tiny_model import write_checkpoint


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> MetaNP:
    return MetaNP(write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny.safetensors")).fit(CONTEXT, SCORE)


def test_the_class_is_found_where_it_was():
    assert predictor_module.Ranking is Ranking


@pytest.mark.parametrize("encoded", [True, False])
def test_the_ends_are_those_of_the_90_percent_interval_of_each_ranked_cell(fitted, encoded):
    ranking = fitted.rank(fitted.encode(POOL) if encoded else POOL, k=7)
    lower, upper = fitted.predict_interval(POOL, 0.9)
    np.testing.assert_allclose(ranking.lower, lower[ranking.index], rtol=1e-6)
    np.testing.assert_allclose(ranking.upper, upper[ranking.index], rtol=1e-6)
    assert (ranking.lower < ranking.upper).all()


def test_intervals_are_of_cells_with_their_side_features_and_where_lower_is_better(fitted):
    model = MetaNP(fitted.checkpoint).fit(CONTEXT, SCORE, side(slice(12)), maximize=False)
    pool = model.encode(POOL, side(slice(12, None)))
    ranking = model.rank(pool, k=5)
    assert (np.diff(ranking.mean) >= 0).all()
    np.testing.assert_allclose(
        [ranking.lower, ranking.upper], model.predict_interval(pool)[:, ranking.index], rtol=1e-6
    )


def test_some_rows_of_a_pool_are_these_cells_and_their_side_features(fitted):
    pool = fitted.encode(POOL, side(slice(12, None))).only(np.array([5, 0, 5]))
    assert [pool.cell(i) for i in range(3)] == [POOL[5], POOL[0], POOL[5]]
    np.testing.assert_array_equal(pool.side.values[:, 0], side(slice(12, None))["flops"].to_numpy()[[5, 0, 5]])


def test_a_frame_has_a_row_a_place(fitted):
    ranking = fitted.rank(POOL, k=4)
    frame = ranking.to_frame()
    assert list(frame) == ["rank", "index", "cell", "mean", "std", "lower", "upper", "p_top"]
    assert frame["rank"].tolist() == [1, 2, 3, 4]
    assert frame["cell"].tolist() == ranking.cells
    assert np.array_equal(frame["index"], ranking.index)
    assert np.array_equal(frame["p_top"], ranking.p_top)


def test_without_pandas_a_frame_says_what_to_install(fitted, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"to_frame needs pandas: pip install 'metanp\[research\]'"):
        fitted.rank(POOL, k=4).to_frame()
