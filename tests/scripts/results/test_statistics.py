"""Statistics of a leaderboard are those worked by hand."""

import math
import re

import numpy as np
import pytest
from scipy.stats import t

from scripts.results.statistics import (
    critical_difference,
    crossed,
    frame,
    groups,
    holm,
    interval,
    paired,
    ranking,
)
from tests.conftest import ROOT


def table(*by_seed):
    """A training seed's tau on every label set each; None for a failed fit."""
    return np.array(by_seed, dtype=float)


def rows(*by_seed, predictor="a", **more):
    """Rows of one predictor, as `table`."""
    return [
        {"predictor": predictor, "seed": seed, "set": number, "labels": 20, "shown": "c", "scored": "c"}
        | {"status": "error" if tau is None else "ok", "tau": tau}
        | more
        for seed, taus in enumerate(by_seed)
        for number, tau in enumerate(taus)
    ]


def test_a_single_seeds_difference_is_students_paired_one():
    # differences .1, .2, .3: mean .2, standard error .1 / sqrt(3), t(.975, 2) = 4.3027
    found = paired(table([0.5, 0.5, 0.5]), table([0.4, 0.3, 0.2]))
    assert found.mean == pytest.approx(0.2)
    assert found.half == pytest.approx(4.3027 * 0.1 / 3**0.5, rel=1e-4)
    assert found.p == pytest.approx(2 * t.sf(0.2 / (0.1 / 3**0.5), 2))
    assert found.sign == 0


def test_several_seeds_widen_the_interval_by_the_spread_of_their_means():
    # d = [[.1, .2, .3], [.3, .4, .5]]; set means .2 .3 .4: variance .01, over 3 sets .00333; seed means .2 .4:
    # variance .02, over 2 seeds .01; together .01333 on .01333^2 / (.00333^2 / 2 + .01^2 / 1) = 1.6842 degrees
    found = paired(table([0.1, 0.2, 0.3], [0.3, 0.4, 0.5]), table([0.0, 0.0, 0.0]))
    assert found.mean == pytest.approx(0.3)
    assert found.half == pytest.approx(t.ppf(0.975, 1.68421) * 0.013333**0.5, rel=1e-4)


def test_a_difference_the_other_way_round_has_the_other_sign_and_the_same_interval():
    mine, other = table([0.6, 0.7, 0.8], [0.5, 0.8, 0.9]), table([0.4, 0.6, 0.5], [0.5, 0.55, 0.7])
    there, back = paired(mine, other), paired(other, mine)
    assert (there.mean, there.half, there.p) == pytest.approx((-back.mean, back.half, back.p))


def test_the_other_predictors_seeds_are_averaged_in_each_set():
    other = table([0.2, 0.3, 0.4], [0.4, 0.5, 0.6])
    assert paired(table([0.5, 0.5, 0.5]), other).mean == pytest.approx(0.1)


def test_a_failed_fit_leaves_its_label_set_out_for_both():
    found = paired(table([0.5, None, 0.5, 0.9]), table([0.4, 0.9, 0.3, 0.8]))
    assert found == paired(table([0.5, 0.5, 0.9]), table([0.4, 0.3, 0.8]))
    two_seeds = paired(table([0.5, 0.6, 0.5], [0.5, None, 0.7]), table([0.1, 9.0, 0.1]))
    assert two_seeds == paired(table([0.5, 0.5], [0.5, 0.7]), table([0.1, 0.1]))


def test_a_status_other_than_ok_counts_as_missing_whatever_its_number():
    late = frame(rows([0.5, 0.6], status="timeout") + rows([0.1, 0.2], predictor="b"), ["tau", "none has it"])
    assert np.isnan(crossed(late, "tau")["a", 20]).all()
    assert crossed(late, "tau")["b", 20].tolist() == [[0.1, 0.2]]
    assert late["none has it"].isna().all()


def test_rows_are_crossed_by_seed_and_label_set_and_all_groups_have_the_same_sets():
    made = frame(rows([0.7], predictor="b") + rows([0.1, None, 0.3], [0.4, 0.5, 0.6]), ["tau"])
    found = crossed(made, "tau")
    assert list(found) == [("b", 20), ("a", 20)]
    assert found["a", 20] == pytest.approx(table([0.1, None, 0.3], [0.4, 0.5, 0.6]), nan_ok=True)
    assert found["b", 20] == pytest.approx(table([0.7, None, None]), nan_ok=True)


@pytest.mark.parametrize(("taus", "mean"), [([0.5, None], 0.1), ([None, None], math.nan)])
def test_fewer_than_two_label_sets_give_no_interval(taus, mean):
    found = paired(table(taus), table([0.4, 0.4]))
    assert found.mean == pytest.approx(mean, nan_ok=True)
    assert (found.half, found.p, found.sign) == (math.inf, 1.0, 0)


def test_differences_that_are_all_equal_have_an_interval_of_zero():
    assert paired(table([0.5, 0.5]), table([0.25, 0.25])).p == 0
    same = paired(table([0.5, 0.5]), table([0.5, 0.5]))
    assert (same.mean, same.half, same.p) == (0, 0, 1)


def test_a_predictors_own_interval_is_that_of_its_mean():
    found = interval(table([0.1, 0.2, 0.3]))
    assert (found.mean, found.half) == pytest.approx((0.2, 4.3027 * 0.1 / 3**0.5), rel=1e-4)


def test_an_interval_over_seeds_and_sets_has_its_nominal_coverage():
    rng, held = np.random.default_rng(0), 0
    for _ in range(400):
        seeds, sets = rng.normal(size=(4, 1)) * 0.5, rng.normal(size=(1, 10))
        found = interval(seeds + sets + 0.3 * rng.normal(size=(4, 10)))
        held += abs(found.mean) <= found.half
    assert 0.93 <= held / 400 <= 0.99


