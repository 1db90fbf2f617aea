"""What earlier versions wrote is read: a journal and checkpoints of 0.1.0, held against what that version said."""

import contextlib
import json
import re
import sqlite3
from dataclasses import asdict

import numpy as np
import pytest

from metanp import MetaNP, examples
from metanp.checkpoint import ALIASES, FORMAT, SHIPPED, CheckpointError, load_model, read_tensors, write_tensors
from metanp.search import Search, schema
from tests.conftest import ROOT
from tests.tiny_model import tiny_model

PAGE = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
OLD = ROOT / "tests" / "old_files"
# mean and standard deviation of the first four candidates of the example, by version 0.1.0
PREDICTED = {
    "cross-space-nasbench101": ([83.4579, 88.6008, 80.9578, 84.5661], [1.7922, 0.57, 2.8906, 1.1955]),
    "cross-task-transnas": ([83.2984, 86.6809, 80.3728, 85.5453], [1.476, 1.0973, 2.6014, 0.8402]),
}


@pytest.fixture
def journal_of_the_first_version(tmp_path):
    """Written by 0.1.0: twenty cells, five asked for, three told, one failed."""
    path = tmp_path / "old.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.executescript((OLD / "journal-0.1.0.sql").read_text())
    return path


def test_a_journal_of_0_1_0_is_read_as_it_is_and_goes_on(journal_of_the_first_version):
    path = journal_of_the_first_version
    before = path.read_bytes()
    cells = examples.load().candidates[:20]
    with Search(cells, "random", journal=path) as search:
        assert search.best().score == 92
        assert [len(some) for some in (search.history.evaluated, search.history.failed, search.pending)] == [3, 1, 1]
        assert path.read_bytes() == before
        assert len({cell.key for cell in search.ask(15)} | {cell.key for cell in search.pending}) == 16
        assert search.journal.facts()["format"] == "2"
        assert search.best().score == 92


@pytest.mark.parametrize("name", PREDICTED)
def test_a_checkpoint_of_0_1_0_predicts_what_it_predicted_there(name):
    example = examples.load()
    model = MetaNP(name).fit(example.cells, example.accuracy)
    found = model.predict(example.candidates[:4], return_std=True)
    assert np.allclose(found, PREDICTED[name], atol=1e-3)


def test_settings_that_a_checkpoint_does_not_know_have_the_values_of_before_they_were_there():
    card = read_tensors(SHIPPED / "cross-space-nasbench101.safetensors")[1]
    assert "free_heads" not in json.dumps(card["model"])
    assert load_model("cross-space-nasbench101")[0].config.whitened.kernel.free_heads == 0


def test_a_checkpoint_of_before_0_1_0_is_refused_with_the_commit_that_reads_it(tmp_path):
    model = tiny_model()
    tensors = dict(list(model.state_dict().items())[1:])
    card = read_tensors(SHIPPED / "label-free.safetensors")[1]
    write_tensors(tmp_path / "old", tensors, {**card, "model": asdict(model.config), "commit": "0123456789ab"})
    with pytest.raises(CheckpointError, match=r"does not fit this version.*at commit 0123456789ab"):
        load_model(tmp_path / "old")


def test_a_former_name_of_a_checkpoint_still_has_its_file():
    for former, name in ALIASES.items():
        assert (SHIPPED / f"{name}.safetensors").is_file(), former


def test_the_page_lists_every_format_that_is_read_and_every_former_name():
    assert f"`{FORMAT}`" in PAGE
    table = re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE)
    assert tuple(table) == schema.READ
    assert all(f"`{former}`" in PAGE for former in ALIASES)
