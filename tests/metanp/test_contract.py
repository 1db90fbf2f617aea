"""The contract of predictors, held against MetaNP, every class of the catalogue and Tuned."""

import importlib
from typing import Any, get_args

import numpy as np
import pytest

from metanp import MetaNP, NotFittedError, examples
from metanp.baselines import Inputs
from metanp.contract import Family, Need, Predictor
from metanp.predicted import Predicted
from tests.catalogue import ENTRIES, made
from tests.made_up_curves import with_losses
from tests.tiny_model import write_checkpoint

OURS = "metanp"
NAMES = [OURS, *ENTRIES]
FAST = [OURS, *(name for name, entry in ENTRIES.items() if not entry.get("slow"))]
EXAMPLE = examples.load()
CANDIDATES = EXAMPLE.candidates[:30]
SHOWN, EPOCHS = 12, 8


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("c") / "tiny.safetensors")


@pytest.fixture
def make(checkpoint):
    return lambda name: MetaNP(checkpoint) if name == OURS else made(name)


def side(predictor: Any, n: int) -> dict[str, np.ndarray] | None:
    """Of the first cells; whatever names it asks for."""
    if "side features" not in predictor.about.needs:
        return None
    name = predictor.feature if predictor.about.family == "zero-cost" else "flops"
    return {name: np.random.default_rng(n).normal(size=n)}


def running(predictor: Any, n: int, epochs: int) -> dict[str, Any]:
    """Curves, for a predictor that does not do without."""
    reads = predictor.about.needs == ("learning-curve prefixes",) or predictor.about.family == "hybrid"
    return {"curves": with_losses(n).prefix(epochs)} if reads else {}


def fitted(predictor: Any, n: int = SHOWN) -> Any:
    """Fitted on the first cells, with what else it reads."""
    more = running(predictor, n, EPOCHS)
    return predictor.fit(EXAMPLE.cells[:n], EXAMPLE.accuracy[:n], side(predictor, n), **more)


@pytest.mark.parametrize("name", NAMES)
def test_a_predictor_says_what_it_is_and_what_it_can_do(name, make):
    one = make(name)
    assert isinstance(one, Predictor)
    assert one.about.title
    assert one.about.source
    assert one.about.family in get_args(Family)
    assert set(one.about.needs) <= set(get_args(Need))
    assert type(one.fewest_labels) is int
    assert one.fewest_labels >= 0
    answers = (one.reads_labels, one.knows_std, one.knows_distribution)
    assert {type(answer) for answer in answers} == {bool}
    assert one.knows_std >= one.knows_distribution
    assert one.encoding == make(name).encoding
    assert hash(one.encoding) == hash(make(name).encoding)


@pytest.mark.parametrize("name", NAMES)
def test_the_libraries_that_it_names_are_there_to_be_imported(name, make):
    libraries = make(name).libraries
    assert isinstance(libraries, tuple)
    for library in libraries:
        importlib.import_module(library)


def test_a_class_knows_all_but_a_title_that_its_settings_are_part_of():
    for kind in {type(made(name)) for name in ENTRIES} - {type(made("xgboost_tuned")), type(made("lcsvr"))}:
        assert kind.fewest_labels >= 0, kind
        assert kind.about.title, kind
    assert (MetaNP.about.title, MetaNP.fewest_labels, MetaNP.reads_labels) == ("MetaNP", 0, True)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_predicted_before_a_fit_and_too_few_cells_are_refused(name, make):
    one = make(name)
    with pytest.raises(NotFittedError):
        one.predict(CANDIDATES)
    if one.knows_distribution:
        with pytest.raises(NotFittedError):
            one.predict_distribution(CANDIDATES)
    if one.fewest_labels:
        with pytest.raises(ValueError, match=f"at least {one.fewest_labels}, but got {one.fewest_labels - 1}"):
            fitted(one, one.fewest_labels - 1)


