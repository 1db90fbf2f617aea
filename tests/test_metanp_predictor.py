"""MetaNP as a user meets it: what goes in, what comes out, in whose units, and what is refused.

The checkpoint has random weights: what is tested holds for any. One test asks the shipped one, where there is one.
"""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from metanp import Cell, CellArray, CheckpointError, MetaNP, NotFittedError
from metanp.checkpoint import ALIASES, shipped_names
from tests.test_metanp_canonical import rings
from tests.tiny_model import tiny_config, write_checkpoint

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")


def text(*digits: int) -> str:
    a, b, c, d, e, f = (OPERATIONS[i] for i in digits)
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


# Both compute one 1x1 convolution from input to output, past 0 -> 3 and past 0 -> 1 -> 3 with a skip kept in each.
EARLY_SKIP, OTHER_EARLY_SKIP = text(1, 0, 0, 0, 2, 0), text(0, 1, 0, 0, 0, 2)
RNG = np.random.default_rng(0)
CELLS = [Cell.from_nasbench201(text(*digits)) for digits in RNG.integers(0, 5, (60, 6))]
CONTEXT, POOL = CELLS[:12], CELLS[12:]
SCORE = RNG.normal(90, 2, len(CONTEXT))
FLOPS = RNG.uniform(20, 200, len(CELLS))
SYNFLOW = np.where(RNG.random(len(CELLS)) < 0.3, np.nan, RNG.normal(size=len(CELLS)))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny.safetensors")


@pytest.fixture
def model(checkpoint) -> MetaNP:
    return MetaNP(checkpoint)


@pytest.fixture
def fitted(model) -> MetaNP:
    return model.fit(CONTEXT, SCORE)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def side(rows: slice) -> pd.DataFrame:
    return pd.DataFrame({"flops": FLOPS[rows], "synflow": SYNFLOW[rows]})


# --- what comes out ---------------------------------------------------------------------------------------------


def test_a_prediction_has_one_finite_mean_and_a_positive_spread_for_each_cell(fitted):
    mean, std = fitted.predict(POOL, return_std=True)
    assert mean.shape == std.shape == (len(POOL),)
    assert mean.dtype == std.dtype == np.float64
    assert np.isfinite(mean).all()
    assert (std > 0).all()
    assert np.array_equal(fitted.predict(POOL), mean)


def test_the_score_itself_is_surer_than_a_new_measurement_of_it(fitted):
    _, std = fitted.predict(POOL, return_std=True)
    mean, without = fitted.predict(POOL, return_std=True, noise=False)
    assert (without < std).all()
    np.testing.assert_allclose(mean, fitted.predict(POOL), atol=0.2 * std.max())


def test_a_ranking_is_sorted_by_predicted_mean_and_says_where_each_cell_stood(fitted):
    ranking, (mean, std) = fitted.rank(POOL, k=10), fitted.predict(POOL, return_std=True)
    assert len(ranking) == len(ranking.cells) == len(ranking.p_top) == 10
    assert ranking.cells == [POOL[i] for i in ranking.index]
    assert np.array_equal(ranking.mean, mean[ranking.index])
    assert np.array_equal(ranking.std, std[ranking.index])
    assert (np.diff(ranking.mean) <= 0).all()
    others = [i for i in range(len(POOL)) if i not in ranking.index and POOL[i].key not in {c.key for c in CONTEXT}]
    assert ranking.mean.min() >= mean[others].max()


def test_without_k_every_candidate_is_ranked_once(fitted):
    ranking = fitted.rank(POOL, include_evaluated=True)
    assert sorted(ranking.index) == list(range(len(POOL)))


def test_the_probability_of_the_top_is_that_of_joint_draws(fitted):
    k = 5
    ranking = fitted.rank(POOL, k=k, include_evaluated=True)
    draws = np.concatenate([fitted.sample(POOL, 500, seeded(i)) for i in range(8)])
    threshold = np.sort(draws, axis=1)[:, -k]
    expected = (draws >= threshold[:, None]).mean(0)[ranking.index]
    assert (ranking.p_top >= 0).all()
    assert (ranking.p_top <= 1).all()
    np.testing.assert_allclose(ranking.p_top, expected, atol=0.12)


def test_every_candidate_is_in_the_top_of_all(fitted):
    assert (fitted.rank(POOL, k=len(POOL), include_evaluated=True).p_top == 1).all()


