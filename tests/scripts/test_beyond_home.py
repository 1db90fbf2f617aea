"""The overview of spaces that no meta-training saw, from files made by hand."""

import json

import pandas as pd
import pytest

from scripts import beyond_home as command

COLUMNS = ["shown", "predictor", "labels", "kendall_tau", "over", "over_tau", "over_tau_half", "coverage_90"]
ROWS = [
    ("a", "metanp", 5, 0.5, "ridge", 0.1, 0.05, 0.9),
    ("a", "ridge", 5, 0.4, None, None, None, None),
    ("b", "metanp", 5, 0.3, "gp_wl", -0.3, 0.1, 0.8),
    ("b", "ridge", 5, 0.2, None, None, None, None),
    ("b", "gp_wl", 5, 0.6, None, None, None, None),
    ("a", "gp_wl", 5, 0.2, None, None, None, None),
]
MORE = [("a", "metanp", 20, 0.7, "ridge", 0.0, 0.05, 0.9), ("a", "ridge", 20, 0.7, None, None, None, None)]


@pytest.fixture
def folder(tmp_path):
    for protocol, rows in (("bert", ROWS), ("darts", [row for row in ROWS if row[0] == "a"] + MORE)):
        (tmp_path / protocol).mkdir()
        pd.DataFrame(rows, columns=COLUMNS).to_csv(tmp_path / protocol / "label-free.csv", index=False)
    return tmp_path


@pytest.fixture
def found(folder):
    return dict(command.summaries(command.BEYOND, folder, "label-free"))


def words(table):
    return [[cell.text for cell in line] for line in table.rows]


def test_a_benchmark_of_several_columns_is_their_mean_and_standings_are_counted(found):
    darts, bert = words(command.benchmarks(found))
    assert darts == ["DARTS, 1,000 cells", "0.500 (+0.100 ± 0.050) 1-0-0", "0.700 (+0.000 ± 0.050) 0-1-0"]
    assert bert == ["NAS-Bench-BERT (9)", "0.400 (-0.100) 1-0-1", ""]


def test_every_benchmark_counts_once_and_a_predictor_that_misses_one_has_no_mean(found):
    rows = {line[0]: line[1:] for line in words(command.rivals(found))}
    assert rows["metanp"] == ["0.450", "0.700"]
    assert rows["ridge"] == ["0.350", "0.700"]
    assert rows["gp_wl"] == ["0.300", ""]


def test_intervals_are_those_of_metanp(found):
    assert words(command.intervals(found))[1] == ["NAS-Bench-BERT (9)", "0.85", ""]


def test_the_command_prints_tables_or_json_and_says_what_is_missing(folder, tmp_path, capsys):
    command.main(None, folder, "label-free", False)
    assert "1-0-1" in capsys.readouterr().out
    command.main(["darts"], folder, "label-free", True)
    assert [row["labels"] for row in json.loads(capsys.readouterr().out)] == [5, 20]
    with pytest.raises(SystemExit):
        command.main(None, tmp_path / "none", "label-free", False)
