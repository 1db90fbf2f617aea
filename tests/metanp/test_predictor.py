"""MetaNP's answers: their shape and units, and all that must not matter to them.

The checkpoint has random weights: what is tested holds for any. One test asks the shipped one, where there is one.
"""

import numpy as np
import pytest
import torch
from sklearn.base import clone

from metanp import Cell, CellArray, MetaNP, NotFittedError
from metanp.checkpoint import shipped_names
from metanp.spaces import get_space
from tests.evaluated_cells import CONTEXT, EARLY_SKIP, FLOPS, OTHER_EARLY_SKIP, POOL, SCORE, text
from tests.metanp.cell_families import FAMILIES
from tests.metanp.cell_families import cell as cell_of
from tests.tiny_model import tiny_config, write_checkpoint


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


# --- what comes out ---


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


def test_an_interval_holds_as_many_draws_as_it_promises(fitted):
    draws = np.concatenate([fitted.sample(POOL, 400, seeded(i)) for i in range(10)])
    lower, upper = fitted.predict_interval(POOL, 0.8, noise=False)
    assert lower.shape == upper.shape == (len(POOL),)
    inside = ((draws >= lower) & (draws <= upper)).mean()
    assert inside == pytest.approx(0.8, abs=0.04)
    wider = fitted.predict_interval(POOL, 0.8)
    assert (wider[0] < lower).all()
    assert (wider[1] > upper).all()


def test_an_interval_is_mirrored_where_lower_is_better(fitted, model):
    lower, upper = fitted.predict_interval(POOL)
    down = model.fit(CONTEXT, -SCORE, maximize=False).predict_interval(POOL)
    np.testing.assert_allclose(down, (-upper, -lower), rtol=1e-4, atol=1e-4)


def test_quantiles_rise_with_their_probability_and_the_middle_one_lies_inside_the_interval(fitted):
    lower, middle, upper = fitted.predict_quantiles(POOL, [0.05, 0.5, 0.95])
    assert (lower < middle).all()
    assert (middle < upper).all()
    np.testing.assert_array_equal(fitted.predict_interval(POOL), (lower, upper))
    with pytest.raises(ValueError, match=r"1\.5 is no probability"):
        fitted.predict_quantiles(POOL, [0.5, 1.5])


@pytest.mark.parametrize("level", [0.0, 1.0, 90])
def test_an_interval_of_no_probability_is_refused(fitted, level):
    with pytest.raises(ValueError, match=f"level is {level}"):
        fitted.predict_interval(POOL, level)


def test_heads_of_little_weight_are_left_out_of_very_large_pools_and_the_rest_still_answers(fitted, monkeypatch):
    mean = fitted.predict(POOL)
    monkeypatch.setattr("metanp.reading.LARGE_POOL", 3)
    monkeypatch.setattr("metanp.reading.LARGE_POOL_HEAD_WEIGHT", 0.0)
    np.testing.assert_allclose(fitted.predict(POOL), mean, rtol=1e-5)
    monkeypatch.setattr("metanp.reading.LARGE_POOL_HEAD_WEIGHT", 1.0)  # the heaviest alone
    heaviest = fitted.predict(POOL)
    assert np.isfinite(heaviest).all()
    assert not np.allclose(heaviest, mean, rtol=1e-5)


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


# --- what must not matter ---


def test_isomorphic_cells_are_predicted_alike_and_the_first_given_stands_first(fitted):
    early, other = Cell.from_nasbench201(EARLY_SKIP), Cell.from_nasbench201(OTHER_EARLY_SKIP)
    assert early != other
    assert early.key == other.key
    pool = [*POOL[:9], other, *POOL[9:], early]
    mean, std = fitted.predict(pool, return_std=True)
    assert mean[9] == mean[-1]
    assert std[9] == std[-1]
    many = [early, other] * 40
    assert fitted.rank(many).index.tolist() == list(range(80))


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
    monkeypatch.setattr("metanp.reading.CHUNK", 7)
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


# --- scikit-learn's conventions, and other processes ---


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


@pytest.mark.skipif("default" not in shipped_names(), reason="metanp/checkpoints holds no default checkpoint yet")
def test_the_shipped_checkpoint_ranks_convolutions_above_pooling():
    """Three cells, six equal operations each, of known order: about 94 %, 90 % and 10 % on CIFAR-10."""
    convolutions, pools, dead = (Cell.from_nasbench201(text(*[i] * 6)) for i in (3, 4, 0))
    model = MetaNP.from_pretrained().fit(
        CONTEXT, [np.mean([n.startswith("conv") for n in c.operations]) for c in CONTEXT]
    )
    mean = model.predict([convolutions, pools, dead])
    assert mean[0] > mean[1]
    assert mean[0] > mean[2]


def test_huge_cells_are_predicted_by_finite_numbers_as_candidates_and_as_evaluated_cells():
    small = get_space("nasbench201").arrays()[np.arange(0, 15625, 800)].to_cells()
    huge = [cell_of(FAMILIES["residual"](2 * blocks)) for blocks in range(100, 401, 60)]
    candidates = [cell_of(FAMILIES[name](1000)) for name in ("residual", "layered", "equal branches")] + small
    rng = np.random.default_rng(0)
    for evaluated in (small, [*small, *huge], huge):
        predictor = MetaNP("label-free").fit(evaluated, rng.normal(size=len(evaluated)))
        assert np.isfinite(predictor.predict(candidates, return_std=True)).all()


def test_a_huge_cell_in_a_pool_does_not_change_what_is_said_of_the_others():
    small = get_space("nasbench201").arrays()[np.arange(0, 15625, 800)].to_cells()
    predictor = MetaNP("label-free").fit(small[:10], np.arange(10.0))
    mixed = predictor.predict([small[10], cell_of(FAMILIES["residual"](500)), *small[11:]])
    np.testing.assert_allclose(np.delete(mixed, 1), predictor.predict(small[10:]), rtol=1e-4)
