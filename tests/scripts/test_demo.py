"""The whole demo with a short training: train, rank, compare, write."""

import csv
import json

import numpy as np
import pytest

from metanp.spaces import get_space
from scripts import demo
from scripts.results.executors import EXECUTORS
from tests.in_this_process import in_this_process


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo")
    small = ["training.steps=2", "training.validate_every=2", "tasks.episodes.target_cells=16", "workers=0"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EXECUTORS, "local", in_this_process)
        demo.main(output=path, sets=1, overrides=small)
    return path


def test_the_demo_writes_the_promised_json(folder):
    result = json.loads((folder / "demo.json").read_text())
    names = {"metanp", "shipped", "gp_onehot", "gp_wl", "xgboost", "random_forest", "random"}
    for metric in ("tau", "n_at_10", "n_at_10_median", "regret_at_10"):
        assert set(result[metric]) == names
        assert all(set(values) == {"20", "50", "100"} for values in result[metric].values())
    assert set(result["seconds"]) == {"meta_train", "fit", "rank"}
    assert result["tau"]["shipped"]["100"] > 0.7 > 0.1 > result["tau"]["random"]["100"]


def test_the_demo_ranks_every_cell_that_was_not_evaluated_best_first(folder):
    with open(folder / "ranking.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    # the evaluated cells are left out, and with them those that compute the same
    fingerprint = get_space("nasbench201").arrays().pruned().fingerprint()
    evaluated = np.random.default_rng(0).permutation(len(fingerprint))[: demo.SHOWN]
    assert len(rows) == (~np.isin(fingerprint, fingerprint[evaluated])).sum()
    means = [float(row["mean"]) for row in rows]
    assert means == sorted(means, reverse=True)
    assert min(int(row["true_rank"]) for row in rows) == 1


def test_the_demo_draws_two_plots(folder):
    for name in ("predicted_against_true.png", "tau_over_labels.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
