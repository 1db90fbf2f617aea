"""Leaderboards: rows are kept, resumed and never mixed; a checkpoint trained on data that is not allowed is refused."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf

from data import load_benchmark
from metanp.checkpoint import ALIASES, load_model, save_model, shipped_names
from scripts.computed_proxies import Computing
from scripts.leaderboard import _columns, leaderboard
from scripts.leaderboards.entrants import (
    Entry,
    fits,
    others,
    print_catalogue,
    read_catalogue,
    taking_part,
    without_sources,
)
from scripts.leaderboards.protocols import available, ceilings, settings
from scripts.leaderboards.standings import framed
from scripts.leaderboards.tables import summarise
from scripts.leaderboards.transfer import MeasuredSources, nearest_tables
from scripts.results.entrants import modules_of
from scripts.results.executors import EXECUTORS
from scripts.results.rows import RowFile
from tasks.sources import _ALLOWED, check_honest
from tests.conftest import ROOT

FOLDER = ROOT / "configs"
PROTOCOLS = sorted(str(path.relative_to(FOLDER / "protocol"))[:-5] for path in FOLDER.glob("protocol/**/*.yaml"))
SHOWN = "cora_validation_accuracy"


def composed(*overrides: str):
    with initialize_config_dir(str(FOLDER), version_base="1.3"):
        return OmegaConf.to_object(compose("leaderboard", list(overrides)))


def small(tmp_path: Path, *overrides: str):
    """Two label sets of one data set of NAS-Bench-Graph."""
    return composed(
        "protocol=graph",
        "dataset=cora",
        "sets=2",
        "budgets=[0,12]",
        "predictors=[random]",
        "jobs=1",
        f"output={tmp_path}",
        *overrides,
    )


def check_curves(protocol):
    protocol = available(protocol, [], False)[0]
    found = dict(settings(protocol))
    assert list(found) == list(protocol.columns)
    assert len(found) == len(protocol.epochs)
    for setting in found.values():
        assert np.isfinite(setting.score).all()
        if setting.curves is not None:
            assert 0 < setting.prefix < setting.curves.n_epochs
            assert not setting.curves.failed.any()
        assert max(protocol.budgets) <= len(setting.cells) / 2


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_has_the_name_of_its_file_and_its_columns_exist(name, mirror):
    protocol = composed(f"protocol={name}").protocol
    assert protocol.name == name
    if protocol.archive:
        return  # not available; tests/scripts/results/test_published.py
    if protocol.curves:
        check_curves(protocol)
        return
    table, cells = load_benchmark(protocol.benchmark), protocol.computing.cells
    if protocol.benchmark == "mini" and len(table) < 1_200:
        pytest.skip("mini is still being trained")
    if protocol.computing.proxies:  # which takes long; see tests/scripts/test_computed_proxies.py
        protocol = replace(protocol, computing=Computing(), features=[])
    for shown, setting in settings(protocol):
        assert np.isfinite(setting.score).all()
        assert set(setting.scored) == set(protocol.columns[shown]) <= set(table.metrics)
        assert max(protocol.budgets) <= (cells or len(setting.score)) / 4


def test_the_proxies_protocol_has_the_cells_that_have_proxies(mirror):
    _, setting = next(settings(composed("protocol=nb201_proxies").protocol))
    assert len(setting.cells) == 9445
    assert len(setting.features) == 13


def test_ranking_by_validation_accuracy_has_the_known_tau_to_test_accuracy(mirror):
    _, setting = next(settings(composed().protocol))
    found = ceilings(setting)
    assert found["cifar10_validation_accuracy_200"] == 1
    assert found["cifar10_test_accuracy_200"] == pytest.approx(0.894, abs=0.001)


# --- running --------------------------------------------------------------------------------------------------------


def times_apart(path: Path) -> pa.Table:
    table = pq.read_table(path)
    return table.drop_columns([name for name in table.column_names if name.startswith("seconds_")])


def test_a_run_writes_rows_a_table_and_a_page_and_a_second_one_fits_nothing(tmp_path, monkeypatch):
    table = leaderboard(small(tmp_path))
    ours = [row for row in table if row["predictor"] == "metanp"]
    assert {(row["labels"], row["scored"]) for row in ours} == {
        (n, name) for n in (0, 12) for name in (SHOWN, "cora_test_accuracy")
    }
    assert {row["labels"] for row in table if row["predictor"] == "random"} == {12}
    assert {path.name for path in tmp_path.iterdir()} == {
        "rows", *(f"cora-label-free.{ending}" for ending in ("parquet", "csv", "md", "tex", "html"))
    }  # fmt: skip
    rows = pq.read_table(tmp_path / "cora-label-free.parquet").to_pylist()
    assert {"predictor", "seed", "config", "code", "data", "commit", "set", "labels", "protocol", "kind"} <= set(
        rows[0]
    )
    assert len(rows) == 2 * (2 + 1) * 2
    assert all(row[name] > 0 for row in rows for name in ("seconds_fit", "seconds_encode", "seconds_predict"))
    assert [len(row["scatter_truth"] or []) for row in rows] == [300 if row["set"] == 0 else 0 for row in rows]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def never(*args: object) -> None:
        raise AssertionError("ran again")

    monkeypatch.setitem(EXECUTORS, "local", never)
    leaderboard(small(tmp_path))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_run_killed_at_any_moment_ends_with_the_bytes_of_one_that_was_not(tmp_path):
    overrides = [
        "protocol=graph",
        "dataset=cora",
        "sets=6",
        "budgets=[12,20]",
        "predictors=[random,random_forest]",
        "jobs=2",
    ]
    command = [sys.executable, "-m", "scripts.leaderboard", *overrides]
    killed = subprocess.Popen(
        [*command, f"output={tmp_path / 'killed'}"], cwd=ROOT, stdout=-3, stderr=-3, start_new_session=True
    )
    rows = tmp_path / "killed" / "rows" / SHOWN / "random_forest.jsonl"
    while not (rows.is_file() and rows.read_bytes().count(b"\n") >= 4):
        assert killed.poll() is None, "it was over before it could be killed"
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    with open(rows, "ab") as file:
        file.write(b'{"shown": "cut o')
    for folder in ("killed", "whole"):
        subprocess.run([*command, f"output={tmp_path / folder}"], cwd=ROOT, check=True, capture_output=True)
    first, second = (times_apart(tmp_path / folder / "cora-label-free.parquet") for folder in ("killed", "whole"))
    assert first.num_rows == 2 * 6 * 2 * 3
    assert first.equals(second)
    assert (tmp_path / "killed" / "cora-label-free.md").read_bytes() == (
        tmp_path / "whole" / "cora-label-free.md"
    ).read_bytes()


def test_a_sweep_leaves_rows_and_a_table_is_made_of_them_without_a_fit(tmp_path):
    overrides = ["protocol=graph", "dataset=cora", "sets=1", "budgets=[12]", "jobs=1", f"output={tmp_path}"]
    sweep = ["-m", "rows_only=true", "predictors=[random],[study_xgboost]", "hydra/launcher=joblib"]
    command = [sys.executable, "-m", "scripts.leaderboard", *sweep, "hydra.launcher.n_jobs=2", *overrides]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert sorted(path.name for path in (tmp_path / "rows" / SHOWN).iterdir()) == [
        "random.jsonl",
        "study_xgboost.jsonl",
    ]
    table = leaderboard(composed(*overrides, "predictors=[random,study_xgboost]", "fill=false"))
    assert {row["predictor"] for row in table} == {"random", "study_xgboost"}


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local", "submitit_slurm"])
def test_every_launcher_of_a_sweep_composes(launcher):
    with initialize_config_dir(str(FOLDER), version_base="1.3"):
        whole = compose("leaderboard", [f"hydra/launcher={launcher}"], return_hydra_config=True)
    assert launcher.split("_")[0] in whole.hydra.launcher["_target_"]


@pytest.mark.processes
def test_a_predictor_that_fails_is_a_row_that_says_how_and_the_others_go_on(tmp_path):
    config = small(tmp_path, "budgets=[3,12]", "sets=1", "limit=15")
    bad = {
        name: Entry({"_target_": f"tests.bad_predictors.{name}"})
        for name in ("Raises", "Infinite", "Quits", "Longer", "Slow", "Crashes")
    }
    config.catalogue = {**bad, "gcn": config.catalogue["gcn"], "random": config.catalogue["random"]}
    config.predictors = list(config.catalogue)
    table = leaderboard(config)
    assert {row["predictor"] for row in table} == {"metanp", "random", "gcn"}
    rows = pq.read_table(tmp_path / "cora-label-free.parquet").to_pylist()
    said = {(row["predictor"], row["status"], row["message"]) for row in rows if row["status"] != "ok"}
    assert said == {
        ("Raises", "error", "ArithmeticError: it cannot"),
        ("Quits", "error", "SystemExit: 3"),
        ("Longer", "error", "ValueError: it predicts (100000,) numbers of 26206 cells"),
        ("Infinite", "not finite", "26194 of 26194 predictions are not finite"),
        ("Infinite", "not finite", "26203 of 26203 predictions are not finite"),
        ("Slow", "timeout", "took more than 15 s"),
        ("Crashes", "error", "its process ended with 7"),
        ("gcn", "too few labels", "needs 7"),
        ("Slow", "too few labels", "needs 5"),
    }
    page = (tmp_path / "cora-label-free.html").read_text()
    assert "it cannot" in page


def test_the_list_describes_every_predictor_and_all_are_available(capsys):
    print_catalogue(composed().catalogue, "json")
    told = {one.get("name", one["title"]): one for one in json.loads(capsys.readouterr().out)}
    assert told["gcn"] == {
        "name": "gcn",
        "status": "available",
        "title": "GCN (Neural Predictor)",
        "family": "model-based",
        "needs": ["cells"],
        "source": "Wen et al. 2020, arXiv:1912.00848",
        "tuning": "published default; the study also searched settings in each fit",
        "slow": True,
    }
    assert {one["status"] for one in told.values()} == {"available"}
    assert {name for name, one in told.items() if one["family"] == "hybrid"} == {
        "omni_ngboost", "omni_seminas", "gp_wl_prefix", "xgboost_prefix", "random_forest_prefix"
    }  # fmt: skip
    assert {name for name, one in told.items() if one["family"] == "weight-sharing"} == {"one_shot", "rsws"}
    assert told["lcsvr"]["needs"] == ["learning-curve prefixes"]
    assert told["metanp"]["family"] == "meta-learned"
    assert told["synflow"]["needs"] == ["side features"]


# --- rows -----------------------------------------------------------------------------------------------------------

ROW = {"shown": "a", "scored": "a", "set": 0, "labels": 5, "kendall_tau": 0.5}


def test_rows_with_other_marks_are_kept_and_not_used(tmp_path):
    RowFile(tmp_path / "x.jsonl", {"code": "one"}).add([ROW])
    assert ("a", 0, 5) not in RowFile(tmp_path / "x.jsonl", {"code": "two"})
    RowFile(tmp_path / "x.jsonl", {"code": "two"}).add([{**ROW, "kendall_tau": 0.7}])
    assert RowFile(tmp_path / "x.jsonl", {"code": "one"}).get(("a", 0, 5)) == [{**ROW, "code": "one"}]
    assert RowFile(tmp_path / "x.jsonl", {"code": "one"}, resume=False).get(("a", 0, 5)) == []


def test_an_incomplete_last_line_is_dropped_and_the_next_row_has_its_own_line(tmp_path):
    RowFile(tmp_path / "x.jsonl", {}).add([ROW])
    with open(tmp_path / "x.jsonl", "ab") as file:
        file.write(b'{"shown": "a", "set": 1')
    RowFile(tmp_path / "x.jsonl", {}).add([{**ROW, "set": 2}])
    assert [json.loads(line)["set"] for line in (tmp_path / "x.jsonl").read_text().splitlines()] == [0, 2]


def test_of_rows_of_one_fit_and_column_the_last_counts(tmp_path):
    """After `resume=false`, which also drops a line that a kill cut off."""
    RowFile(tmp_path / "x.jsonl", {}).add([ROW, {**ROW, "scored": "b"}])
    with open(tmp_path / "x.jsonl", "ab") as file:
        file.write(b'{"shown": "a", "set": 1')
    RowFile(tmp_path / "x.jsonl", {}, resume=False).add([{**ROW, "kendall_tau": 0.7}])
    found = RowFile(tmp_path / "x.jsonl", {}).get(("a", 0, 5))
    assert sorted((row["scored"], row["kendall_tau"]) for row in found) == [("a", 0.7), ("b", 0.5)]


def test_a_fit_that_failed_or_was_half_written_is_run_again(tmp_path):
    config = small(tmp_path, "budgets=[12]", "sets=1", "rows_only=true")
    config.catalogue = {name: Entry({"_target_": f"tests.bad_predictors.{name}"}) for name in ("Raises", "Bad")}
    config.predictors = list(config.catalogue)
    leaderboard(config)
    rows = tmp_path / "rows" / SHOWN
    whole = (rows / "Bad.jsonl").read_bytes().splitlines(keepends=True)
    assert [json.loads(line)["scored"] for line in whole] == [SHOWN, "cora_test_accuracy"]
    (rows / "Bad.jsonl").write_bytes(whole[0])
    leaderboard(config)
    assert len((rows / "Bad.jsonl").read_bytes().splitlines()) == 3
    assert len((rows / "Raises.jsonl").read_bytes().splitlines()) == 2
    config.retry = True
    leaderboard(config)
    assert len((rows / "Bad.jsonl").read_bytes().splitlines()) == 3
    assert len((rows / "Raises.jsonl").read_bytes().splitlines()) == 4


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["budgets=[12,12]"], "holds 12 more than once"),
        (["budgets=[-20]"], "-20 labels of cora_validation_accuracy"),
        (
            ["budgets=[12,26201]"],
            "26201 labels of cora_validation_accuracy; it has 26,206 cells, so expected 0 to 26,196",
        ),
        (["sets=0"], "sets=0; expected 1 or more"),
        (["adopt=-1"], "adopt=-1; expected 0 or more"),
        (["fill=false"], "has no rows of this table yet"),
    ],
)
def test_impossible_numbers_are_refused_before_any_fit(tmp_path, overrides, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        leaderboard(small(tmp_path, *overrides))


def test_rows_depend_on_the_code_of_a_predictor_within_another_and_on_what_is_ranked(tmp_path):
    tuned = composed().catalogue["xgboost_tuned"]
    assert set(modules_of(tuned.make)) == {"metanp.baselines.tuned", "metanp.baselines.trees"}
    leaderboard(small(tmp_path, "budgets=[12]", "sets=1", "rows_only=true"))
    leaderboard(small(tmp_path, "budgets=[12]", "sets=1", "rows_only=true", "protocol.everywhere=true"))
    rows = [json.loads(line) for line in (tmp_path / "rows" / SHOWN / "random.jsonl").read_text().splitlines()]
    assert [row.get("everywhere") for row in rows] == [None, None, True, True]


def test_two_runs_at_once_do_not_write_to_one_file(tmp_path):
    first = RowFile(tmp_path / "x.jsonl", {})
    with pytest.raises(BlockingIOError, match="another run writes to it"):
        RowFile(tmp_path / "x.jsonl", {})
    del first
    RowFile(tmp_path / "x.jsonl", {})


def test_the_strongest_rival_is_one_that_is_ahead_else_the_one_with_the_least_certain_lead():
    def hardest(**taus: tuple[float, ...]) -> str:
        rows = [
            {"shown": "a", "scored": "a", "predictor": name, "labels": 5, "seed": 0, "set": i, "kendall_tau": tau}
            | {"n_at_10": 1, "status": "ok"}
            for name, values in {"metanp": (0.5, 0.5, 0.5), **taus}.items() for i, tau in enumerate(values)
        ]  # fmt: skip
        return next(
            row["over"] for row in summarise(framed(rows), "metanp", {("a", "a"): 1.0}) if row["predictor"] == "metanp"
        )

    near, apart, ahead = (0.49, 0.49, 0.49), (0.1, 0.7, 0.4), (0.51, 0.51, 0.51)
    assert hardest(near=near) == "near"
    assert hardest(near=near, apart=apart) == "apart"  # .1 on average, but the interval holds zero
    assert hardest(near=near, apart=apart, ahead=ahead) == "ahead"


def test_a_table_names_the_strongest_rival_and_pairs_label_sets():
    taus = {"metanp": (0.5, 0.7), "good": (0.4, 0.5), "bad": (0.1, 0.2)}
    rows = [
        {"shown": "a", "scored": "a", "predictor": name, "labels": 5, "seed": 0, "set": i, "kendall_tau": tau}
        | {"n_at_10": 10 * i, "status": "ok"}
        for name, values in taus.items() for i, tau in enumerate(values)
    ]  # fmt: skip
    rows.append({**rows[-1], "set": 2, "status": "timeout"})
    table = {row["predictor"]: row for row in summarise(framed(rows), "metanp", {("a", "a"): 1.0})}
    assert table["metanp"]["kendall_tau"] == 0.6
    assert table["metanp"]["n_at_10_median"] == 5
    assert (table["metanp"]["over"], table["metanp"]["over_tau"]) == ("good", 0.15)
    # differences .1 and .2: standard error .05, t(.975, 1) = 12.706
    assert table["metanp"]["over_tau_half"] == pytest.approx(12.706 * 0.05, abs=1e-4)
    assert "over" not in table["good"]
    assert (table["bad"]["sets"], table["bad"]["failed"]) == (2, 1)


def test_a_rival_with_hardly_any_answer_is_not_the_strongest():
    def row(name: str, number: int, tau: float, status: str = "ok") -> dict:
        where = {"shown": "a", "scored": "a", "predictor": name, "labels": 5, "seed": 0, "set": number}
        return {**where, "kendall_tau": tau, "n_at_10": 1, "status": status}

    rows = [row("metanp", i, 0.8 + 0.01 * i) for i in range(5)] + [row("strong", i, 0.7) for i in range(5)]
    once = [row("once", i, 0.1, "ok" if not i else "error") for i in range(5)]
    never = [row("elsewhere", 9, 0.1)]
    for more in ([], once, never, [*never, *once]):
        for mixed in ([*rows, *more], [*more, *rows]):
            (mine,) = [
                one for one in summarise(framed(mixed), "metanp", {("a", "a"): 1.0}) if one["predictor"] == "metanp"
            ]
            assert (mine["over"], mine["over_tau"]) == ("strong", 0.12)


# --- checkpoints ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*shipped_names(), *ALIASES])
def test_a_shipped_checkpoint_saw_nothing_that_its_kind_forbids(name):
    card = load_model(name)[1]
    assert card["sources"], "its loaders wrote no list of sources"
    if card["kind"] == "everything":
        for benchmark in _ALLOWED:
            with pytest.raises(ValueError, match="everything"):
                check_honest(card, card["kind"], benchmark)
        return
    tested = [name.removeprefix(f"{card['kind']}-")] if name != "label-free" else list(_ALLOWED)
    for benchmark in tested:
        check_honest(card, card["kind"], benchmark)


def test_two_checkpoints_of_one_training_seed_are_refused(tmp_path):
    with pytest.raises(ValueError, match="label-free and label-free are both of training seed 0"):
        leaderboard(small(tmp_path, "checkpoints=[label-free,label-free]"))


def test_a_checkpoint_of_another_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match="label-free is label-free: it has no place in a table of cross-task ones"):
        leaderboard(small(tmp_path, "kind=cross-task", "checkpoints=[label-free]"))


@pytest.mark.parametrize("what", ["sources", "chosen_by"])
def test_a_checkpoint_that_saw_the_tested_benchmark_is_refused(tmp_path, what):
    model, card = load_model("label-free")
    saw = {**card, "kind": "cross-task", what: [{"table": "nasbench_graph", "metric": "cora_test_accuracy"}]}
    save_model(tmp_path / "saw.safetensors", model, saw)
    with pytest.raises(ValueError, match=r"(saw|was chosen by) \['nasbench_graph'\]"):
        leaderboard(small(tmp_path, "kind=cross-task", f"checkpoints=[{tmp_path}/saw.safetensors]"))


def test_a_checkpoint_trained_on_everything_appears_in_no_result():
    card = {"name": "default", "kind": "everything", "sources": [], "chosen_by": []}
    with pytest.raises(ValueError, match="everything"):
        check_honest(card, "everything", "nasbench201")


def test_unknown_names_are_refused_with_the_nearest_ones(tmp_path):
    with pytest.raises(ValueError, match=r"graph has no data set 'core'; nearest: cora"):
        leaderboard(small(tmp_path, "dataset=core"))
    with pytest.raises(ValueError, match=r"unknown predictor 'rndom'; nearest: random"):
        leaderboard(small(tmp_path, "predictors=[rndom]"))
    with pytest.raises(ValueError, match=r"synflow reads side features alone, and protocol graph has none"):
        leaderboard(small(tmp_path, "predictors=[synflow]"))


def test_cifar10_is_not_cifar100():
    config = composed("protocol=nb201", "dataset=cifar10")
    assert _columns(config) == ["cifar10_validation_accuracy_200"]


# --- predictors that are trained on other benchmarks first --------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "tested", "tables"),
    [
        ("label-free", "nasbench201", ()),
        ("cross-space", "nasbench201", ("nasbench101", "nasbench_graph")),
        ("cross-task", "nasbench201", ("transnas",)),
        ("cross-task", "transnas", ("nasbench201",)),
        ("cross-space", "nasbench101", ("nasbench201", "transnas", "nasbench_graph")),
    ],
)
def test_tables_to_transfer_from_are_the_most_related_that_a_kind_allows(kind, tested, tables):
    assert nearest_tables(kind, tested) == tables


def test_every_predictor_of_the_catalogue_has_tasks_at_all_numbers_of_labels_that_it_can_use(mirror):
    config = composed("protocol=nb201_proxies", "kind=cross-task")
    for one in others(config.catalogue, "cross-task", "nasbench201", sets=1, slow_sets=1):
        budgets = [fit.budget for fit in fits(one, "cifar10_validation_accuracy_200_naslib", config.protocol)]
        proxy = one.make["_target_"].endswith((".Proxy", ".WeightSharing"))
        curves = one.make["_target_"].endswith(".FromCurves") and instantiate(one.make).fewest_labels == 0
        without_labels = proxy or curves or one.marks["predictor"] == "flan_transferred"
        expected = [n for n in config.protocol.budgets if (n == 0 and without_labels) or (n > 0 and not proxy)]
        assert budgets == expected, one.marks["predictor"]


def test_a_transferring_predictor_is_in_tables_that_allow_it_and_each_kind_has_its_own_rows(tmp_path, mirror):
    entry = {"flan_transferred": composed().catalogue["flan_transferred"]}
    made = {
        kind: next(others(entry, kind, tested, 2, 2))
        for kind, tested in (("cross-space", "nasbench201"), ("cross-task", "nasbench201"))
    }
    assert [one.file for one in made.values()] == ["flan_transferred-cross-space", "flan_transferred-cross-task"]
    assert made["cross-space"].marks["config"] != made["cross-task"].marks["config"]
    assert instantiate(made["cross-task"].make).sources == MeasuredSources(("transnas",))
    graph = composed("protocol=graph").protocol
    assert taking_part(entry, "cross-space", graph, []) == entry
    assert taking_part(entry, "label-free", graph, []) == {}
    assert taking_part(entry, "everything", graph, []) == {}
    budgets = composed("protocol=nb201").protocol.budgets
    shown = "cifar10_validation_accuracy_200"
    wanted = list(fits(made["cross-task"], shown, composed("protocol=nb201").protocol))
    assert [fit.budget for fit in wanted] == [*budgets, *budgets]
    with pytest.raises(ValueError, match=r"flan_transferred is trained .* a label-free table allows none"):
        leaderboard(small(tmp_path, "predictors=[flan_transferred]"))


def test_a_supernet_takes_part_where_cells_are_its_children_and_images_are_at_hand(mirror, monkeypatch, tmp_path):
    entries = {"rsws": read_catalogue()["rsws"]}
    mini, graph = (composed(f"protocol={name}").protocol for name in ("mini_computed", "graph"))
    assert taking_part(entries, "label-free", mini, ["rsws"]) == entries
    assert taking_part(entries, "label-free", graph, []) == {}
    with pytest.raises(ValueError, match="rsws is a supernet of nasbench201, and protocol graph has other cells"):
        taking_part(entries, "label-free", graph, ["rsws"])
    assert without_sources(entries, "label-free", "mini", download=False) == {}
    monkeypatch.setenv("METANP_MIRROR", str(tmp_path))
    lacking = without_sources(entries, "label-free", "mini", download=False)
    assert lacking["rsws"].startswith("rsws is trained on images that are not available: cifar10_jpeg")


# --- rows of other code -------------------------------------------------------------------------------------------


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def older(tmp_path):
    """Rows of two label sets at two numbers of labels as if older code had left them; how to adopt them."""
    only = ["rows_only=true", "budgets=[12,20]"]
    leaderboard(small(tmp_path, *only))
    path = tmp_path / "rows" / SHOWN / "random.jsonl"
    rows = rows_of(path)
    assert len(rows) == 2 * 2 * 2  # label sets, numbers of labels, scored columns

    def adopt(change) -> tuple[list[dict], list[dict]]:
        """Rows of today after adoption: made anew, and adopted."""
        then = [{**row, "code": "older", "commit": "then", **change(row)} for row in rows]
        path.write_text("".join(json.dumps(row) + "\n" for row in then))
        for _ in range(2):  # asked again, it does not change its mind
            leaderboard(small(tmp_path, *only, "adopt=1", "fill=false"))
        found = rows_of(path)
        assert found[: len(then)] == then
        new = found[len(then) :]
        assert {row["code"] for row in new} == {rows[0]["code"]}
        return [row for row in new if "adopted_from" not in row], [row for row in new if "adopted_from" in row]

    return rows, adopt


def test_rows_of_older_code_are_used_if_repeated_fits_are_the_same(older, capsys):
    rows, adopt = older
    again, adopted = adopt(lambda row: {})
    assert (len(again), len(adopted)) == (4, 4)  # one fit at each number of labels, two scored columns each
    assert {(row["commit"], row["adopted_from"]) for row in adopted} == {("then", "older")}
    numbers = {(row["set"], row["labels"], row["scored"]): row["kendall_tau"] for row in rows}
    assert {(row["set"], row["labels"], row["scored"]): row["kendall_tau"] for row in again + adopted} == numbers
    assert "2 compared, adopted 2" in " ".join(capsys.readouterr().err.split())


def test_rows_of_older_code_that_differ_in_one_number_are_not_adopted(older, capsys):
    _, adopt = older
    again, adopted = adopt(lambda row: {"kendall_tau": row["kendall_tau"] + 1e-9} if row["labels"] == 20 else {})
    assert adopted == []
    assert len(again) == 8  # asked twice, so many fits were run again
    told = " ".join(capsys.readouterr().err.split())  # lines may be broken anywhere
    assert "2 compared, 1 differ, none adopted" in told
    assert "4 compared, 2 differ, none adopted" in told


def test_fits_that_failed_are_not_adopted(older):
    _, adopt = older
    again, adopted = adopt(lambda row: {"status": "out of time"} if row["labels"] == 20 else {})
    assert {row["labels"] for row in again + adopted} == {12}
