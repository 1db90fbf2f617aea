"""Entries, marks and verdicts are those worked by hand."""

import math

import pytest

from scripts.leaderboards.page import sentences, verdict
from scripts.leaderboards.standings import METRICS, TAU, TOP, View, entries, framed, ordered
from scripts.leaderboards.standings import views as views_of
from tests.made_up_rows import Made, rows

COVERAGE = METRICS[3]


def views(made: list[dict]) -> list[View]:
    return views_of(framed(made))


PREDICTORS = {"metanp": Made("MetaNP"), "a": Made("A"), "b": Made("B"), "c": Made("C", needs=("cells", "curves"))}


def test_the_first_view_averages_columns_ranked_against_themselves_in_each_label_set():
    found = views(
        rows("a", 20, [0.2, 0.4], ("x", "x"))
        + rows("a", 20, [0.4, 0.8], ("y", "y"))
        + rows("a", 20, [0, 0], ("x", "z"))
    )
    assert [view.title for view in found] == ["Mean over 2 columns", "x", "y", "x → z"]
    assert found[0].averaged["kendall_tau"].tolist() == pytest.approx([0.3, 0.6])
    assert entries(found[0], TAU)["a", 20].value == pytest.approx(0.45)


def test_a_label_set_that_failed_in_one_column_is_missing_in_the_mean():
    view, *_ = views(rows("a", 20, [0.2, 0.4, 0.6], ("x", "x")) + rows("a", 20, [0.4, None, 0.6], ("y", "y")))
    assert entries(view, TAU)["a", 20].value == pytest.approx(0.45)  # of .3 and .6
    assert view.failures["a", 20] == ("timeout", 1, 6, "took more than 60 s")


def test_a_predictor_that_lacks_a_column_has_no_mean_over_columns():
    both = [row for column in "xy" for row in rows("a", 20, [0.5, 0.6], (column, column))]
    view, *_ = views(both + rows("b", 20, [0.5, 0.6], ("x", "x")))
    assert list(entries(view, TAU)) == [("a", 20)]


def test_n_at_10_is_the_mean_over_columns_of_medians_and_keeps_its_mean():
    # N@10: column x 1, 3, 11 (median 3), column y 5, 7, 9 (median 7); all together 36 / 6
    view, *_ = views(
        [
            {**row, "n_at_10": n}
            for column, tops in (("x", (1, 3, 11)), ("y", (5, 7, 9)))
            for row, n in zip(rows("a", 20, [0.5, 0.5, 0.5], (column, column)), tops, strict=True)
        ]
    )
    entry = entries(view, TOP)["a", 20]
    assert (entry.value, entry.mean) == (5, 6)


def test_the_best_and_those_not_significantly_behind_it_are_marked():
    # a over b: always .1, certain; a over c: .1 and -.09, far from certain
    (view,) = views(rows("a", 20, [0.5, 0.6]) + rows("b", 20, [0.4, 0.5]) + rows("c", 20, [0.4, 0.69]))
    found = entries(view, TAU)
    assert [(found[n, 20].best, found[n, 20].level) for n in "abc"] == [(True, False), (False, False), (False, True)]


def test_of_equal_medians_the_first_predictor_is_the_one_others_are_compared_with():
    """N@10 of a and z: medians 3; b is level with one of them alone, and alphabetical order decides nothing."""
    tops = {"z": (3, 3, 3, 3), "a": (3, 1, 90, 3), "b": (9, 9, 9, 9)}
    made = [
        {**row, "n_at_10": n}
        for name, numbers in tops.items()
        for row, n in zip(rows(name, 20, [0.5] * 4), numbers, strict=True)
    ]
    found = entries(views(made)[0], TOP)
    assert [(found[n, 20].best, found[n, 20].level) for n in "zab"] == [(True, False), (True, False), (False, False)]
    turned = entries(views([row for name in "azb" for row in made if row["predictor"] == name])[0], TOP)
    assert turned["b", 20].level


