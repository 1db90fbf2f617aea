"""With data from packages alone, commands run, report once what is missing, and stop only if nothing is left."""

import json
import sys
from pathlib import Path

import pytest

import scripts.ablate
import scripts.leaderboard
import scripts.meta_train
import scripts.search_benchmark
from data import FileUnavailable, load_benchmark
from data.fetch import manifest
from scripts import prior_report
from scripts.available import Missing, available_tables, tables_for
from scripts.results.executors import EXECUTORS
from tests.in_this_process import in_this_process

TEST = "cifar10_test_accuracy_200"
SHOWN = "cifar10_validation_accuracy_200"
BOARD = ["dataset=cifar10", "sets=2", "budgets=[20]", "predictors=[random]", "jobs=1"]
SEARCH = ["dataset=cifar10", "strategies=[random]", "repeats=2", "evaluations=12", "jobs=1", "after=[5]"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    """Shared by the tests here, so that a table is built once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _packages_alone(cache, monkeypatch):
    monkeypatch.delenv("METANP_MIRROR", raising=False)
    monkeypatch.setenv("METANP_CACHE", str(cache))
    monkeypatch.setitem(EXECUTORS, "local", in_this_process)


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """A command's exit status, and its lines on stdout and stderr without progress bars."""

    def run(module, *arguments: str) -> tuple[int, str, list[str]]:
        monkeypatch.setattr(sys, "argv", [module.__name__, f"output={tmp_path}", *arguments])
        status = 0
        try:
            module.main()
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        return status, out, [line for line in err.splitlines() if line.startswith(module.__name__.split(".")[-1])]

    return run


def fake_mirror(folder: Path, mirror: Path, *names: str) -> str:
    """A mirror that has these files alone."""
    for name in names:
        place = folder / manifest()[name].place
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(mirror / manifest()[name].place)
    return str(folder)


def test_a_leaderboard_without_test_accuracies_ranks_against_available_columns_and_says_so(run, tmp_path):
    status, _, (line,) = run(scripts.leaderboard, *BOARD)
    assert status == 0
    assert line.startswith(
        f"leaderboard: left out, as not available: {TEST} (of nats_bench.csv). nats_bench.csv: not in "
    )
    assert line.endswith("allow its download (3.0 MB) with download=true")
    rows = [json.loads(row) for row in (tmp_path / "rows" / SHOWN / "random.jsonl").read_text().splitlines()]
    assert [row["scored"] for row in rows] == [SHOWN, SHOWN]
    for ending in ("md", "html"):
        text = (tmp_path / f"cifar10-label-free.{ending}").read_text()
        assert f"Without the columns {TEST} (of nats_bench.csv), which were not available." in text


def test_simulated_searches_run_without_test_accuracies_and_say_so(run, tmp_path):
    status, _, (line,) = run(scripts.search_benchmark, *SEARCH)
    assert status == 0
    assert f"left out, as not available: {TEST} (of nats_bench.csv)" in line
    assert line.endswith("download=true")
    text = (tmp_path / "cifar10-label-free-evaluations12.md").read_text()
    assert "| valid after 5 |" in text
    assert f"Without the columns {TEST}" in text


def test_with_the_file_in_a_mirror_of_ones_own_nothing_is_said(run, mirror, monkeypatch, tmp_path):
    monkeypatch.setenv("METANP_MIRROR", fake_mirror(tmp_path / "own", mirror, "nats_bench.csv"))
    status, _, lines = run(scripts.leaderboard, *BOARD, "download=true")
    assert (status, lines) == (0, [])
    rows = [json.loads(row) for row in (tmp_path / "rows" / SHOWN / "random.jsonl").read_text().splitlines()]
    assert [row["scored"] for row in rows] == [SHOWN, TEST, SHOWN, TEST]


@pytest.mark.parametrize(("module", "small"), [(scripts.leaderboard, BOARD), (scripts.search_benchmark, SEARCH)])
def test_only_download_true_asks_the_network_and_a_failure_is_in_the_line(module, small, run, monkeypatch):
    asked = []

    def refused(file, url, retries):
        asked.append(file.name)
        raise FileUnavailable(f"{file.name}: could not download {url}; check the network")

    monkeypatch.setattr("data.fetch._download", refused)
    assert run(module, *small)[0] == 0
    assert asked == []
    status, _, (line,) = run(module, *small, "download=true")
    assert status == 0
    assert "nats_bench.csv" in asked
    assert "nats_bench.csv: could not download https://" in line


@pytest.mark.parametrize(
    ("module", "arguments", "file"),
    [
        (scripts.leaderboard, ["protocol=nb201_proxies", "sets=1"], "nb201_zc_proxies.csv"),
        (scripts.leaderboard, ["protocol=nb201_test", "sets=1"], "nats_bench.csv"),
        (scripts.leaderboard, ["protocol=published/pinat", "sets=1"], "nats_bench.csv"),
        (scripts.leaderboard, ["protocol=nb101", "sets=1"], "data-20k.json"),
        (scripts.leaderboard, ["protocol=transnas", "kind=cross-task", "sets=1"], "all_benchmarks_zen.zip"),
        (scripts.leaderboard, [*BOARD, "publish=true"], "nats_bench.csv"),
        (scripts.leaderboard, ["kind=cross-task", "predictors=[flan_transferred]"], "all_benchmarks_zen.zip"),
        (scripts.search_benchmark, ["benchmark=nasbench101"], "data-20k.json"),
        (scripts.search_benchmark, ["benchmark=nasbench201_latency", "dataset=edgegpu"], "hw_cifar10.csv"),
        (scripts.search_benchmark, [*SEARCH, "proxies=true"], "nb201_zc_proxies.csv"),
        (scripts.search_benchmark, [*SEARCH, "publish=true"], "nats_bench.csv"),
        (scripts.meta_train, ["experiment=cross_task_nasbench201"], "data-20k.json"),
        (scripts.meta_train, ["experiment=default"], "nas_bench_nlp_curves.npz"),
        (scripts.ablate, ["~benchmarks.nasbench201"], "nas-bench-macro_cifar10.json"),
        (scripts.ablate, ["publish=true"], "nas-bench-macro_cifar10.json"),
    ],
)
def test_what_cannot_run_names_the_file_and_the_remedy_in_one_line(module, arguments, file, run):
    status, out, lines = run(module, *arguments)
    assert (status, out, len(lines)) == (2, "", 1)
    assert file in lines[0]
    assert "download=true" in lines[0]


def test_a_training_says_how_to_train_without_an_unavailable_table(run):
    _, _, (line,) = run(scripts.meta_train, "experiment=cross_space_nasbench101")
    assert line.endswith("tasks.tables.transnas=0 tasks.tables.nasbench_macro=0 tasks.tables.nasbench_nlp=0")


def test_ablations_are_evaluated_on_the_available_benchmarks(capsys):
    config = scripts.ablate._available(scripts.ablate.Config())
    assert config.benchmarks == {"nasbench201": SHOWN}
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "ablate: evaluated on nasbench201 alone; left out, as not available: nasbench_macro cannot be read"
    )