def test_draws_have_their_shape_and_repeat_with_their_seed(fitted):
    one, same, other = (fitted.sample(POOL, 7, seeded(seed)) for seed in (1, 1, 2))
    assert one.shape == (7, len(POOL))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert not np.array_equal(fitted.sample(POOL, 7), fitted.sample(POOL, 7))


def test_draws_have_the_predicted_mean_and_spread(fitted):
    draws = np.concatenate([fitted.sample(POOL, 400, seeded(i)) for i in range(10)])
    mean, std = fitted.predict(POOL, return_std=True, noise=False)
    np.testing.assert_allclose(draws.mean(0), mean, atol=0.2 * std.mean())
    np.testing.assert_allclose(draws.std(0), std, rtol=0.25)


def test_one_draw_gives_the_same_cell_one_value(fitted):
    draws = fitted.sample([*POOL[:5], *POOL[:5]], 20, seeded(0))
    np.testing.assert_allclose(draws[:, :5], draws[:, 5:], rtol=1e-5)


# --- what must not matter -----------------------------------------------------------------------------------------


def test_isomorphic_cells_are_predicted_alike_and_the_first_given_stands_first(fitted):
    early, other = Cell.from_nasbench201(EARLY_SKIP), Cell.from_nasbench201(OTHER_EARLY_SKIP)
    assert early != other
    assert early.key == other.key
    pool = [*POOL[:9], other, *POOL[9:], early]
    mean, std = fitted.predict(pool, return_std=True)
    assert mean[9] == mean[-1]
    assert std[9] == std[-1]
    order = fitted.rank(pool, include_evaluated=True).index.tolist()
    assert order.index(9) < order.index(len(pool) - 1)


def test_the_order_of_the_candidates_does_not_matter(fitted):
    order = np.random.default_rng(1).permutation(len(POOL))
    assert np.array_equal(fitted.predict([POOL[i] for i in order]), fitted.predict(POOL)[order])


def test_the_order_of_the_evaluated_cells_does_not_matter(fitted, model):
    expected, order = fitted.predict(POOL), np.random.default_rng(1).permutation(len(CONTEXT))
    model.fit([CONTEXT[i] for i in order], SCORE[order])
    np.testing.assert_allclose(model.predict(POOL), expected, rtol=1e-3)


def test_candidates_as_arrays_give_what_cells_give(fitted):
    array = CellArray.from_cells(POOL)
    assert np.array_equal(fitted.predict(array), fitted.predict(POOL))
    assert fitted.rank(array, k=4).cells == fitted.rank(array.to_cells(), k=4).cells


def test_a_pool_encoded_once_serves_many_contexts_with_the_same_numbers(model):
    pool = model.encode(POOL)
    for n in (0, 3, 12):
        model.fit(CONTEXT[:n], SCORE[:n])
        for one, other in zip(*(model.predict(p, return_std=True) for p in (pool, POOL)), strict=True):
            assert np.array_equal(one, other)
        assert np.array_equal(model.rank(pool, k=5).index, model.rank(POOL, k=5).index)
        assert np.array_equal(model.rank(pool, k=5).p_top, model.rank(POOL, k=5).p_top)
        assert np.array_equal(model.sample(pool, 3, seeded(0)), model.sample(POOL, 3, seeded(0)))


def test_answers_in_pieces_are_the_answers_at_once(fitted, monkeypatch):
    mean, draws = fitted.predict(POOL), fitted.sample(POOL, 4, seeded(0))
    monkeypatch.setattr("metanp.predictor.CHUNK", 7)
    monkeypatch.setattr("metanp.pool.CHUNK", 5)
    np.testing.assert_allclose(fitted.predict(POOL), mean, rtol=1e-5)
    np.testing.assert_allclose(fitted.sample(POOL, 4, seeded(0)), draws, rtol=1e-5)


@pytest.mark.parametrize(("scale", "shift"), [(0.01, 0.0), (1000.0, -5.0)])
def test_predictions_come_in_the_units_of_the_scores(fitted, checkpoint, scale, shift):
    other = MetaNP(checkpoint).fit(CONTEXT, scale * SCORE + shift)
    (mean, std), (other_mean, other_std) = (m.predict(POOL, return_std=True) for m in (fitted, other))
    np.testing.assert_allclose(other_mean, scale * mean + shift, rtol=1e-4)
    np.testing.assert_allclose(other_std, scale * std, rtol=1e-3)
    assert np.array_equal(fitted.rank(POOL, k=20).index, other.rank(POOL, k=20).index)


