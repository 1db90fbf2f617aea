"""The score transform: a strictly increasing map of the evaluated scores alone, so that units never matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metanp.score_transform import ScoreTransform
from metanp.side import standardise_side

# accuracies with a ceiling, ties and a failure
ACCURACY = np.array([10.0, 71.2, 88.0, 88.0, 90.1, 91.0, 91.3, 93.5])
GRID = np.linspace(-50, 150, 2001)
many_scores = st.lists(st.integers(-1000, 1000).map(lambda i: i / 8), min_size=2, max_size=30)


@given(many_scores)
def test_the_map_is_strictly_increasing(scores):
    transform = ScoreTransform.fit(np.array(scores))
    assert (np.diff(transform.forward(GRID)) > 0).all()


@given(many_scores)
def test_the_inverse_brings_every_score_back_beyond_the_ends_too(scores):
    transform = ScoreTransform.fit(np.array(scores))
    np.testing.assert_allclose(transform.inverse(transform.forward(GRID)), GRID, atol=1e-8)


@given(many_scores, st.sampled_from([1e-9, 0.01, 3.0, 1e9]), st.sampled_from([-7.0, 0.0, 1000.0]))
def test_units_do_not_matter(scores, scale, shift):
    scores = np.array(scores)
    if len(np.unique(scores)) > 1:
        shift = shift * scale  # keeps the differences between scores above rounding
        one, other = ScoreTransform.fit(scores), ScoreTransform.fit(scale * scores + shift)
        np.testing.assert_allclose(other.forward(scale * GRID + shift), one.forward(GRID), rtol=1e-6, atol=1e-6)


@given(many_scores, st.randoms(use_true_random=False))
def test_the_order_of_the_evaluated_cells_does_not_matter(scores, random):
    shuffled = scores.copy()
    random.shuffle(shuffled)
    one, other = (ScoreTransform.fit(np.array(s)) for s in (scores, shuffled))
    np.testing.assert_allclose(one.forward(GRID), other.forward(GRID), rtol=1e-9, atol=1e-9)


def test_the_evaluated_scores_themselves_get_mean_0_and_variance_1():
    value = ScoreTransform.fit(ACCURACY).forward(ACCURACY)
    assert value.mean() == pytest.approx(0, abs=1e-12)
    assert value.std() == pytest.approx(1)


def test_equal_scores_get_equal_values_and_a_failure_does_not_crowd_the_others():
    value = ScoreTransform.fit(ACCURACY).forward(ACCURACY)
    assert value[2] == value[3]
    linear = (ACCURACY - ACCURACY.mean()) / ACCURACY.std()
    spread, before = np.ptp(value[1:]), np.ptp(linear[1:])
    assert spread > 1.5 * before


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e200])
def test_scores_whose_squares_are_no_floats_are_no_problem(scale):
    values = ScoreTransform.fit(scale * ACCURACY).forward(scale * ACCURACY)
    np.testing.assert_allclose(values, ScoreTransform.fit(ACCURACY).forward(ACCURACY))


def test_no_score_at_all_is_the_identity():
    transform = ScoreTransform.fit(np.zeros(0))
    assert np.array_equal(transform.forward(GRID), GRID)
    assert np.array_equal(transform.inverse(GRID), GRID)


@pytest.mark.parametrize(("scores", "spread"), [([93.0], 9.3), ([93.0, 93.0], 9.3), ([-4.0], 0.4), ([0.0], 1.0)])
def test_one_score_gives_the_level_and_a_tenth_of_it_as_spread(scores, spread):
    transform = ScoreTransform.fit(np.array(scores))
    assert transform.forward(np.array(scores)).tolist() == [0.0] * len(scores)
    np.testing.assert_allclose(transform.inverse(np.array([-1.0, 1.0])), [scores[0] - spread, scores[0] + spread])


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (1.8, 0.3), (-2.0, 0.9), (0.4, 0.01)])
def test_mean_and_spread_in_the_users_units_agree_with_many_draws(mean, std):
    transform = ScoreTransform.fit(ACCURACY)
    draws = transform.inverse(mean + std * np.random.default_rng(0).standard_normal(400_000))
    centre, spread = transform.inverse_moments(np.array([mean]), np.array([std]))
    assert centre[0] == pytest.approx(draws.mean(), abs=0.03 * draws.std())
    assert spread[0] == pytest.approx(draws.std(), rel=0.05)


def test_mean_and_spread_are_exact_where_the_map_is_a_line():
    transform = ScoreTransform.fit(np.array([1.0, 3.0]))
    line = (transform.inverse(np.array([1.0])) - transform.inverse(np.array([0.0])))[0]
    centre, spread = transform.inverse_moments(np.array([0.5]), np.array([2.0]))
    np.testing.assert_allclose([centre[0], spread[0]], [2 + 0.5 * line, 2 * line])


def test_side_features_stand_on_the_scale_of_the_evaluated_cells_and_stay_missing_where_missing():
    context = np.array([[1.0, 5.0], [3.0, np.nan], [2.0, 7.0]])
    cells = np.array([[2.0, np.nan], [np.nan, 6.0], [1e9, -1e9]])
    scaled = standardise_side(context, cells)
    assert np.isnan(scaled).tolist() == [[False, True], [True, False], [False, False]]
    np.testing.assert_allclose([scaled[0, 0], scaled[1, 1]], [0, 0], atol=1e-12)
    assert scaled[2].tolist() == [4, -4]


def test_a_side_feature_that_no_evaluated_cell_has_stays_missing():
    assert np.isnan(standardise_side(np.array([[np.nan]]), np.array([[1e8], [2e8]]))).all()
    assert standardise_side(np.zeros((0, 1)), np.array([[1e8]])).shape == (1, 1)