@pytest.mark.parametrize("name", FAST)
def test_a_real_example_is_learned_from_and_answered_in_its_order_and_as_far_as_it_knows(name, make):
    one = make(name)
    one.prepare()
    assert fitted(one) is one
    features, curves = side(one, len(CANDIDATES)), running(one, len(CANDIDATES), 4)
    pool = one.encode(CANDIDATES, features, **curves)
    mean = one.predict(pool)
    assert mean.shape == (len(CANDIDATES),)
    assert mean.dtype == np.float64
    assert np.isfinite(mean).all()
    np.testing.assert_array_equal(one.predict(CANDIDATES, features=features, **curves), mean)
    if one.knows_std:
        again, std = one.predict(pool, return_std=True)
        np.testing.assert_array_equal(again, mean)
        assert std.shape == mean.shape
        assert (std >= 0).all()
    else:
        with pytest.raises(ValueError, match="gives no standard deviation"):
            one.predict(pool, return_std=True)
    if one.knows_distribution:
        whole = one.predict_distribution(CANDIDATES, features=features)
        assert isinstance(whole, Predicted)
        np.testing.assert_array_equal(whole.mean, mean)
        assert (whole.quantiles([0.1])[0] < whole.quantiles([0.9])[0]).all()
    else:
        with pytest.raises(ValueError, match="gives no distribution"):
            one.predict_distribution(pool)


@pytest.mark.parametrize("name", [name for name in FAST if name not in ("gp_wl", OURS)])
def test_a_pool_of_another_predictor_of_equal_encoding_is_as_good_as_its_own(name, make):
    one = make(name)
    features, curves = side(one, len(CANDIDATES)), running(one, len(CANDIDATES), 4)
    others = [other for other in map(make, ENTRIES) if other.encoding == one.encoding]
    pool = others[-1].encode(CANDIDATES, features, **curves)
    own = fitted(one).encode(CANDIDATES, features, **curves)
    assert type(pool) is type(own)
    np.testing.assert_array_equal(one.predict(pool), one.predict(own))


@pytest.mark.parametrize("name", [name for name in FAST if name != OURS])
def test_what_reads_no_labels_needs_none_and_a_prior_answers_without(name, make):
    one = make(name)
    assert one.reads_labels or one.fewest_labels == 0
    if not one.fewest_labels:
        none = {key: np.zeros(0) for key in side(one, 0) or {}} or None
        curves = running(one, len(CANDIDATES), 4)
        one.fit([], [], none, **running(one, 0, EPOCHS))
        answer = one.predict(one.encode(CANDIDATES, side(one, len(CANDIDATES)), **curves))
        assert np.isfinite(answer).all()


def test_metanp_answers_from_its_prior(make):
    assert np.isfinite(make(OURS).fit([], []).predict(CANDIDATES)).all()


def test_a_first_fit_that_fails_leaves_no_half_of_a_predictor():
    class Fails(type(made("random"))):
        def _fit(self, context: Inputs, value: np.ndarray) -> None:
            raise ArithmeticError("it cannot")

    one = Fails()
    with pytest.raises(ArithmeticError):
        one.fit(EXAMPLE.cells[:3], EXAMPLE.accuracy[:3])
    with pytest.raises(NotFittedError):
        one.predict(CANDIDATES)
    assert repr(one) == "Fails(seed=0)"


def test_what_fit_refuses_leaves_the_fit_before_as_it_was():
    one = made("gp_wl").fit(EXAMPLE.cells[:SHOWN], EXAMPLE.accuracy[:SHOWN])
    before = one.predict(CANDIDATES)
    with pytest.raises(ValueError, match="flops"):
        one.fit(EXAMPLE.cells[:5], EXAMPLE.accuracy[:5], features={"flops": [1.0, 2.0]})
    np.testing.assert_array_equal(one.predict(CANDIDATES), before)


def test_what_lacks_a_part_of_the_contract_is_no_predictor():
    class Half:
        def fit(self, cells, score, features=None): ...

        def predict(self, candidates, return_std=False): ...

    assert not isinstance(Half(), Predictor)