def test_where_lower_is_better_everything_is_mirrored(fitted, checkpoint):
    other = MetaNP(checkpoint).fit(CONTEXT, -SCORE, maximize=False)
    (mean, std), (other_mean, other_std) = (m.predict(POOL, return_std=True) for m in (fitted, other))
    assert np.array_equal(other_mean, -mean)
    assert np.array_equal(other_std, std)
    one, two = fitted.rank(POOL, k=9), other.rank(POOL, k=9)
    assert np.array_equal(one.index, two.index)
    assert np.array_equal(one.p_top, two.p_top)
    assert (np.diff(two.mean) >= 0).all()
    assert np.array_equal(fitted.sample(POOL, 3, seeded(0)), -other.sample(POOL, 3, seeded(0)))


# --- what is evaluated --------------------------------------------------------------------------------------------


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


# --- side features ------------------------------------------------------------------------------------------------


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
        ({"flops": [pd.NA] * 12}, r"side feature 'flops': "),
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


# --- what is refused ----------------------------------------------------------------------------------------------


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


def test_strings_are_no_cells_and_the_error_says_how_to_make_them(fitted):
    with pytest.raises(ValueError, match=r"cell 1 is '\|none.*make one with Cell.from_nasbench201"):
        fitted.predict([POOL[0], text(0, 0, 0, 0, 0, 0)])
    with pytest.raises(ValueError, match="cell 0 is"):
        fitted.fit([text(1, 1, 1, 1, 1, 1)], [1.0])


def test_an_unknown_checkpoint_is_refused_by_name():
    with pytest.raises(CheckpointError, match="no checkpoint 'labelfree'"):
        MetaNP("labelfree")


# --- scikit-learn's conventions, and other processes --------------------------------------------------------------


def test_clone_gives_the_same_model_unfitted(fitted):
    copy = clone(fitted)
    with pytest.raises(NotFittedError):
        copy.predict(POOL)
    assert np.array_equal(copy.fit(CONTEXT, SCORE).predict(POOL), fitted.predict(POOL))


def test_settings_can_be_read_and_changed(fitted, tmp_path, checkpoint):
    assert fitted.get_params() == {"checkpoint": checkpoint, "device": "cpu"}
    other = write_checkpoint(tmp_path / "other.safetensors", seed=1)
    expected = MetaNP.from_pretrained(other).fit(CONTEXT, SCORE).predict(POOL)
    assert np.array_equal(fitted.set_params(checkpoint=other).fit(CONTEXT, SCORE).predict(POOL), expected)
    with pytest.raises(ValueError, match=r"no setting \['chekpoint'\]; it has \['checkpoint', 'device'\]"):
        fitted.set_params(chekpoint="default")


@pytest.mark.parametrize("latents", [0, 3])
def test_the_textbook_processes_answer_the_same_questions(tmp_path, latents):
    path = write_checkpoint(tmp_path / "m.safetensors", config=tiny_config("convcnp", latents))
    model = MetaNP(path).fit(CONTEXT, SCORE, features={"flops": FLOPS[:12]})
    expected = MetaNP(path).fit(CONTEXT, SCORE).predict(POOL)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(model.predict(POOL), expected, rtol=1e-5)  # they read no side feature
    assert len(model.rank(POOL, k=3)) == 3
    assert model.sample(POOL, 4, seeded(0)).shape == (4, len(POOL))
    assert np.isfinite(MetaNP(path).fit([], []).predict(POOL)).all()


@pytest.mark.skipif(
    ALIASES["default"] not in shipped_names(), reason="metanp/checkpoints holds no default checkpoint yet"
)
def test_the_shipped_checkpoint_ranks_convolutions_above_pooling():
    """Three cells, six equal operations each, of known order: about 94 %, 90 % and 10 % on CIFAR-10."""
    convolutions, pools, dead = (Cell.from_nasbench201(text(*[i] * 6)) for i in (3, 4, 0))
    model = MetaNP.from_pretrained().fit(
        CONTEXT, [np.mean([n.startswith("conv") for n in c.operations]) for c in CONTEXT]
    )
    mean = model.predict([convolutions, pools, dead])
    assert mean[0] > mean[1]
    assert mean[0] > mean[2]
