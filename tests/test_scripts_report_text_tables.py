"""Names, numbers and tables as people read them."""

import csv
import io
import math

import pytest

from scripts.report.standings import views
from scripts.report.text_tables import csv_summary, latex, latex_table, markdown_table
from scripts.report.wording import column_titles, duration, listed, number, seconds
from tests.made_up_rows import Made, rows

PREDICTORS = {"metanp": Made("MetaNP"), "a": Made("50 % A & b_c | d")}
ROWS = [
    *rows("metanp", 20, [0.1, 0.2, 0.3]),
    *rows("a", 20, [0.5, 0.6, 0.7]),
    *rows("metanp", 50, [0.9, 0.9, 0.9]),
    *rows("a", 50, [None, None, None]),
]


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
def test_a_column_has_a_title_that_a_person_can_read_or_else_its_name(column, title):
    assert column_titles([column]) == {column: title}


def test_columns_whose_titles_would_be_the_same_keep_their_names():
    short, long = ("cora_validation_accuracy_12",) * 2, ("cora_validation_accuracy_200",) * 2
    assert column_titles([short, long]) == {short: short[0], long: long[0]}


def test_numbers_have_a_true_minus_and_no_negative_zero():
    assert [number(x) for x in (-0.25, -0.0001, math.inf, math.nan)] == ["−0.250", "0.000", "∞", ""]
    assert [seconds(x) for x in (0.00123, 0.314, 4.25, 57.3, 1234, 0)] == ["0.0012", "0.31", "4.2", "57", "1 200", "0"]
    assert [duration(x) for x in (3.14e-6, 0.12, 1.0, 57.0)] == ["3.1 µs", "120 ms", "1 s", "57 s"]
    assert [listed(x) for x in ([], [1], [1, 2], [1, 2, 3])] == ["", "1", "1 and 2", "1, 2 and 3"]


def test_a_markdown_table_has_means_intervals_and_the_status_of_failures():
    # .1 .2 .3: half 4.3027 x .1 / sqrt(3) = .248; a number of labels with one answer has no best
    assert markdown_table(ROWS, PREDICTORS).splitlines() == [
        "| labels | 20 | 50 |",
        "|---|---|---|",
        "| **MetaNP** | 0.200 ± 0.248 | 0.900 ± 0.000 |",
        "| 50 % A & b_c \\| d | **0.600** ± 0.248 | timeout |",
    ]


def test_a_latex_table_escapes_what_latex_would_take_for_commands():
    table = latex_table(ROWS, PREDICTORS)
    assert r"50 \% A \& b\_c | d & \textbf{0.600} {\scriptsize $\pm$ 0.248} & timeout \\" in table
    assert table.startswith("\\begin{tabular}{lrr}\n\\toprule\nlabels & 20 & 50 \\\\\n\\midrule\n")
    assert latex("\\{x}^~#$") == r"\textbackslash{}\{x\}\textasciicircum{}\textasciitilde{}\#\$"


def test_a_summary_has_every_predictor_column_and_number_of_labels():
    lines = list(csv.DictReader(io.StringIO(csv_summary(views(ROWS), PREDICTORS))))
    assert [(line["predictor"], line["labels"], line["failed"]) for line in lines] == [
        ("a", "20", "0"),
        ("a", "50", "3"),
        ("metanp", "20", "0"),
        ("metanp", "50", "0"),
    ]
    assert (lines[2]["kendall_tau"], lines[2]["kendall_tau_half"], lines[1]["kendall_tau"]) == ("0.2", "0.24841", "")
