"""Rows of rivals that are kept in the repository: later runs read them; rows of a run replace them."""

import pytest

from scripts.results import rows as stored
from scripts.results.entrants import Entrant
from scripts.results.rows import RowFile
from scripts.results.running import Files, Running

MARKS = {"predictor": "forest", "code": "a", "seed": 0}


def row(number: int, tau: float, **more) -> dict:
    return {"shown": "cifar10", "set": number, "labels": 20, "scored": "cifar10", "status": "ok", "tau": tau, **more}


class Study(Running):
    @property
    def study(self) -> str:
        return "published/toy"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "FOLDER", tmp_path / "kept")
    stored.kept_rows.cache_clear()
    yield
    stored.kept_rows.cache_clear()


def test_rows_are_read_as_they_were_written_without_predictions_of_single_cells():
    path = stored.keep("toy", {"cifar10/forest.jsonl": [row(0, 0.5, scatter_truth=[1.0]), row(1, 0.25, message="odd")]})
    assert path.name == "toy.parquet"
    assert stored.kept_rows("toy") == {"cifar10/forest.jsonl": [row(0, 0.5), row(1, 0.25, message="odd")]}
    assert stored.kept_rows("another") == {}


def test_a_new_row_of_a_fit_replaces_the_old_one_and_others_stay():
    stored.keep("toy", {"a": [row(0, 0.5), row(1, 0.6)], "b": [row(0, 0.7)]})
    stored.keep("toy", {"a": [row(1, 0.9)]})
    found = stored.kept_rows("toy")
    assert [one["tau"] for one in found["a"]] == [0.5, 0.9]
    assert [one["tau"] for one in found["b"]] == [0.7]


def test_a_run_finds_kept_rows_of_rivals_and_does_not_keep_those_of_our_own_checkpoints(tmp_path):
    make = {"_target_": "a.B"}
    rival = Entrant("forest", make, None, range(2), MARKS)
    ours = Entrant("metanp-label-free-0", make, 0, range(2), {**MARKS, "predictor": "metanp"})
    study = Study()

    def files(name: str, *entrants: Entrant, data: str = "d") -> Files:
        found: Files = {}
        for one in entrants:
            fits = one.fits("cifar10", ["cifar10"], [20])
            found |= study.files_of(one, fits, tmp_path / name / "cifar10", {"data": data})
        return found

    first = files("a", rival, ours)
    for fit, file in first.items():
        file.add([row(fit.number, 0.5 + fit.number)])
    study.keep(first)
    again = files("b", rival, ours)
    assert [fit.entrant for fit, file in again.items() if fit.key in file] == ["forest", "forest"]
    fit, file = next(iter(again.items()))
    assert file.get(fit.key)[0]["tau"] == 0.5
    assert not any(fit.key in file for fit, file in files("c", rival, data="changed").items())


def test_rows_in_the_file_of_a_run_replace_kept_ones_and_resume_false_ignores_both(tmp_path):
    path = tmp_path / "forest.jsonl"
    RowFile(path, MARKS).add([row(0, 0.1)])
    file = RowFile(path, MARKS, kept=[{**row(0, 0.9), **MARKS}, {**row(1, 0.9), **MARKS}])
    assert [file.get(("cifar10", n, 20))[0]["tau"] for n in (0, 1)] == [0.1, 0.9]
    del file
    assert RowFile(path, MARKS, resume=False, kept=[{**row(1, 0.9), **MARKS}]).rows == {}