def test_a_prior_report_needs_one_development_benchmark(capsys, monkeypatch, mirror, tmp_path):
    monkeypatch.delenv("METANP_MIRROR", raising=False)
    with pytest.raises(SystemExit) as end:
        prior_report.main(tasks=1)
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "nas-bench-macro_cifar10.json" in line
    assert "with --download" in line
    monkeypatch.setenv("METANP_MIRROR", fake_mirror(tmp_path / "own", mirror, "nas-bench-macro_cifar10.json"))
    found = tables_for("prior_report", prior_report.BENCHMARKS, False, "--download")
    assert list(found) == ["nasbench_macro"]
    assert "left out, as not available: nasbench_nlp" in capsys.readouterr().err


def test_a_name_that_no_file_has_is_not_a_missing_column():
    table = load_benchmark("nasbench201")
    assert not Missing.of(table, ["cifar10_test_acuracy_200", SHOWN])
    assert Missing.of(table, [TEST]).columns == {TEST: "nats_bench.csv"}
    there, absent = available_tables(["analog", "transnas"])
    assert (list(there), list(absent)) == (["analog"], ["transnas"])


def test_many_columns_of_a_file_are_counted():
    absent = Missing(dict.fromkeys("abcdef", "f.csv"), {"f.csv": "why"})
    assert absent.note == "Without the columns a, b, c and 3 more (of f.csv), which were not available."
