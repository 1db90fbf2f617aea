"""Workers that drive a training command from a shared study."""

import sys
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from typer.testing import CliRunner

from metanp.integrations.optuna import worker
from tests.conftest import ROOT
from tests.metanp.integrations.studies import STORAGES, storage
from tests.tiny_model import write_checkpoint

TRAIN = """
import json, pathlib, sys
folder, cell = pathlib.Path(sys.argv[1]), sys.argv[2]
number = len(list((folder / "cells").iterdir()))
(folder / "cells" / str(number)).write_text(cell)
if number == 1: sys.exit("no memory")
for epoch in range(1, 4): print(json.dumps({"epoch": epoch, "score": 50 + epoch + number}))
print(60 + number)
"""


def run(folder: Path, where: str, budget: int, *more: str) -> None:
    (folder / "cells").mkdir(exist_ok=True)
    (folder / "train.py").write_text(TRAIN)
    app = worker.typer.Typer()
    app.command()(worker.main)
    checkpoint = write_checkpoint(folder / "tiny.safetensors")
    command = f"{sys.executable} -I -S {folder / 'train.py'} {folder} {{cell}}"
    arguments = ["--storage", where, "--space", "nasbench_macro", "--evaluate", command, "--budget", budget]
    arguments += ["--checkpoint", checkpoint, "--seed", 0, "--logs", folder / "logs", *more]
    done = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("kind", STORAGES)
def test_workers_one_after_the_other_share_a_budget_and_the_study_has_curves_scores_and_reasons(tmp_path, kind):
    where = str(tmp_path / "study.log") if kind == "journal" else f"sqlite:///{tmp_path / 'study.db'}"
    run(tmp_path, where, 2)
    run(tmp_path, where, 4)
    run(tmp_path, where, 4)  # spent: nothing more is evaluated
    own = optuna.load_study(study_name="search", storage=storage(kind, tmp_path))
    assert [trial.state for trial in own.trials] == [TrialState.COMPLETE, TrialState.FAIL, *[TrialState.COMPLETE] * 2]
    assert [trial.value for trial in own.trials] == [60, None, 62, 63]
    assert own.trials[2].intermediate_values == {1: 53, 2: 54, 3: 55}
    assert own.trials[1].user_attrs["reason"] == "exit status 1: no memory"
    cells = [(tmp_path / "cells" / str(number)).read_text() for number in range(4)]
    assert len(set(cells)) == 4


def test_what_is_hopeless_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(worker.MetaNPPruner, "prune", lambda self, study, trial: trial.last_step == 2)
    run(tmp_path, str(tmp_path / "study.log"), 1, "--stop", "0.95")
    (trial,) = optuna.load_study(study_name="search", storage=storage("journal", tmp_path)).trials
    assert trial.state == TrialState.PRUNED or trial.value == 60  # it may have ended before it was killed
    assert trial.intermediate_values[2] == 52


def test_addresses_are_those_of_optuna_s_storages(tmp_path):
    assert isinstance(worker.open_storage(str(tmp_path / "a.log")), optuna.storages.JournalStorage)
    database = worker.open_storage(f"sqlite:///{tmp_path / 'a.db'}")
    assert isinstance(database, optuna.storages.RDBStorage)
    assert database.get_heartbeat_interval() == 60


def test_the_slurm_script_gives_the_worker_options_that_it_has():
    text = (ROOT / "examples" / "slurm_search.sh").read_text()
    used = {word for word in text.split("optuna.worker")[1].replace("\\\n", " ").split() if word.startswith("--")}
    app = worker.typer.Typer()
    app.command()(worker.main)
    known = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    assert "--storage" in used
    assert used - {"--cell"} <= {word for word in known.replace(",", " ").split() if word.startswith("--")}
