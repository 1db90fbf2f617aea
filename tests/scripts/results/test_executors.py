"""The same rows on every executor, and a row for every fit that fails."""

import importlib.util

import pytest

from scripts.results.entrants import Fit
from scripts.results.executors import EXECUTORS, Slurm, execute
from tests.small_study import Sums, fits

pytestmark = pytest.mark.processes


def run(executor: str, tmp_path, *makes: str, limit: float = 30.0, jobs: int = 2, cluster: str = "local") -> list[dict]:
    if executor == "ray" and importlib.util.find_spec("ray") is None:
        pytest.skip("no package ray: the extra cluster is not installed")
    found: list[tuple[Fit, list[dict]]] = []
    slurm = Slurm(cluster, str(tmp_path / "jobs"))
    execute(Sums(100), fits(*makes), lambda fit, rows: found.append((fit, rows)), executor, jobs, limit, slurm)
    rows = [row for _, rows in sorted(found, key=lambda pair: pair[0].number) for row in rows]
    return [{name: value for name, value in row.items() if not name.startswith("seconds_")} for row in rows]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_fits_that_fail_hang_or_crash_are_rows_and_the_others_go_on_wherever_they_run(executor, tmp_path):
    makes = ["add", "raise", "add", "crash", "add", "wait", "add"]
    rows = run(executor, tmp_path, *makes, limit=3.0)
    assert [row["set"] for row in rows] == list(range(7))
    assert [row.get("sum") for row in rows] == [100, None, 102, None, 104, None, 106]
    assert [(row["status"], row["message"]) for row in rows if row["status"] != "ok"] == [
        ("error", "ArithmeticError: it cannot"),
        ("error", "its process ended with 3"),
        ("timeout", "took more than 3 s"),
    ]


def test_a_lost_job_of_a_cluster_gives_a_row_for_each_of_its_fits(tmp_path, monkeypatch):
    from submitit.local.debug import DebugJob

    def lost(self):
        raise RuntimeError("the node is gone")

    monkeypatch.setattr(DebugJob, "result", lost)
    rows = run("slurm", tmp_path, "add", "add", jobs=1, cluster="debug")
    assert [row["status"] for row in rows] == ["error", "error"]
    assert all(row["message"].endswith("the node is gone") for row in rows)


def test_an_unknown_executor_and_a_missing_package_are_refused_with_the_remedy(monkeypatch):
    with pytest.raises(ValueError, match=r"unknown executor 'rey'; nearest: ray"):
        execute(Sums(0), fits("add"), lambda fit, rows: None, "rey")

    def missing(name: str):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("scripts.results.executors.importlib.import_module", missing)
    with pytest.raises(ValueError, match=r"no package ray.*pip install"):
        execute(Sums(0), fits("add"), lambda fit, rows: None, "ray")
