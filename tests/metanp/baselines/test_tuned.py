"""Settings searched by cross-validation: the best of those tried is taken, and nothing but evaluated cells is seen."""

from functools import partial

import numpy as np
import pytest

from metanp.baselines.trees import RandomForest
from metanp.baselines.tuned import Tuned
from metanp.metrics import kendall_tau
from metanp.operations import INDEX
from metanp.spaces import get_space
from tests.catalogue import made

SPACE = get_space("nasbench201")
CELLS = SPACE.arrays()[np.random.default_rng(1).permutation(len(SPACE))[:300]]
LIVE = CELLS.pruned().operation
SCORE = 2.0 * (INDEX["conv3x3"] == LIVE).sum(1) - (INDEX["avgpool3x3"] == LIVE).sum(1)
STUMP = {"max_depth": [1], "max_features": [0.01], "n_estimators": [1]}  # as good as nothing
small = partial(Tuned, RandomForest, folds=3, seed=0)


def test_a_space_of_bad_settings_leaves_the_settings_that_it_began_with():
    tuned = small(space=STUMP, trials=3).fit(CELLS[:40], SCORE[:40])
    assert tuned.chosen == {}
    assert tuned.tau[0] > max(tuned.tau[1:])
    plain = RandomForest(seed=0).fit(CELLS[:40], SCORE[:40])
    assert tuned.predict(CELLS[40:]).tolist() == plain.predict(CELLS[40:]).tolist()


def test_a_good_setting_in_a_space_is_found_and_used(monkeypatch):
    monkeypatch.setattr(RandomForest, "settings", {name: values[0] for name, values in STUMP.items()})
    better = {"max_depth": [None], "max_features": [0.3], "n_estimators": [50]}
    tuned = small(space=better, trials=2).fit(CELLS[:40], SCORE[:40])
    assert tuned.chosen == {"max_depth": None, "max_features": 0.3, "n_estimators": 50}
    plain = RandomForest(seed=0).fit(CELLS[:40], SCORE[:40])
    taus = [kendall_tau(predictor.predict(CELLS[40:]), SCORE[40:]) for predictor in (tuned, plain)]
    assert taus[0] > taus[1] + 0.2


def test_the_tau_of_a_trial_is_that_of_three_folds_held_out():
    tuned = small(space={}, trials=1).fit(CELLS[:31], SCORE[:31])
    folds = np.array_split(np.random.default_rng(0).permutation(31), 3)
    taus = []
    for fold in folds:
        rest = np.setdiff1d(np.arange(31), fold)
        taus.append(kendall_tau(RandomForest(seed=0).fit(CELLS[rest], SCORE[rest]).predict(CELLS[fold]), SCORE[fold]))
    assert tuned.tau == [pytest.approx(np.mean(taus))]


def test_side_features_go_with_their_cells():
    score = np.random.default_rng(5).normal(size=len(CELLS))
    known = {"proxy": score}
    tuned = small(space={"max_features": [0.9]}, trials=2)
    tuned.fit(CELLS[:60], score[:60], features={"proxy": score[:60]})
    assert tuned.chosen == {"max_features": 0.9}  # one column of many knows everything
    assert kendall_tau(tuned.predict(tuned.encode(CELLS, known))[60:], score[60:]) > 0.8


def test_fewer_cells_than_make_folds_are_refused():
    with pytest.raises(ValueError, match="Tuned needs at least 6, but got 5"):
        small(space={}, trials=1).fit(CELLS[:5], SCORE[:5])
    with pytest.raises(RuntimeError, match="not fitted"):
        small(space={}, trials=1).predict(CELLS)


def test_a_score_that_is_no_number_and_lengths_that_differ_are_refused_by_name():
    with pytest.raises(ValueError, match="the score of cell 3 is nan"):
        small(space={}, trials=1).fit(CELLS[:9], [1.0, 2.0, 3.0, np.nan, *range(5)])
    with pytest.raises(ValueError, match=r"9 cells but scores of shape \(8,\)"):
        small(space={}, trials=1).fit(CELLS[:9], SCORE[:8])


def test_the_catalogue_says_what_is_searched():
    tuned = made("xgboost_tuned", seed=3)
    assert (tuned.trials, tuned.seed, tuned.about.title) == (20, 3, "XGBoost, tuned on its labels")
    assert len(tuned.space) == 6
