"""The report on roles: its tasks, and its numbers on a small one."""

import json

import numpy as np
import pytest

from metanp.spaces import get_space
from scripts import roles


def test_tasks_have_a_feature_that_ranks_better_than_chance_by_itself(mirror):
    tasks = list(roles._tasks(download=False))
    assert [task.role for task in tasks] == ["score", "size", "size", "score"]
    for task in tasks:
        assert len(task.cells) == len(task.score) == len(task.feature) <= roles.MOST_CELLS
        assert np.corrcoef(task.feature, task.score)[0, 1] > 0.2


def test_a_role_counts_before_the_first_label(monkeypatch, capsys):
    cells = get_space("nasbench201").arrays()[::157]
    score = np.random.default_rng(0).normal(size=len(cells))
    feature = score + 0.3 * np.random.default_rng(1).normal(size=len(cells))
    monkeypatch.setattr(roles, "_tasks", lambda download: [roles._task("small", cells, score, feature, "score")])
    monkeypatch.setattr(roles, "LABELS", (0, 5))
    roles.main(sets=2, as_json=True)
    rows = {row["predictor"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["the score alone"]["0"] > 0.7
    assert rows["MetaNP, role given"]["0"] > 0.4 > abs(rows["MetaNP"]["0"])
    assert {"5", "5_half"} <= rows["WL-GP"].keys()
    assert "0" not in rows["WL-GP"]
    roles.main(sets=2)
    assert "MetaNP, role given" in capsys.readouterr().out


def test_a_checkpoint_that_reads_no_roles_is_refused(monkeypatch):
    score, feature = np.random.default_rng(0).normal(size=(2, 50))
    task = roles._task("small", get_space("nasbench201").arrays()[:50], score, feature, "size")
    monkeypatch.setattr(roles, "_tasks", lambda download: [task])
    monkeypatch.setattr(roles, "LABELS", (0,))
    with pytest.raises(ValueError, match="knows no roles"):
        roles.main(sets=2, checkpoint="cross-space-nasbench201")