def test_marks_are_corrected_for_the_number_of_predictors():
    # differences .1, .2, .3 have p = .074; .2, .3, .3 p = .015; with four such rivals 4 x .015 = .061 is not enough
    alone = rows("a", 20, [0.5, 0.5, 0.5]) + rows("b0", 20, [0.3, 0.2, 0.2])
    four = [row for i in range(1, 4) for row in rows(f"b{i}", 20, [0.3, 0.2, 0.2])]
    assert not entries(views(alone)[0], TAU)["b0", 20].level
    assert entries(views(alone + four)[0], TAU)["b0", 20].level


def test_a_predictor_without_rivals_is_not_called_the_best():
    assert not entries(views(rows("a", 0, [0.5, 0.6]))[0], TAU)["a", 0].best


def test_the_best_coverage_is_the_nearest_to_what_it_should_be():
    told = {"a": 0.99, "b": 0.84, "c": 0.2}
    (view,) = views([row for name, share in told.items() for row in rows(name, 20, [0.5, 0.5], coverage_90=share)])
    assert [name for (name, _), entry in entries(view, COVERAGE).items() if entry.best] == ["b"]


def test_a_predictor_without_a_standard_deviation_has_no_coverage():
    (view,) = views(rows("a", 20, [0.5, 0.5], coverage_90=None) + rows("b", 20, [0.5, 0.5], coverage_90=math.nan))
    assert entries(view, COVERAGE) == {}


def test_shared_budgets_are_those_that_most_predictors_answer():
    taus = [0.5, 0.5]
    (view,) = views(
        [r for n, at in (("a", (0, 5, 20)), ("b", (5, 20)), ("c", (20,))) for k in at for r in rows(n, k, taus)]
    )
    assert view.shared == [20]


def test_predictors_come_best_first_and_those_without_numbers_last():
    (view,) = views(rows("a", 20, [0.5, 0.5]) + rows("b", 20, [0.6, 0.6]) + rows("c", 20, [None, None]))
    assert ordered(entries(view, TAU), TAU, ["c", "a", "b"]) == ["b", "a", "c"]


def test_the_verdict_is_first_only_over_every_rival_and_behind_a_single_one():
    made = rows("metanp", 0, [0.5, 0.5])
    made += rows("metanp", 5, [0.5, 0.6]) + rows("a", 5, [0.4, 0.5]) + rows("b", 5, [0.3, 0.4])
    made += rows("metanp", 20, [0.5, 0.6]) + rows("a", 20, [0.4, 0.5]) + rows("b", 20, [0.4, 0.69])
    made += rows("metanp", 50, [0.5, 0.6]) + rows("a", 50, [0.6, 0.7]) + rows("b", 50, [0.3, 0.4])
    made += rows("c", 50, [0.75, 0.85]) + rows("a", 99, [0.5, 0.5])
    (view,) = views(made)
    found = verdict(view, PREDICTORS)
    assert list(found["first"]) == [5]
    assert [name for name, _ in found["first"][5]] == ["a"]
    assert [(n, name) for n, rivals in found["level"].items() for name, _ in rivals] == [(20, "b")]
    assert [(n, name) for n, rivals in found["behind"].items() for name, _ in rivals] == [(50, "a")]
    assert [(n, name) for n, rivals in found["beyond"].items() for name, _ in rivals] == [(50, "c")]
    assert ([*found["alone"]], [*found["absent"]]) == ([0], [99])
    lines = sentences(found, PREDICTORS)
    assert lines["First"] == ["At 5 labels.", "The narrowest lead is +0.100 ± 0.000 over A, at 5."]
    assert lines["Behind"] == ["A, at 50 labels: −0.100 ± 0.000."]
    assert lines["Behind predictors with other inputs"] == ["C, at 50 labels: −0.250 ± 0.000."]


def test_a_verdict_never_leaves_out_a_number_of_labels():
    made = [row for n in (5, 20) for name in ("metanp", "a") for row in rows(name, n, [0.5, 0.6])]
    found = verdict(views(made)[0], PREDICTORS)
    assert list(found["level"]) == [5, 20]
    assert sentences(found, PREDICTORS)["Level"] == ["A, at 5 and 20 labels: +0.000 to +0.000."]
