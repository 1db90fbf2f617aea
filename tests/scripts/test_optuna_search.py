"""Samplers compared in Optuna: numbers of a run worked by hand, and the table of several."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from data.curves import CURVES, load_curves
from data.curves.surrogates import LCBENCH_EPOCHS, LCBenchFunction
from metanp.integrations.optuna import Choices, MetaNPSampler
from metanp.spaces import get_space
from scripts import many_workers
from scripts import optuna_search as command
from tests.metanp.integrations.studies import DISTINCT
from tests.metanp.search.in_order import InOrder
from tests.tiny_model import write_checkpoint

SCORES = [1.0, 3.0, 2.0, 5.0, 4.95, 0.0]
CHOICES = Choices(DISTINCT[: len(SCORES)])


def in_order(exact: bool, monkeypatch):
    problem = command.Problem(CHOICES, lambda t: SCORES[CHOICES.values(CHOICES.suggest(t))["cell"]], 5.0, exact)
    monkeypatch.setattr(command, "find_problem", lambda name: problem)
    monkeypatch.setattr(command, "CHECKED", (2, 3, 6))
    monkeypatch.setattr(command, "made", lambda key, problem: MetaNPSampler(CHOICES, strategy=InOrder()))


@pytest.mark.parametrize(("trials", "exact"), [(6, False), (6, True)])
def test_regret_and_trials_until_near_are_those_of_the_best_until_then(monkeypatch, trials, exact):
    in_order(exact, monkeypatch)
    row = command.measure({"problem": "any", "sampler": "metanp", "trials": trials})
    found = {name: row[name] for name in ("until", "reached", "regret_2", "regret_3", "regret_6")}
    assert found == {"until": 4, "reached": 1.0, "regret_2": 2.0, "regret_3": 2.0, "regret_6": 0.0}


def test_a_run_that_did_not_get_near_counts_with_all_its_trials(monkeypatch):
    in_order(False, monkeypatch)
    row = command.measure({"problem": "any", "sampler": "metanp", "trials": 3})
    assert (row["until"], row["reached"]) == (3, 0.0)
    assert "regret_6" not in row


def test_the_table_says_how_many_runs_got_near_and_which_problems_are_surrogates():
    key = {"sampler": "tpe", "trials": 100}
    numbers = {"regret_20": 1.0, "seconds_per_ask": 0.25}
    rows = [
        {"key": {**key, "problem": "lcbench/3945", "set": s}, "until": u, "reached": r, **numbers}
        for s, u, r in ((0, 40, 1.0), (1, 100, 0.0))
    ]
    (line,) = command._table(list(command.summarised(rows))).rows
    line = [cell.text for cell in line]
    assert line[:3] == ["lcbench/3945 (surrogate)", "tpe", "2"]
    assert line[3].startswith("≥ 70.0 ± ")
    assert line[3].endswith("(1 of 2)")
    assert line[4].startswith("1.00 ± 0.00")


@pytest.mark.parametrize("problem", ["nasbench201/mnist", "lcbench/1", "svhn"])
def test_an_unknown_problem_is_named(problem):
    with pytest.raises(ValueError, match=f"unknown problem '{problem}'; give nasbench201/cifar10"):
        command.find_problem(problem)


def test_the_function_of_a_surrogate_is_that_of_its_table(mirror):
    table = load_curves("lcbench_surrogate_3945").curves
    surrogate = LCBenchFunction(CURVES["lcbench_surrogate_3945"].inputs(), "3945")
    known = {name.removeprefix("log_"): (name, values) for name, values in table.hyperparameters.items()}
    settings = {name: np.exp(v) if given.startswith("log_") else v for name, (given, v) in known.items()}
    assert np.allclose(surrogate(settings)[:50], table.scores()[:50, LCBENCH_EPOCHS - 1], atol=1e-3)


def test_growth_is_measured_for_each_size(tmp_path, monkeypatch):
    for name in ("LABELS", "CANDIDATES", "WORKERS", "TRIALS"):
        monkeypatch.setattr(many_workers, name, (40,) if name == "CANDIDATES" else (3,))
    monkeypatch.setattr(many_workers, "USUAL", 5)
    small = get_space("nasbench_macro")
    monkeypatch.setattr(many_workers, "get_space", lambda name: small)
    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    app = many_workers.typer.Typer()
    app.command()(many_workers.main)
    done = CliRunner().invoke(app, ["--json", "--checkpoint", checkpoint], catch_exceptions=False)
    rows = [json.loads(line) for line in done.output.splitlines()]
    kinds = ["labels", "pending", "at once", "candidates"]
    assert [row["grows"] for row in rows] == [*kinds, *(f"storage: {s}" for s in ("memory", "journal file", "sqlite"))]
    assert all(row["seconds"] > 0 for row in rows)
