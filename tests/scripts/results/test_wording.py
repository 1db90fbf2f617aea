"""Names and numbers for people."""

import math

import pytest

from scripts.results.wording import column_titles, duration, listed, measured, number, percent, plus_minus, seconds


@pytest.mark.parametrize(
    ("column", "title"),
    [
        (("cifar10_validation_accuracy_200", "cifar10_validation_accuracy_200"), "CIFAR-10, validation"),
        (("cifar10_validation_accuracy_200", "cifar10_test_accuracy_200"), "CIFAR-10, validation → test"),
        (
            ("imagenet16-120_validation_accuracy_200", "cifar10_test_accuracy_200"),
            "ImageNet16-120, validation → CIFAR-10, test",
        ),
        (("class_scene_validation", "class_scene_validation"), "class scene, validation"),
        (("cifar10_validation_accuracy_200_naslib",) * 2, "CIFAR-10, validation (naslib)"),
        (("analog_drift_60", "analog_drift_60"), "analog_drift_60"),
        (("x", "y"), "x → y"),
    ],
)
def test_a_column_has_a_readable_title_or_else_its_name(column, title):
    assert column_titles([column]) == {column: title}


def test_columns_whose_titles_would_be_the_same_keep_their_names():
    short, long = ("cora_validation_accuracy_12",) * 2, ("cora_validation_accuracy_200",) * 2
    assert column_titles([short, long]) == {short: short[0], long: long[0]}


def test_numbers_have_a_minus_sign_and_no_negative_zero():
    assert [number(x) for x in (-0.25, -0.0001, math.inf, math.nan)] == ["−0.250", "0.000", "∞", ""]
    assert [seconds(x) for x in (0.00123, 0.314, 4.25, 57.3, 1234, 0)] == ["0.0012", "0.31", "4.2", "57", "1 200", "0"]
    assert [duration(x) for x in (3.14e-6, 0.12, 1.0, 57.0)] == ["3.1 µs", "120 ms", "1 s", "57 s"]
    assert [listed(x) for x in ([], [1], [1, 2], [1, 2, 3])] == ["", "1", "1 and 2", "1, 2 and 3"]


def test_an_interval_is_shown_if_there_is_one():
    assert plus_minus(0.5, 0.25) == "0.500 ± 0.250"
    assert plus_minus(-0.03, 0.04, "+.2f") == "-0.03 ± 0.04"
    assert plus_minus(12.0, None, ".1f") == "12.0"
    assert percent(0.974) == "97 %"


def test_a_measurement_has_machine_date_and_all_commits_if_its_rows_do():
    row = {"date": "2020-01-01", "machine": "m", "commit": "c"}
    assert measured([row]) == "Measured 2020-01-01 on m, commit c."
    runs = [{**row, "run_commits": "b a"}, {**row, "run_commits": "a"}]
    assert measured(runs, "; more") == "Measured 2020-01-01 on m, commits a, b; more."
    assert measured([{"tau": 1}]) == ""
