"""One command a table: rows are kept, resumed and never mixed; a checkpoint that saw too much is refused."""

from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from data import load_benchmark
from metanp.checkpoint import ALIASES, load_model, save_model, shipped_names
from scripts.evaluate import evaluate
from scripts.protocols import ceilings, settings
from scripts.rows import RowFile, half_interval, read_rows, summarise, write_rows
from tasks.sources import _ALLOWED, check_honest

FOLDER = Path(__file__).parent.parent / "configs"
PROTOCOLS = sorted(path.stem for path in (FOLDER / "protocol").glob("*.yaml"))
SHOWN = "cora_validation_accuracy"


def composed(*overrides: str):
    with initialize_config_dir(str(FOLDER), version_base="1.3"):
        return OmegaConf.to_object(compose("evaluate", list(overrides)))


def small(tmp_path: Path, *overrides: str):
    """Two label sets of one data set of NAS-Bench-Graph."""
    return composed(
        "protocol=graph",
        f"columns=[{SHOWN}]",
        "sets=2",
        "protocol.budgets=[0,12]",
        "baselines=[random]",
        f"output={tmp_path}",
        *overrides,
    )


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_is_called_as_its_file_and_its_columns_are_in_the_tables(name, mirror):
    protocol = composed(f"protocol={name}").protocol
    assert protocol.name == name
    table = load_benchmark(protocol.benchmark)
    for shown, setting in settings(protocol, [], sets=1, seed=0):
        assert np.isfinite(setting.score).all()
        assert set(setting.scored) == set(protocol.columns[shown]) <= set(table.metrics)
        assert max(protocol.budgets) < len(setting.score) / 4


def test_the_proxies_protocol_has_the_cells_that_have_proxies(mirror):
    _, setting = next(settings(composed("protocol=nb201_proxies").protocol, [], sets=1, seed=0))
    assert len(setting.cells) == 9445
    assert len(setting.features) == 13


def test_knowing_the_validation_accuracy_ranks_the_test_accuracy_as_well_as_it_is_known_to(mirror):
    _, setting = next(settings(composed().protocol, [], sets=1, seed=0))
    found = ceilings(setting)
    assert found["cifar10_validation_accuracy_200"] == 1
    assert found["cifar10_test_accuracy_200"] == pytest.approx(0.894, abs=0.001)


def test_rows_are_kept_and_a_second_run_computes_only_what_is_missing(tmp_path, monkeypatch):
    table = evaluate(small(tmp_path))
    ours = [row for row in table if row["predictor"] == "label-free"]
    assert {(row["labels"], row["scored"]) for row in ours} == {
        (n, name) for n in (0, 12) for name in (SHOWN, "cora_test_accuracy")
    }
    assert {row["labels"] for row in table if row["predictor"] == "random"} == {12}
    assert (tmp_path / "label-free.csv").is_file()
    before = read_rows(tmp_path / "rows" / "label-free.csv")
    judged = []
    monkeypatch.setattr("scripts.evaluate.judge", lambda *a: judged.append(a[-1].number) or [])
    evaluate(small(tmp_path))
    assert read_rows(tmp_path / "rows" / "label-free.csv") == before
    assert judged == []
    write_rows(tmp_path / "rows" / "label-free.csv", [row for row in before if row["set"] == 0])
    evaluate(small(tmp_path))
    assert judged == [1, 1]


def test_rows_of_another_version_or_other_label_sets_are_dropped(tmp_path):
    row = {"shown": "a", "scored": "a", "set": 0, "labels": 5, "kendall_tau": 0.5}
    RowFile(tmp_path / "x.csv", "one", 0).add([row])
    assert ("a", 0, 5) in RowFile(tmp_path / "x.csv", "one", 0)
    assert ("a", 0, 5) not in RowFile(tmp_path / "x.csv", "one", 1)
    RowFile(tmp_path / "x.csv", "one", 0).add([row])
    assert ("a", 0, 5) not in RowFile(tmp_path / "x.csv", "two", 0)
    assert read_rows(tmp_path / "x.csv") == []


def test_rows_with_other_columns_lose_nothing(tmp_path):
    file = RowFile(tmp_path / "x.csv", "one", 0)
    file.add([{"shown": "a", "scored": "a", "set": 0, "labels": 0, "tau": 0.5}])
    file.add([{"shown": "a", "scored": "a", "set": 0, "labels": 5, "tau": 0.6, "nll": 1.0}])
    first, second = read_rows(tmp_path / "x.csv")
    assert (first["tau"], "nll" in first, second["nll"]) == (0.5, False, 1.0)


def test_a_line_that_a_kill_cut_off_is_dropped(tmp_path):
    RowFile(tmp_path / "x.csv", "one", 0).add([{"shown": "a", "scored": "a", "set": 0, "labels": 5, "tau": 0.5}])
    with open(tmp_path / "x.csv", "a") as file:
        file.write("a,a,1,")
    assert len(read_rows(tmp_path / "x.csv")) == 1


def test_a_table_names_the_best_baseline_and_pairs_label_sets():
    taus = {"ours": (0.5, 0.7), "good": (0.4, 0.5), "bad": (0.1, 0.2)}
    rows = [
        {"shown": "a", "scored": "a", "predictor": name, "labels": 5, "set": i, "kendall_tau": tau, "n_at_10": 10 * i,
         "version": "1"}
        for name, values in taus.items() for i, tau in enumerate(values)
    ]  # fmt: skip
    table = {row["predictor"]: row for row in summarise(rows, ["good", "bad"], {("a", "a"): 1.0})}
    assert table["ours"]["kendall_tau"] == 0.6
    assert table["ours"]["n_at_10_median"] == 5
    assert (table["ours"]["over"], table["ours"]["over_tau"]) == ("good", 0.15)
    # differences .1 and .2: standard error .05, t(.975, 1) = 12.706
    assert table["ours"]["over_tau_half"] == pytest.approx(12.706 * 0.05, abs=1e-4)
    assert "over" not in table["good"]
    assert half_interval(np.array([1.0])) == float("inf")


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


def test_a_checkpoint_of_another_kind_has_no_place_in_the_table(tmp_path):
    with pytest.raises(ValueError, match="label-free is label-free: it has no place in a table of cross-task ones"):
        evaluate(small(tmp_path, "kind=cross-task", "checkpoints=[label-free]"))


@pytest.mark.parametrize("what", ["sources", "chosen_by"])
def test_a_checkpoint_that_saw_the_tested_benchmark_is_refused(tmp_path, what):
    model, card = load_model("label-free")
    saw = {**card, "kind": "cross-task", what: [{"table": "nasbench_graph", "metric": "cora_test_accuracy"}]}
    save_model(tmp_path / "saw.safetensors", model, saw)
    with pytest.raises(ValueError, match=r"(saw|was chosen by) \['nasbench_graph'\]"):
        evaluate(small(tmp_path, "kind=cross-task", f"checkpoints=[{tmp_path}/saw.safetensors]"))


def test_a_checkpoint_trained_on_everything_appears_in_no_result():
    card = {"name": "default", "kind": "everything", "sources": [], "chosen_by": []}
    with pytest.raises(ValueError, match="everything"):
        check_honest(card, "everything", "nasbench201")


def test_an_unknown_column_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"graph shows no column.*nowhere"):
        evaluate(small(tmp_path, "columns=[nowhere]"))
