"""Shortlists: rules on draws that are known, and what a model chooses of a pool."""

import numpy as np
import pytest

from metanp import Cell, MetaNP
from metanp.shortlist import (
    CONTENDERS,
    RULES,
    Drawn,
    chance_of_top,
    contenders,
    highest_expected_best,
    in_turns,
    most_often_best,
    most_often_top,
    winners,
)
from metanp.spaces import get_space
from tests.evaluated_cells import CONTEXT, POOL, SCORE, side
from tests.tiny_model import write_checkpoint


def drawn(values, others=None) -> Drawn:
    """Draws of contenders, of which the first may be highest."""
    values = np.asarray(values, dtype=float)
    return Drawn(values, values.mean(0), np.full(len(values), -np.inf) if others is None else np.asarray(others))


# two are good together, a third when they are bad
TOGETHER = [[5.0, 4.9, 0.0], [5.0, 4.9, 0.0], [0.0, 0.1, 3.0]]


def test_the_most_often_best_of_all_come_first_then_the_mean_decides():
    assert most_often_best(drawn(TOGETHER), 3).tolist() == [0, 2, 1]
    assert most_often_best(drawn([[1.0, 2.0, 0.0, 1.5]]), 4).tolist() == [1, 3, 0, 2]


def test_what_others_find_need_not_be_looked_for():
    assert most_often_best(drawn(TOGETHER, others=[9.0, 9.0, 0.0]), 1).tolist() == [2]
    assert highest_expected_best(drawn(TOGETHER, others=[5.0, 5.0, 0.0]), 1).tolist() == [2]


def test_turns_alternate_and_no_candidate_has_two():
    # most is expected of 1, which is also the most often best; 3 is the next of these; 0 may be the highest
    values = [[0.0, 5.0, 4.9, 0.0], [0.0, 5.0, 4.9, 0.0], [0.0, 0.0, 0.1, 3.0]]
    assert in_turns(drawn(values), 4).tolist() == [1, 3, 0, 2]
    assert in_turns(drawn(TOGETHER), 3).tolist() == [0, 2, 1]


def test_a_set_of_the_highest_expected_best_spreads_over_draws_that_differ():
    assert highest_expected_best(drawn(TOGETHER), 2).tolist() == [0, 2]


def test_without_a_hope_of_more_the_mean_decides():
    assert highest_expected_best(drawn([[1.0, 2.0, 1.5]], others=[9.0]), 3).tolist() == [1, 2, 0]


def test_the_expected_best_is_that_of_all_sets_where_one_pick_after_another_finds_it():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 8)) * rng.uniform(0.2, 2, size=8)
    first = highest_expected_best(drawn(values), 1)[0]
    assert first == values.mean(0).argmax()
    pair = highest_expected_best(drawn(values), 2)
    best = max(np.maximum(values[:, first], values[:, j]).mean() for j in range(8) if j != first)
    assert np.maximum(values[:, pair[0]], values[:, pair[1]]).mean() == pytest.approx(best)


def test_the_expected_number_of_the_top_is_what_top_raises():
    assert most_often_top(drawn([[3.0, 2.0, 1.0], [0.0, 2.0, 1.0]]), 2)[0] == 1
    assert chance_of_top(np.array([[3.0, 2.0, 1.0], [0.0, 2.0, 1.0]]), 2).tolist() == [0.5, 1.0, 0.5]
    assert chance_of_top(np.zeros((2, 3)), 5).tolist() == [1, 1, 1]


def test_each_draw_has_one_winner():
    assert winners(drawn(TOGETHER), 3).tolist() == [0, 1, 2]
    assert winners(drawn(TOGETHER), 1).tolist() == [0]


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_takes_one_twice_and_the_first_are_the_shortlist_of_so_many(rule):
    rng = np.random.default_rng(1)
    known = drawn(rng.normal(size=(64, 9)))
    for k in (1, 4, 9, 20):
        rows = RULES[rule](known, k).tolist()
        assert len(set(rows)) == len(rows) == min(k, 9)
        if rule != "top":  # the set of the most probable top k is another one for each k
            assert rows[:4] == RULES[rule](known, 4).tolist()[: len(rows)]


def test_contenders_have_a_high_upper_end_or_a_high_mean():
    rng = np.random.default_rng(2)
    upper, mean = rng.normal(size=(2, 3 * CONTENDERS))
    rows = contenders(upper, mean, 1)
    assert len(set(rows.tolist())) == len(rows)
    assert {upper.argmax(), mean.argmax()} <= {*rows.tolist()}
    assert CONTENDERS <= len(rows) < 2 * CONTENDERS
    assert len(contenders(upper, mean, CONTENDERS)) == len(upper)


