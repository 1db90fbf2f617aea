"""A leaderboard's tables, for Markdown, LaTeX, CSV and a terminal."""

import csv
import io

from scripts.leaderboards.standings import framed, views
from scripts.leaderboards.tables import column_tables, csv_summary, tau_table
from tests.made_up_rows import Made, rows

PREDICTORS = {"metanp": Made("MetaNP"), "a": Made("50 % A & b_c | d")}
VIEWS = views(
    framed(
        [
            *rows("metanp", 20, [0.1, 0.2, 0.3]),
            *rows("a", 20, [0.5, 0.6, 0.7]),
            *rows("metanp", 50, [0.9, 0.9, 0.9]),
            *rows("a", 50, [None, None, None]),
        ]
    )
)


def test_a_markdown_table_has_means_intervals_and_the_status_of_failures():
    # .1 .2 .3: half 4.3027 x .1 / sqrt(3) = .248; a number of labels with one answer has no best
    assert tau_table(VIEWS[0], PREDICTORS).markdown().splitlines() == [
        "| labels | 20 | 50 |",
        "|---|---|---|",
        "| **MetaNP** | 0.200 ± 0.248 | 0.900 ± 0.000 |",
        "| 50 % A & b_c \\| d | **0.600** ± 0.248 | timeout |",
    ]


def test_a_latex_table_escapes_special_characters():
    table = tau_table(VIEWS[0], PREDICTORS).latex()
    assert r"50 \% A \& b\_c | d & \textbf{0.600} {\scriptsize $\pm$ 0.248} & timeout \\" in table
    assert table.startswith("\\begin{tabular}{lrr}\n\\toprule\nlabels & 20 & 50 \\\\\n\\midrule\n")


def test_a_summary_has_every_predictor_column_and_number_of_labels():
    lines = list(csv.DictReader(io.StringIO(csv_summary(VIEWS, PREDICTORS))))
    assert [(line["predictor"], line["labels"], line["failed"]) for line in lines] == [
        ("a", "20", "0"),
        ("a", "50", "3"),
        ("metanp", "20", "0"),
        ("metanp", "50", "0"),
    ]
    assert (lines[2]["kendall_tau"], lines[2]["kendall_tau_half"], lines[1]["kendall_tau"]) == ("0.2", "0.24841", "")


def test_a_terminal_has_the_metrics_of_every_scored_column_and_no_line_without_a_number():
    where = {"shown": "a", "labels": 20, "ceiling": 0.9}
    line = {**where, "scored": "b", "predictor": "metanp", "kendall_tau": 0.5, "n_at_10_median": 3.0}
    held = {"over_tau": -0.1, "over_tau_half": 0.05}
    other = {**where, "scored": "b", "predictor": "gp_wl", "kendall_tau": 0.25, "labels": 50}
    table, _ = column_tables([{**line, **held}, other, {**line, "scored": "c"}])
    assert table.title == "shown a, ranked against b (which the shown column itself ranks with 0.9)"
    assert [column.title for column in table.columns] == ["metric", "predictor", "20", "50"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["Kendall tau", "metanp", "0.500", ""],
        ["Kendall tau", "gp_wl", "", "0.250"],
        ["N@10 median", "metanp", "3", ""],
        ["tau over hardest rival", "metanp", "-0.100 ± 0.050", ""],
    ]
