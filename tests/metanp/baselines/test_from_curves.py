"""Predictors of curves behind the interface of all others."""

import numpy as np
import pytest

from metanp import NotFittedError, examples
from metanp.baselines.from_curves import FromCurves
from metanp.curves import make_predictor
from tests.made_up_curves import with_losses

CELLS = examples.load().cells
WHOLE, OTHERS = with_losses(20), with_losses(10, seed=1)


def test_it_answers_as_its_predictor():
    one = FromCurves("srm_ols").fit(CELLS[:20], WHOLE.ends(), curves=WHOLE)
    expected = make_predictor("srm_ols").fit(WHOLE).predict(OTHERS.prefix(4), return_std=True)
    found = one.predict(one.encode(CELLS[20:30], curves=OTHERS.prefix(4)), return_std=True)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(one.predict(CELLS[20:30], curves=OTHERS.prefix(4)), expected[0])


def test_the_score_need_not_be_the_end_of_the_curve():
    one = FromCurves("srm_ols").fit(CELLS[:20], 3 * WHOLE.ends() + 1, curves=WHOLE)
    end = FromCurves("srm_ols").fit(CELLS[:20], WHOLE.ends(), curves=WHOLE)
    pool = OTHERS.prefix(4)
    np.testing.assert_allclose(one.predict(pool), 3 * end.predict(pool) + 1)


def test_settings_and_seed_reach_the_predictor():
    one = FromCurves("lcsvr", seed=7, settings={"draws": 2, "folds": 3})
    assert (one._predictor.seed, one._predictor.draws, one._predictor.folds) == (7, 2, 3)
    assert one.get_params() == {"name": "lcsvr", "seed": 7, "settings": {"draws": 2, "folds": 3}}


def test_what_is_missing_is_said():
    with pytest.raises(ValueError, match="srm_ols reads learning curves; give curves="):
        FromCurves("srm_ols").fit(CELLS[:20], WHOLE.ends())
    with pytest.raises(ValueError, match="srm_ols reads learning curves"):
        FromCurves("srm_ols").encode(CELLS[:20])
    with pytest.raises(NotFittedError, match="srm_ols was not fitted"):
        FromCurves("srm_ols").predict(OTHERS)
    with pytest.raises(ValueError, match="unknown predictor of curves 'lcsrv'; nearest: lcsvr"):
        FromCurves("lcsrv")
