"""Commands: a mistyped name gives one line with the nearest names; unexpected errors keep their traceback."""

import subprocess
import sys

import pytest

import scripts.ablate
import scripts.leaderboard
import scripts.meta_train
import scripts.search_benchmark
from metanp.nearest import nearest
from scripts.command import one_line
from tests.conftest import ROOT

COMMANDS = {
    "leaderboard": scripts.leaderboard,
    "search_benchmark": scripts.search_benchmark,
    "meta_train": scripts.meta_train,
    "ablate": scripts.ablate,
}
WORK = {  # what must not begin
    "leaderboard": "scripts.results.running.execute",
    "search_benchmark": "scripts.results.running.execute",
    "meta_train": "scripts.meta_train.MetaTrainer",
    "ablate": "scripts.ablate.ThreadPoolExecutor",
}


@pytest.fixture
def said(monkeypatch, tmp_path, capsys):
    """Runs a command that is to be refused, and gives its only line."""

    def never(*args: object, **more: object) -> None:
        raise AssertionError("it was not refused")

    def run(command: str, *arguments: str) -> str:
        monkeypatch.setattr(WORK[command], never)
        monkeypatch.setattr(sys, "argv", [command, f"output={tmp_path}", *arguments])
        with pytest.raises(SystemExit) as end:
            COMMANDS[command].main()
        assert end.value.code == 2
        out, err = capsys.readouterr()
        (line,) = err.splitlines()
        assert (out, line.split(": ")[0]) == ("", command)
        return line

    return run


@pytest.mark.parametrize(
    ("command", "argument", "answer"),
    [
        ("leaderboard", "protocol=nb2O1", "no protocol 'nb2O1'; nearest: nb201"),
        ("leaderboard", "protocol=published/pinatt", "no protocol 'published/pinatt'; nearest: published/pinat"),
        ("leaderboard", "dataset=cifar1O", "no data set 'cifar1O'; nearest: cifar10"),
        ("leaderboard", "predictors=[xgbost]", "unknown predictor 'xgbost'; nearest: xgboost"),
        ("leaderboard", "budgetz=[20]", "unknown option 'budgetz'; nearest: budgets"),
        ("leaderboard", "protocol.budgetz=[20]", "unknown option 'protocol.budgetz'; nearest: protocol.budgets"),
        ("leaderboard", "budgets=[ten]", "budgets=[ten]: Value 'ten'"),
        ("leaderboard", "budgets", "cannot read the option 'budgets'"),
        ("leaderboard", "budgets=[20", "cannot read the option 'budgets=[20'"),
        (
            "leaderboard",
            "--budgets=[20]",
            "--budgets=[20]; options are name=value; nearest: budgets",
        ),
        ("leaderboard", "retry=maybe", "retry=maybe: Value 'maybe' is not a valid bool"),
        ("leaderboard", "kind=crosstask", "unknown kind of meta-training 'crosstask'; nearest: cross-task"),
        ("leaderboard", "list=tabel", "list=tabel: it is json or table"),
        ("leaderboard", "checkpoints=[lable-free]", "no checkpoint 'lable-free'"),
        ("leaderboard", "hydra/launcher=jobli", "no hydra/launcher 'jobli'; nearest: joblib"),
        ("leaderboard", "+budgetz=[20]", "unknown option '+budgetz'; nearest: budgets"),
        ("leaderboard", "~budgetz", "Could not delete from config. 'budgetz' does not exist."),
        ("meta_train", "+training.stepz=3", "unknown option '+training.stepz'; nearest: training.steps"),
        ("search_benchmark", "strategies=[metanpp]", "unknown strategy 'metanpp'; nearest: metanp"),
        ("search_benchmark", "benchmark=nasbench2O1", "unknown benchmark 'nasbench2O1'; nearest: nasbench201"),
        ("search_benchmark", "dataset=cifar1O", "no data set 'cifar1O'; nearest: cifar10"),
        ("search_benchmark", "format=jsn", "unknown format 'jsn'; nearest: json"),
        ("search_benchmark", "kind=labelfree", "unknown kind of meta-training 'labelfree'; nearest: label-free"),
        ("search_benchmark", "repeat=3", "unknown option 'repeat'; nearest: repeats"),
        ("meta_train", "experiment=labelfree", "no experiment 'labelfree'; nearest: label_free"),
        ("meta_train", "model=convnp", "no model 'convnp'; nearest: convcnp"),
        ("meta_train", "training.stepz=2", "unknown option 'training.stepz'; nearest: training.steps"),
        ("meta_train", "tasks.kind=crosstask", "unknown kind of meta-training 'crosstask'"),
        ("ablate", "ablation=ingredient", "no ablation 'ingredient'; nearest: ingredients"),
        ("ablate", "seedz=[1]", "unknown option 'seedz'; nearest: seeds"),
    ],
)
def test_a_mistyped_name_gives_one_line_with_the_nearest_names(said, command, argument, answer):
    assert answer in said(command, argument)


def test_an_environment_variable_shows_the_whole_traceback(monkeypatch, tmp_path):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setattr(sys, "argv", ["leaderboard", f"output={tmp_path}", "predictors=[xgbost]"])
    with pytest.raises(ValueError, match="unknown predictor"):
        scripts.leaderboard.main()


def test_an_unexpected_error_keeps_its_traceback(monkeypatch, tmp_path):
    def broken(*args: object) -> None:
        int("7 cells")  # a ValueError of Python's own

    monkeypatch.setattr("scripts.leaderboard.check_kind", broken)
    monkeypatch.setattr(sys, "argv", ["leaderboard", f"output={tmp_path}"])
    with pytest.raises(ValueError, match="invalid literal"):
        scripts.leaderboard.main()
    with pytest.raises(ZeroDivisionError), one_line("demo"):
        _ = 1 / 0


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_still_there(command, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [command, "--help"])
    with pytest.raises(SystemExit) as end:
        COMMANDS[command].main()
    assert end.value.code in (None, 0)
    assert "== Config ==" in capsys.readouterr().out


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_in_a_sweep_a_refused_job_is_named_and_the_others_go_on(tmp_path, launcher):
    sweep = ["-m", f"hydra/launcher={launcher}", "list=tabel,json", f"output={tmp_path}"]
    done = subprocess.run(
        [sys.executable, "-m", "scripts.leaderboard", *sweep], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Error executing job with overrides" in done.stderr
    assert done.stderr.splitlines()[-1] == "leaderboard: list=tabel: it is json or table"
    assert '"name": "xgboost"' in done.stdout


def test_the_nearest_names_are_given_and_all_if_none_is_near():
    assert nearest("xgbost", ["random", "xgboost"]) == "nearest: xgboost"
    assert nearest("zzz", ["a", "b"]) == "known: a, b"
