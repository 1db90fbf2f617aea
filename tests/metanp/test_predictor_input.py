"""What MetaNP is given: evaluated cells, side features, pools; and what of it is refused, by name and with the remedy.

The checkpoint has random weights: what is tested holds for any.
"""

import numpy as np
import pytest

from metanp import Cell, CheckpointError, MetaNP, NotFittedError
from tests.evaluated_cells import CELLS, CONTEXT, EARLY_SKIP, FLOPS, OTHER_EARLY_SKIP, POOL, SCORE, SYNFLOW, side
from tests.metanp.test_canonical import rings
from tests.tiny_model import write_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny.safetensors")


@pytest.fixture
def model(checkpoint) -> MetaNP:
    return MetaNP(checkpoint)


@pytest.fixture
def fitted(model) -> MetaNP:
    return model.fit(CONTEXT, SCORE)


# --- what is evaluated ---


def test_nothing_evaluated_asks_for_the_prior(model):
    model.fit([], [])
    mean, std = model.predict(POOL, return_std=True)
    assert np.isfinite(mean).all()
    assert (std > 0).all()
    assert len(model.rank(POOL)) == len(POOL)


def test_one_evaluated_cell_sets_the_level(model):
    mean = model.fit(CONTEXT[:1], [93.0]).predict(POOL)
    assert (np.abs(mean - 93) < 20).all()


def test_a_cell_measured_again_is_legal_and_makes_the_prediction_surer(model):
    once = model.fit(CONTEXT[:4], SCORE[:4]).predict(CONTEXT[:1], return_std=True, noise=False)[1]
    again = [0, 1, 2, 3, *[0] * 12]
    jitter = np.array([0] * 4 + [-0.1, 0.1] * 6)
    model.fit([CONTEXT[i] for i in again], SCORE[again] + jitter)
    assert model.predict(CONTEXT[:1], return_std=True, noise=False)[1] < once


def test_evaluated_cells_are_left_out_by_what_they_compute(model):
    early, other = Cell.from_nasbench201(EARLY_SKIP), Cell.from_nasbench201(OTHER_EARLY_SKIP)
    pool = [other, *CELLS[20:30], early]
    model.fit([early, *CONTEXT], [91.0, *SCORE])
    assert not {0, 11} & set(model.rank(pool).index)
    assert {0, 11} <= set(model.rank(pool, include_evaluated=True).index)


def test_a_cell_that_refinement_cannot_tell_from_an_evaluated_one_is_still_ranked(model):
    model.fit([rings(12)], [1.0])
    assert model.rank([rings(12), rings(6, 6)]).index.tolist() == [1]


# --- side features ---


def test_side_features_change_predictions_and_missing_ones_do_not(fitted, checkpoint):
    model = MetaNP(checkpoint).fit(CONTEXT, SCORE, features=side(slice(12)))
    known = model.predict(POOL, features=side(slice(12, None)))
    assert np.abs(known - fitted.predict(POOL)).max() > 1e-4
    nothing = {"flops": [None] * len(POOL), "synflow": [np.nan] * len(POOL)}
    assert np.array_equal(model.predict(POOL), model.predict(POOL, features=nothing))
    assert not np.array_equal(model.predict(POOL), known)


def test_side_features_come_as_a_table_or_by_name_in_any_order(model):
    table = side(slice(12))
    model.fit(CONTEXT, SCORE, features=table.set_index(np.arange(100, 112)))
    expected = model.predict(POOL, features=side(slice(12, None)))
    model.fit(CONTEXT, SCORE, features={"synflow": list(table.synflow), "flops": table.flops.to_numpy()})
    swapped = {"flops": FLOPS[12:], "synflow": SYNFLOW[12:]}
    np.testing.assert_allclose(model.predict(POOL, features=swapped), expected, rtol=1e-5)


def test_cells_alike_in_graph_and_side_features_are_predicted_alike(model):
    model.fit(CONTEXT, SCORE, features=side(slice(12)))
    early, other = Cell.from_nasbench201(EARLY_SKIP), Cell.from_nasbench201(OTHER_EARLY_SKIP)
    pool = model.encode([early, *POOL, other], features={"flops": [50.0, *FLOPS[12:], 50.0]})
    mean = model.predict(pool)
    assert mean[0] == mean[-1]
    assert np.array_equal(model.rank(pool).index, sorted(model.rank(pool).index, key=lambda i: (-mean[i], i)))


