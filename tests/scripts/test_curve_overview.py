"""The overview of leaderboards of curves, from files made by hand."""

import json

import pandas as pd
import pytest

from scripts import curve_overview as command

ROWS = [
    # shown, predictor, labels, tau, over, difference, half
    ("after_3_epochs", "metanp", 5, 0.7, "lcsvr", 0.1, 0.05),
    ("after_3_epochs", "lcsvr", 5, 0.6, None, None, None),
    ("after_9_epochs", "metanp", 5, 0.8, "lcsvr", -0.1, 0.2),
    ("after_9_epochs", "lcsvr", 5, 0.9, None, None, None),
    ("after_24_epochs", "metanp", 5, 0.8, "srm_ols", -0.1, 0.02),
    ("after_24_epochs", "srm_ols", 5, 0.9, None, None, None),
]
COLUMNS = ["shown", "predictor", "labels", "kendall_tau", "over", "over_tau", "over_tau_half"]


@pytest.fixture
def folder(tmp_path):
    for protocol in ("curves_lstm_ptb", "curves_nasbench_nlp"):
        (tmp_path / protocol).mkdir()
        pd.DataFrame(ROWS, columns=COLUMNS).to_csv(tmp_path / protocol / "label-free.csv", index=False)
    return tmp_path


def test_standings_are_those_of_intervals(folder):
    rows = list(command.standings(folder, "label-free"))
    assert [row["standing"] for row in rows] == ["ahead", "level", "behind"] * 2
    assert [row["rival_tau"] for row in rows[:3]] == [0.6, 0.9, 0.9]
    assert [row["counted"] for row in rows] == [True] * 3 + [False] * 3


def test_tables_that_chose_nothing_are_counted_alone(folder):
    rows = list(command.standings(folder, "label-free"))
    assert [[cell.text for cell in line] for line in command.counted(rows).rows] == [["5", "1-0-0", "0-1-0", "0-0-1"]]
    single = command.single(rows, 5)
    assert [line[0].text for line in single.rows] == ["LSTMs on Penn Treebank", "NAS-Bench-NLP *"]
    assert single.rows[0][1].text == "0.700 (lcsvr 0.600), ahead"


def test_means_are_over_tables_that_chose_nothing(folder):
    complete = [row for row in ROWS if row[1] != "srm_ols"] + [("after_24_epochs", "lcsvr", 5, 0.9, None, None, None)]
    path = folder / "curves_lstm_ptb" / "label-free.csv"
    pd.DataFrame(complete, columns=COLUMNS).to_csv(path, index=False)
    table = command.means(folder, "label-free")
    found = [[cell.text for cell in line] for line in table.rows]
    assert found == [["lcsvr", "0.600 / 0.900 / 0.900"], ["metanp", "0.700 / 0.800 / 0.800"]]


def test_the_command_prints_both_and_says_what_is_missing(folder, tmp_path, capsys):
    command.main(5, folder, "label-free", False)
    assert "0-0-1" in capsys.readouterr().out
    command.main(5, folder, "label-free", True)
    assert len(json.loads(capsys.readouterr().out)) == 6
    with pytest.raises(SystemExit):
        command.main(5, tmp_path / "none", "label-free", False)
    assert "protocol=curves_..." in capsys.readouterr().err
