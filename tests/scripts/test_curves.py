"""The study of predicted ends: splits by hand, rows, resuming, what is refused."""

import dataclasses
import json

import numpy as np
import pytest

from data.curves import CurveTable
from metanp.curves import Curves
from scripts import curves as command
from scripts.curves import Study, judged, split
from tests.made_up_curves import ACCURACY, rising

STUDY = Study(labels=10, targets=0, draws=0, folds=3, below="", carry="", features=())


def table(name: str, curves: Curves, surrogate: bool = False) -> CurveTable:
    ids = tuple(map(str, range(len(curves))))
    return CurveTable(name, "made up", ids, curves, (), surrogate=surrogate)


@pytest.fixture
def made_up(monkeypatch):
    tables = {"a": table("a", rising(30, noise=0.5)), "drawn": table("drawn", rising(30, seed=1), surrogate=True)}
    monkeypatch.setattr(command, "load_curves", lambda name, download: tables[name])


def run(capsys, **options):
    command.main(**{**defaults(), **options, "as_json": True})
    return json.loads(capsys.readouterr().out)


def defaults() -> dict:
    return {
        **{"predictor": ["srm_ols"], "at": None, "epochs": [2], "labels": 10, "sets": 3, "targets": 0, "draws": 0},
        **{"folds": 3, "below": "", "carry": "", "feature": None, "rows": None, "download": False},
    }


def test_targets_are_never_among_the_whole_curves():
    curves = rising(30)
    whole, others = split(curves, None, 0, STUDY)
    assert (len(whole), len(others)) == (10, 20)
    assert not set(whole.ends()) & set(others.ends())


def test_a_split_by_depth_has_the_shallow_as_whole_curves_and_the_deep_as_targets():
    curves = rising(60)
    width = curves.architecture["width"]
    whole, others = split(curves, None, 0, dataclasses.replace(STUDY, below="width=75"))
    assert len(whole) == 10
    assert whole.architecture["width"].max() < 75 < others.architecture["width"].min()
    assert len(others) == (width > 75).sum()
    with pytest.raises(ValueError, match=r"--below depth=3: give NAME=NUMBER with one of \['width'\]"):
        split(curves, None, 0, dataclasses.replace(STUDY, below="depth=3"))


def test_whole_curves_may_be_of_another_table_alone():
    whole, others = split(rising(30), rising(12, seed=5), 0, STUDY)
    assert set(whole.ends()) <= set(rising(12, seed=5).ends())
    assert len(others) == 30


def test_more_labels_than_curves_are_refused():
    with pytest.raises(ValueError, match="10 whole curves and 0 targets; ask for fewer labels than 10"):
        split(rising(10), None, 0, STUDY)


def test_numbers_of_a_row_by_hand():
    row = judged(np.array([1.0, 2.0, 4.0]), np.ones(3), np.array([1.0, 2.0, 3.0]))
    assert row["r2"] == 0.5  # 1 - 1 / 2
    assert row["kendall"] == 1
    assert row["mae"] == pytest.approx(1 / 3)
    assert row["coverage_90"] == 1
    unknown = judged(np.ones(3), np.full(3, np.inf), np.array([1.0, 2.0, 3.0]))
    assert np.isnan(unknown["nll"])


def test_rows_are_kept_and_ends_that_are_linear_are_predicted(made_up, capsys, tmp_path):
    path = tmp_path / "rows.jsonl"
    (first,) = run(capsys, table=["a"], epochs=[6], rows=path)
    assert first["r2"] > 0.9
    before = path.read_text()
    (again,) = run(capsys, table=["a"], epochs=[6], rows=path)
    assert again == first
    assert path.read_text() == before


def test_a_surrogate_is_marked_in_the_table(made_up, capsys):
    command.main(**defaults(), table=["a", "drawn"], as_json=False)
    told = capsys.readouterr().out
    assert "drawn (surrogate)" in told
    assert "a model drew these curves, nobody trained" in told


def test_predictors_whose_quantity_a_table_lacks_are_left_out(made_up, capsys):
    found = run(capsys, table=["a"], predictor=None, labels=12, sets=1)
    names = {row["predictor"] for row in found}
    assert "sotl" not in names
    assert "early_stopping_loss" not in names
    assert {"early_stopping", "lcsvr", "srm_ols", "srm_forest"} <= names


def test_a_mistyped_predictor_is_one_line(made_up, capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(**{**defaults(), "predictor": ["srm_old"]}, table=["a"])
    assert "nearest: srm_ols" in capsys.readouterr().err


def test_failed_runs_are_left_out():
    values = rising(30).values[:, 0].copy()
    values[:5, -1] = np.nan
    key = {"predictor": "srm_ols", "set": 0, "prefix": 4}
    row = command.measure(Curves.of(values, ACCURACY), None, key, STUDY)
    assert np.isfinite(row["r2"])