# --- of a pool ---


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> MetaNP:
    return MetaNP(write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny.safetensors")).fit(CONTEXT, SCORE)


def test_a_shortlist_says_of_each_what_predict_says(fitted):
    chosen = fitted.shortlist(POOL, k=6)
    mean, std = fitted.predict(POOL, return_std=True)
    assert chosen.cells == [POOL[i] for i in chosen.index]
    np.testing.assert_allclose([chosen.mean, chosen.std], [mean[chosen.index], std[chosen.index]], rtol=1e-5)
    lower, upper = fitted.predict_interval(POOL)[:, chosen.index]
    np.testing.assert_allclose([chosen.lower, chosen.upper], [lower, upper], rtol=1e-5)
    assert ((chosen.p_top >= 0) & (chosen.p_top <= 1)).all()
    assert "The 6 to train next" in repr(chosen.plot())


def test_ten_are_the_usual_number_and_none_was_evaluated(fitted):
    chosen = fitted.shortlist(POOL)
    assert len(chosen) == 10
    assert not {cell.key for cell in chosen.cells} & {cell.key for cell in CONTEXT}
    assert len({cell.key for cell in chosen.cells}) == 10


@pytest.mark.parametrize("by", RULES)
def test_every_rule_is_the_same_for_an_encoded_pool_and_in_any_unit(fitted, by):
    chosen = fitted.shortlist(fitted.encode(POOL), k=5, by=by).index.tolist()
    assert fitted.shortlist(POOL, k=5, by=by).index.tolist() == chosen
    losses = MetaNP(fitted.checkpoint).fit(CONTEXT, -SCORE, maximize=False)
    assert losses.shortlist(POOL, k=5, by=by).index.tolist() == chosen


def test_of_candidates_that_compute_the_same_one_is_chosen_as_long_as_there_are_others(fitted):
    twice = [*POOL[:8], *POOL[:8]]
    new = len({cell.key for cell in POOL[:8]} - {cell.key for cell in CONTEXT})
    assert len({cell.key for cell in fitted.shortlist(twice, k=new).cells}) == new
    more = fitted.shortlist(twice, k=new + 1)
    assert len({cell.key for cell in more.cells}) == new
    assert len({*more.index.tolist()}) == new + 1


def test_of_cells_that_differ_in_side_features_alone_the_better_one_is_chosen(fitted):
    flops = np.linspace(1, 2, len(CONTEXT))
    model = MetaNP(fitted.checkpoint).fit(CONTEXT, flops, features={"flops": flops})
    new = next(cell for cell in POOL if cell.key not in {one.key for one in CONTEXT})
    others = [cell for cell in POOL if cell.key != new.key][:6]
    low_first = {"flops": [1.0, *[1.0] * len(others), 2.0]}
    assert len(others) + 1 in model.shortlist([new, *others, new], k=1, features=low_first).index


@pytest.mark.parametrize("by", RULES)
def test_more_than_there_are_draws(fitted, by):
    cells = get_space("nasbench201").arrays()[::16]
    chosen = fitted.shortlist(cells, k=600, by=by)
    assert len({*chosen.index.tolist()}) == len({cell.key for cell in chosen.cells}) == 600


def test_where_all_are_asked_for_they_are_ranked(fitted):
    whole = fitted.shortlist(POOL, k=len(POOL), include_evaluated=True)
    assert whole.index.tolist() == fitted.rank(POOL, include_evaluated=True).index.tolist()


def test_the_best_of_a_shortlist_is_expected_to_be_better_than_that_of_the_best_means(fitted):
    """By the model's own draws, which the rule that raises it is made of."""
    draws = fitted.sample(POOL, 2000, rng=1)
    of = {name: draws[:, index].max(1).mean() for name, index in (
        ("mean", fitted.rank(POOL, k=4).index), ("set", fitted.shortlist(POOL, k=4, by="expected_best").index)
    )}  # fmt: skip
    assert of["set"] >= of["mean"] - 0.02


def test_side_features_and_a_first_label_are_not_needed(fitted):
    model = MetaNP(fitted.checkpoint).fit([], [])
    assert len(model.shortlist(POOL, k=3)) == 3
    model.fit(CONTEXT, SCORE, side(slice(12)))
    assert len(model.shortlist(POOL, k=3, features=side(slice(12, None)))) == 3


def test_a_shortlist_of_nothing_and_an_unknown_rule_are_refused(fitted):
    with pytest.raises(ValueError, match="k is 99, but there are"):
        fitted.shortlist(POOL[:20], k=99)
    with pytest.raises(ValueError, match="k is 0"):
        fitted.shortlist(POOL, k=0)
    with pytest.raises(ValueError, match="shortlist by='bst'; nearest: best"):
        fitted.shortlist(POOL, by="bst")
    for by in (None, ["best"]):
        with pytest.raises(ValueError, match="shortlist by="):
            fitted.shortlist(POOL, by=by)
    with pytest.raises(ValueError, match="is empty"):
        fitted.shortlist([])
    with pytest.raises(ValueError, match="candidates to rank"):
        fitted.shortlist([Cell(CONTEXT[0].operations, CONTEXT[0].edges)], k=1)
