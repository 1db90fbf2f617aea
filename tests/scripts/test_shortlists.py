"""The report on shortlists: its columns, and its numbers on a small one."""

import json

import numpy as np
import pytest

from metanp.spaces import get_space
from scripts import shortlists
from tests.tiny_model import write_checkpoint


@pytest.fixture
def small(monkeypatch, tmp_path):
    cells = get_space("nasbench201").arrays()[::157]
    score = np.random.default_rng(0).normal(size=len(cells))
    column = shortlists.Column("small", cells, score)
    monkeypatch.setattr(shortlists.Column, "load", lambda *_: column)
    monkeypatch.setattr(shortlists, "LABELS", (8, 60))
    monkeypatch.setattr(shortlists, "DEVELOPMENT", (("a", "b"),))
    return str(write_checkpoint(tmp_path / "tiny.safetensors"))


def test_every_rule_and_rival_has_a_regret_where_there_are_enough_cells(small, capsys):
    shortlists.main(sets=2, k=5, checkpoint=small, as_json=True)
    rows = json.loads(capsys.readouterr().out)
    assert {row["labels"] for row in rows} == {8}
    assert {"MetaNP, mean", "MetaNP, best", "MetaNP, thompson", "XGBoost, mean", "random forest, best"} <= {
        row["rule"] for row in rows
    }
    assert all(row["regret"] >= 0 and row["rank"] >= 1 for row in rows)
    bins = np.array(next(row for row in rows if row["rule"] == "MetaNP, best")["bins"])
    assert bins[:, 2].sum() == 2 * 5
    assert (bins[:, :2] <= bins[:, 2:]).all()
    shortlists.main(sets=2, k=5, checkpoint=small)
    shown = capsys.readouterr().out
    assert "MetaNP, best" in shown
    assert "0.1 to 0.2" in shown


def test_a_column_has_no_two_cells_that_compute_the_same_and_higher_is_better(mirror):
    column = shortlists.Column.load("nasbench_nlp", "ptb_validation_loss_50", download=False, most=300)
    assert len(column.cells) == len(column.score) == len({cell.key for cell in column.cells}) == 300
    assert (column.score < 0).all()


def test_an_unknown_column_is_refused(capsys):
    with pytest.raises(SystemExit):
        shortlists.main(only="nothing")
    assert "--only 'nothing': no column" in capsys.readouterr().err
