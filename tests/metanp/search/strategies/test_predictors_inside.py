"""What a strategy may have for a predictor, and what it hands to it."""

import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from metanp import MetaNP
from metanp.baselines.trees import RandomForest, XGBoost
from metanp.baselines.tuned import Tuned
from metanp.search import History, Listed, make
from metanp.search.strategies.one_shot import OneShot
from metanp.search.strategies.weak_nas import WeakNAS
from metanp.search.surrogate import Conditioned, surrogate
from tests.metanp.search.strategies.known_scores import SPACE, Additive, quarter, random_history, told
from tests.tiny_model import write_checkpoint


def test_a_pool_is_encoded_once_over_all_asks():
    read = []

    class Counting(Additive):
        def encode(self, cells, features=None):
            read.append(len(cells))
            return super().encode(cells, features)

    candidates = quarter()
    told(WeakNAS(Counting), candidates, 60)
    assert read.count(len(candidates.cells)) == 1


def test_side_features_are_read():
    cells = SPACE.arrays()[:300].to_cells()
    hidden = np.random.default_rng(0).permutation(300).astype(float)  # nothing of it is in the cells
    candidates = Listed(cells, SPACE, features={"hint": hidden})
    value = {cell.key: number for cell, number in zip(cells, hidden, strict=True)}
    history = told(OneShot("metanp", first=30), candidates, 40, value=lambda cell: value[cell.key])
    assert np.mean([one.score for one in history.evaluated[30:]]) > 250


def test_repeated_measurements_are_all_learned_from(pool):
    history = random_history(20, pool)
    doubled = [replace(one, scores=(one.score + 30, one.score - 30)) for one in history.evaluated]
    for evaluated in (history.evaluated, doubled):
        picks = WeakNAS(Additive).propose(History(evaluated), pool, 5, np.random.default_rng(0))
        assert len(picks) == 5


UNKNOWN = [
    "",
    "metanpp",
    "metanp.baselines.trees:XGBust",
    "metanp.baselines.treees:XGBoost",
    "mine:Mine",
    "a..b:C",
]


def test_an_unknown_predictor_is_named():
    for name in UNKNOWN:
        with pytest.raises(ValueError, match=f"unknown predictor {name!r}: .*; expected 'metanp', or a class"):
            surrogate(name)


def test_a_predictor_is_named_as_its_class_is_with_a_colon_or_without_and_metanp_too():
    for name in ("metanp.baselines.trees:XGBoost", "metanp.baselines.trees.XGBoost"):
        assert surrogate(name).title == "XGBoost"
    for name in ("metanp", "metanp:MetaNP", "metanp.predictor:MetaNP", MetaNP):
        inside = surrogate(name, "label-free")
        assert (type(inside), inside.checkpoint) == (Conditioned, "label-free")


def test_what_makes_no_predictor_is_refused():
    with pytest.raises(TypeError, match=r"makes no predictor \(metanp.contract\), but dict"):
        surrogate(dict)


@pytest.mark.parametrize(
    ("predictor", "library"),
    [
        ("metanp.baselines.trees:XGBoost", "xgboost"),
        ("metanp.baselines.gaussian_process:WLGaussianProcess", "sklearn.gaussian_process"),
        ("metanp.baselines.study_trees:StudyNGBoost", "ngboost"),
        (partial(Tuned, XGBoost, {}, 1), "xgboost"),
    ],
)
def test_a_missing_library_is_told_before_the_search_begins(monkeypatch, predictor, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=r"metanp\[research\]"):
        make("guided_evolution", predictor=predictor)


def test_anything_that_keeps_to_the_contract_may_be_inside(pool):
    """`Tuned` is no `Baseline`."""
    strategy = make("weak_nas", predictor=partial(Tuned, RandomForest, {"n_estimators": [5]}, 1))
    assert strategy.title == "WeakNAS (random forest, tuned on its labels)"
    picks = strategy.propose(random_history(20, pool), pool, 3, np.random.default_rng(0))
    assert all("mean" in pick.note for pick in picks)


def test_another_checkpoint_may_be_inside(tmp_path, pool):
    path = write_checkpoint(tmp_path / "tiny.safetensors")
    strategy = make("weak_nas_metanp", checkpoint=str(path))
    assert len(strategy.propose(random_history(20, pool), pool, 3, np.random.default_rng(0))) == 3
