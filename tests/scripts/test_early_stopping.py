"""The study of early stopping: every rule runs, nothing is saved for nothing, what is refused."""

import json

import pytest

from data.curves import CurveTable
from scripts import early_stopping as command
from tests.made_up_curves import rising

PREDICTED = ("srm_ols", "early_stopping", "lcsvr")


@pytest.fixture
def made_up(monkeypatch):
    curves = rising(60, noise=0.5)
    one = CurveTable("a", "made up", tuple(map(str, range(60))), curves, (), surrogate=True)
    monkeypatch.setattr(command, "load_curves", lambda name, download: one)


def options(**more) -> dict:
    return {
        **{"table": ["a"], "rule": ["srm_ols"], "delta": [0.95], "burn_in": [15], "orders": 3, "configurations": 0},
        **{"every": 1, "draws": 0, "folds": 3, "tolerance": 0.0, "rank": 1, "again": False, "runs": 2},
        **{"kappa": 1 / 3, "rows": None, "download": False, "as_json": True},
        **more,
    }


def run(capsys, **more):
    command.main(**options(**more))
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("rule", [*PREDICTED, "median", "hyperband", "f_hyperband", "asha"])
def test_a_rule_saves_epochs_and_counts_survivors(made_up, capsys, rule):
    (row,) = run(capsys, rule=[rule])
    assert row["rule"] == rule
    assert row["table"] == "a (surrogate)"
    assert row["speedup"] > 1.2
    assert 0 <= row["survived"] <= row["orders"] == 3
    assert row["regret"] >= 0


def test_a_more_careful_delta_saves_less(made_up, capsys):
    bold, careful = run(capsys, delta=[0.6, 0.999], orders=5)
    assert bold["speedup"] > careful["speedup"]


def test_a_tolerance_is_more_careful_too(made_up, capsys):
    (plain,), (tolerant,) = run(capsys), run(capsys, tolerance=5.0)
    assert tolerant["speedup"] < plain["speedup"]


def test_without_a_burn_in_the_rule_learns_on_the_way(made_up, capsys):
    (row,) = run(capsys, burn_in=[0])
    assert row["speedup"] > 1.2


def test_a_part_of_a_table_and_fewer_questions(made_up, capsys):
    (some,) = run(capsys, configurations=40, every=4)
    assert some["epochs"] < 40 * 12


def test_a_mistyped_rule_is_one_line(made_up, capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(**options(rule=["hyperbnad"]))
    assert "nearest: hyperband" in capsys.readouterr().err


def test_the_table_for_people_counts_survivors(made_up, capsys):
    command.main(**options(as_json=False))
    assert "of 3" in capsys.readouterr().out