def test_units_of_side_features_do_not_matter(model):
    expected = model.fit(CONTEXT, SCORE, features={"flops": FLOPS[:12]}).predict(POOL, features={"flops": FLOPS[12:]})
    model.fit(CONTEXT, SCORE, features={"flops": 1e6 * FLOPS[:12]})
    np.testing.assert_allclose(model.predict(POOL, features={"flops": 1e6 * FLOPS[12:]}), expected, rtol=1e-5)


def test_one_cell_with_different_side_features_is_predicted_differently_but_drawn_and_ranked(model):
    model.fit(CONTEXT, SCORE, features={"flops": FLOPS[:12]})
    pool = model.encode([POOL[0]] * 3, features={"flops": [20.0, None, 200.0]})
    assert len(set(model.predict(pool))) == 3
    assert model.sample(pool, 2).shape == (2, 3)
    assert sorted(model.rank(pool).index) == [0, 1, 2]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"flops": [1.0, 2.0]}, r"side feature 'flops' has 2 values for 12 cells"),
        ({"flops": [1.0] * 11 + [np.inf]}, r"side feature 'flops' is infinite at cell 11"),
        ({"flops": ["small"] * 12}, r"side feature 'flops': .*'small'.*; expected one number a cell"),
        ({"flops": np.ones((12, 2))}, r"side feature .flops.: values of shape"),
    ],
)
def test_side_features_that_do_not_fit_are_refused_by_name(model, features, message):
    with pytest.raises(ValueError, match=message):
        model.fit(CONTEXT, SCORE, features=features)


def test_a_side_feature_that_fit_did_not_see_is_refused_by_name(model):
    model.fit(CONTEXT, SCORE, features={"flops": FLOPS[:12]})
    with pytest.raises(ValueError, match=r"side features \['synflow'\] were not given to fit"):
        model.predict(POOL, features=side(slice(12, None)))


def test_side_features_belong_to_encode_where_the_pool_is_encoded(model):
    model.fit(CONTEXT, SCORE, features={"flops": FLOPS[:12]})
    with pytest.raises(ValueError, match=r"give side features to encode\(\)"):
        model.rank(model.encode(POOL), features={"flops": FLOPS[12:]})


# --- what is refused ---


@pytest.mark.parametrize("ask", ["predict", "rank", "sample"])
def test_asked_before_fit_it_says_so(model, ask):
    with pytest.raises(NotFittedError, match="call fit") as caught:
        getattr(model, ask)(POOL)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, AttributeError)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, None])
def test_a_score_that_is_no_finite_number_is_refused_by_naming_the_cell(model, bad):
    scores = SCORE.astype(object)
    scores[[4, 7]] = bad
    with pytest.raises(ValueError, match="the score of cell 4 is"):
        model.fit(CONTEXT, scores)


@pytest.mark.parametrize("scores", [SCORE[:-1], SCORE[:, None], np.float64(1) * np.ones(0)])
def test_scores_that_do_not_match_the_cells_are_refused(model, scores):
    with pytest.raises(ValueError, match="12 cells but scores of shape"):
        model.fit(CONTEXT, scores)


def test_a_fit_that_is_refused_leaves_the_model_as_it_was(fitted):
    expected = fitted.predict(POOL)
    with pytest.raises(ValueError, match="cell 0"):
        fitted.fit(CONTEXT[:1], [np.nan])
    assert np.array_equal(fitted.predict(POOL), expected)


@pytest.mark.parametrize("ask", ["predict", "rank", "sample", "encode"])
def test_an_empty_pool_is_refused(fitted, ask):
    with pytest.raises(ValueError, match="the pool of candidates is empty"):
        getattr(fitted, ask)([])


@pytest.mark.parametrize("k", [0, -1, 49, 10_000])
def test_a_k_that_the_pool_does_not_have_is_refused_with_the_number_it_has(fitted, k):
    with pytest.raises(ValueError, match=rf"k is {k}, but there are \d+ candidates to rank"):
        fitted.rank(POOL, k=k)


def test_a_pool_of_evaluated_cells_alone_is_refused(fitted):
    with pytest.raises(ValueError, match="there are 0 candidates to rank"):
        fitted.rank(CONTEXT)


def test_no_draw_at_all_is_refused(fitted):
    with pytest.raises(ValueError, match="n is 0"):
        fitted.sample(POOL, 0)


def test_a_pool_of_another_checkpoint_is_refused(fitted, tmp_path):
    other = MetaNP(write_checkpoint(tmp_path / "other.safetensors", seed=1))
    with pytest.raises(ValueError, match=r"the pool was encoded by '.*other\.safetensors'"):
        fitted.predict(other.encode(POOL))


def test_an_unknown_checkpoint_is_refused_by_name():
    with pytest.raises(CheckpointError, match="no checkpoint 'labelfree'"):
        MetaNP("labelfree")