def test_numbers_by_seed_and_set_have_the_interval_of_rows():
    # as above: set means .2 .3 .4, seed means .2 .4; a set that a seed lacks is left out
    found = interval(table([0.1, 0.2, 0.3, 9.0], [0.3, 0.4, 0.5, None]))
    assert found.mean == pytest.approx(0.3)
    assert found.half == pytest.approx(t.ppf(0.975, 1.68421) * 0.013333**0.5, rel=1e-4)
    assert math.isnan(interval(np.zeros((0, 0))).mean)
    assert math.isinf(interval(table([0.5])).half)


def test_values_that_a_seed_shifts_together_do_not_count_as_independent():
    """500 ablations of three seeds and ten sets, whose truth is 0; the control: 30 independent numbers."""
    rng, held, as_independent = np.random.default_rng(0), 0, 0
    for _ in range(500):
        seed, number = 0.02 * rng.normal(size=(3, 1)), 0.01 * rng.normal(size=(1, 10))
        numbers = seed + number + 0.01 * rng.normal(size=(3, 10))
        found = interval(numbers)
        held += abs(found.mean) <= found.half
        as_independent += abs(numbers.mean()) <= t.ppf(0.975, 29) * numbers.std(ddof=1) / 30**0.5
    assert 0.93 <= held / 500 <= 0.98
    assert as_independent / 500 < 0.65


def test_without_a_shift_the_interval_is_not_much_too_wide():
    rng, held, half, independent = np.random.default_rng(0), 0, [], []
    for _ in range(500):
        numbers = rng.normal(size=(3, 10))
        found = interval(numbers)
        held += abs(found.mean) <= found.half
        half.append(found.half)
        independent.append(t.ppf(0.975, 29) * numbers.std(ddof=1) / 30**0.5)
    assert held / 500 >= 0.95
    assert np.mean(half) < 2 * np.mean(independent)


def test_no_other_script_computes_an_interval():
    for path in (ROOT / "scripts").rglob("*.py"):
        if path.name != "statistics.py":
            assert not re.search(r"\b(ppf|isf|stdtrit|sem|t_interval|1\.96)\b", path.read_text()), path


def test_holms_p_values_are_those_worked_by_hand():
    # sorted .01 .03 .04: 3 x .01 = .03, 2 x .03 = .06, 1 x .04 = .04 but never below the one before, so .06
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.9]).tolist() == [1.0, 1.0]
    assert len(holm([])) == 0


def test_the_critical_difference_is_that_of_demsars_example():
    # four classifiers on fourteen data sets: 2.569 sqrt(4 x 5 / (6 x 14)) = 1.25
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)
    # and q of ten classifiers is 3.164
    assert critical_difference(10, 1) == pytest.approx(3.164 * math.sqrt(110 / 6), rel=1e-3)


def test_mean_ranks_are_taken_within_blocks_that_all_predictors_answered():
    made = (
        rows([0.9, 0.9, 0.1, 0.9], predictor="a")
        + rows([0.5, 0.5, 0.5, None], predictor="b")
        + rows([0.4, 0.6, 0.6, 0.4], predictor="c")
        + rows([1.0, 1.0, 1.0, 1.0], predictor="not compared")
    )
    found = ranking(frame(made, ["tau"]), "tau", ["a", "b", "c"])
    # a: 1 1 3, b: 2 3 2, c: 3 2 1; the fourth set lacks b. The mean ranks are 5/3, 7/3, 2
    assert list(found.mean_rank) == ["a", "c", "b"]
    assert list(found.mean_rank.values()) == pytest.approx([5 / 3, 2, 7 / 3])
    assert found.blocks == 3
    # chi^2 = 12 / (3 x 3 x 4) x (5^2 + 7^2 + 6^2) - 3 x 3 x 4 = 2/3, of two degrees: p = exp(-1/3)
    assert found.friedman_p == pytest.approx(math.exp(-1 / 3))


def test_ties_share_a_rank_and_lower_may_be_better():
    found = ranking(
        frame(rows([1.0, 2.0], predictor="a") + rows([1.0, 3.0], predictor="b"), ["tau"]),
        "tau",
        ["a", "b"],
        higher=False,
    )
    assert found.mean_rank == {"a": 1.25, "b": 1.75}


def test_several_numbers_of_labels_are_averaged_where_all_answered_and_make_no_more_blocks():
    low = rows([0.0], predictor="a", labels=0)  # b does not answer without labels, so that this takes no part
    some = rows([0.9], predictor="a") + rows([0.2], predictor="b")
    more = rows([0.3], predictor="a", labels=50) + rows([0.6], predictor="b", labels=50)
    found = ranking(frame(low + some + more, ["tau"]), "tau", ["a", "b"])
    assert found.blocks == 1
    assert found.mean_rank == {"a": 1.0, "b": 2.0}


def test_no_shared_block_means_no_ranks():
    assert ranking(frame(rows([0.1], predictor="a"), ["tau"]), "tau", ["a", "b"]).mean_rank == {}


def test_groups_of_predictors_that_do_not_differ_significantly_are_maximal():
    ranks = {"a": 1.0, "b": 1.5, "c": 2.4, "d": 2.6, "e": 5.0}
    assert groups(ranks, 1.2) == [["a", "b"], ["b", "c", "d"]]
    assert groups(ranks, 0.1) == []
    assert groups(ranks, 9.0) == [["a", "b", "c", "d", "e"]]
