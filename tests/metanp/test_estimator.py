"""Scikit-learn's conventions, for the model and for every baseline."""

import importlib
import inspect
import pickle
import pkgutil

import numpy as np
import pytest
from sklearn.base import clone, is_regressor
from sklearn.exceptions import NotFittedError as SklearnNotFitted
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

import metanp.baselines
from metanp import Cell, CellArray, MetaNP, NotFittedError
from metanp.baselines.base import Baseline
from metanp.baselines.gaussian_process import WLGaussianProcess
from metanp.baselines.proxies import Proxy
from metanp.baselines.trees import RandomForest, XGBoost
from metanp.baselines.tuned import Tuned
from metanp.metrics import kendall_scorer, kendall_tau
from tests.evaluated_cells import CELLS, CONTEXT, POOL, SCORE
from tests.tiny_model import write_checkpoint

ALL_SCORES = np.random.default_rng(3).normal(90, 2, len(CELLS))


def baselines() -> list[type[Baseline]]:
    modules = [
        importlib.import_module(f"metanp.baselines.{m.name}") for m in pkgutil.iter_modules(metanp.baselines.__path__)
    ]
    kinds = [(k, m) for m in modules for _, k in inspect.getmembers(m, inspect.isclass)]
    return [k for k, m in kinds if issubclass(k, Baseline) and not inspect.isabstract(k) and k.__module__ == m.__name__]


def made(kind: type[Baseline]) -> Baseline:
    return kind("flops") if kind is Proxy else kind()


@pytest.fixture
def few_trees(monkeypatch):
    """Ensembles of twenty trees: whether they keep to scikit-learn's conventions does not depend on how many."""
    for kind in (RandomForest, XGBoost):
        monkeypatch.setattr(kind, "settings", {**kind.settings, "n_estimators": 20})


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("c") / "tiny.safetensors")


@pytest.mark.parametrize("kind", baselines(), ids=lambda kind: kind.__name__)
def test_every_baseline_is_a_regressor_that_can_be_cloned_and_is_not_fitted_yet(kind):
    predictor = made(kind)
    assert is_regressor(predictor)
    assert clone(predictor).get_params() == predictor.get_params()
    assert predictor.set_params(seed=3) is predictor
    assert predictor.get_params()["seed"] == predictor.seed == 3
    with pytest.raises(ValueError, match="has no setting"):
        predictor.set_params(sed=3)
    with pytest.raises(SklearnNotFitted):
        check_is_fitted(predictor)
    with pytest.raises(NotFittedError, match="fit"):
        predictor.predict(POOL)
    assert len(repr(predictor)) < 500


@pytest.mark.parametrize(
    "make",
    [lambda c: MetaNP(c), lambda c: WLGaussianProcess(), lambda c: RandomForest(), lambda c: Tuned(XGBoost, {}, 1)],
)
def test_predictors_are_fitted_scored_pickled_and_cross_validated(checkpoint, make, few_trees):
    predictor = make(checkpoint)
    assert predictor.fit(CONTEXT, SCORE) is predictor
    check_is_fitted(predictor)
    assert is_regressor(predictor)
    mean = predictor.predict(CONTEXT)
    assert predictor.score(CONTEXT, SCORE) == pytest.approx(r2_score(SCORE, mean))
    assert np.array_equal(pickle.loads(pickle.dumps(predictor)).predict(POOL), predictor.predict(POOL))
    for cells in (CELLS, CellArray.from_cells(CELLS), np.array(CELLS, dtype=object)):
        assert np.isfinite(cross_val_score(predictor, cells, ALL_SCORES, cv=3)).all()
    taus = cross_val_score(predictor, CELLS, ALL_SCORES, cv=3, scoring=kendall_scorer)
    first = clone(predictor).fit(CELLS[20:], ALL_SCORES[20:])
    assert taus[0] == pytest.approx(kendall_tau(first.predict(CELLS[:20]), ALL_SCORES[:20]))


def test_checkpoints_are_searched_on_a_grid(checkpoint, tmp_path):
    other = write_checkpoint(tmp_path / "other.safetensors", seed=1)
    grid = GridSearchCV(MetaNP(checkpoint), {"checkpoint": [checkpoint, other]}, cv=3, scoring=kendall_scorer)
    grid.fit(CELLS, ALL_SCORES)
    assert grid.best_params_["checkpoint"] in (checkpoint, other)
    assert len(grid.predict(POOL)) == len(POOL)


def _read(texts):
    return [Cell.from_nasbench201(text) for text in texts]


def test_a_pipeline_from_texts_to_scores(checkpoint):
    texts = [cell.to_nasbench201() for cell in CELLS]
    pipeline = make_pipeline(FunctionTransformer(_read), MetaNP(checkpoint)).fit(texts, ALL_SCORES)
    check_is_fitted(pipeline)
    assert is_regressor(pipeline)
    expected = MetaNP(checkpoint).fit(CELLS, ALL_SCORES)
    assert np.array_equal(pipeline.predict(texts), expected.predict(CELLS))
    assert pipeline.score(texts, ALL_SCORES) == expected.score(CELLS, ALL_SCORES)
    assert np.isfinite(cross_val_score(pipeline, texts, ALL_SCORES, cv=3)).all()


def test_changed_settings_forget_what_was_fitted(checkpoint, tmp_path):
    model = MetaNP(checkpoint).fit(CONTEXT, SCORE)
    model.set_params(checkpoint=write_checkpoint(tmp_path / "other.safetensors", seed=1))
    with pytest.raises(NotFittedError):
        model.predict(POOL)


@pytest.mark.parametrize(
    ("score", "message"), [([1.0], "48 predictions and 1 scores"), ([np.nan] * 48, "finite score")]
)
def test_what_cannot_be_scored_is_refused(checkpoint, score, message):
    with pytest.raises(ValueError, match=message):
        MetaNP(checkpoint).fit(CONTEXT, SCORE).score(POOL, score)


def test_a_constant_truth_has_the_r2_that_scikit_learn_gives_it(checkpoint):
    model = MetaNP(checkpoint).fit(CONTEXT, SCORE)
    assert model.score(POOL, np.full(len(POOL), 90.0)) == 0.0
