"""Runs of trainings that print their epochs: recorded, stopped where hopeless, and nothing lost by any end of a run."""

import json
import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from metanp.search.curve_log import Curve
from metanp.search.journal import Journal
from metanp.search.stopping import FEWEST
from tests.metanp.search.learning_curves import EPOCHS, curve
from tests.metanp.search.search_runs import DISTINCT, Background, is_gone, trained, training, until, write_pool

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups")
IDS = [f"cell-{i}" for i in range(FEWEST + 4)]
LAST = len(IDS) - 1
CURVES = {name: curve(80 + i / 4, seed=i).values for i, name in enumerate(IDS[:LAST])} | {
    IDS[LAST]: curve(40.0, seed=LAST).values
}
# The last one is hopeless, begins when all others have ended, and would hang before its end.
TRAIN = """
import json
curves = json.loads((folder / "curves.json").read_text())
hopeless = name == list(curves)[-1]
while hopeless and len(list((folder / "ended").iterdir())) < len(curves) - 1: time.sleep(0.02)
for epoch, value in enumerate(curves[name], start=1):
    if hopeless and epoch == len(curves[name]): time.sleep(600)
    print(json.dumps({"epoch": epoch, "score": value}), flush=True)
    if hopeless: time.sleep(0.1)
print(curves[name][-1], flush=True)
time.sleep(0.3)  # until the score has been told
(folder / "ended" / name).touch()
"""


@pytest.fixture
def search(tmp_path):
    """Arguments of a search that asks for cells in the order of the file."""
    pool = write_pool(tmp_path / "pool.jsonl", IDS)
    (tmp_path / "curves.json").write_text(json.dumps(CURVES))
    (tmp_path / "ended").mkdir()
    how = ["--strategy", "tests.metanp.search.in_order:InOrder"]
    return ["search", "--pool", pool, "--journal", tmp_path / "run.sqlite", *how]


def journal(folder: Path) -> Journal:
    return Journal(folder / "run.sqlite", {})


def test_what_is_hopeless_is_stopped_and_status_says_what_that_saved(metanp, search, tmp_path):
    run = [
        "run",
        "--evaluate",
        training(tmp_path, TRAIN),
        "--budget",
        len(IDS),
        "--workers",
        2,
        "--stop",
        0.95,
        "--json",
    ]
    code, out, error = metanp(*search, *run)
    assert code == 0, error
    rows = {row["id"]: row for row in map(json.loads, out.splitlines())}
    assert rows[IDS[LAST]]["stopped"] is True
    assert (rows[IDS[LAST]]["score"], "failed" in rows[IDS[LAST]]) == (None, False)
    stopped = [name for name, row in rows.items() if row.get("stopped")]
    with closing(journal(tmp_path)) as kept:
        assert kept.spent() == len(IDS)
        history, curves = kept.history(), kept.curves()
        saved = {key: of - epochs for key, (epochs, of) in kept.stopped().items()}
    assert len(history.stopped) == len(stopped) == len(saved)
    assert (history.pending, history.failed) == ([], [])
    whole = [DISTINCT[i].key for i, name in enumerate(IDS) if name not in stopped]
    assert [curves[key] for key in whole] == [Curve(1, CURVES[name]) for name in IDS if name not in stopped]
    assert 0 < len(curves[DISTINCT[LAST].key].values) < EPOCHS
    _, out, _ = metanp("search", "--journal", tmp_path / "run.sqlite", "status", "--json")
    found = json.loads(out)
    assert (found["stopped"], found["saved_epochs"]) == (len(stopped), sum(saved.values()))
    assert found["saved_epochs"] > 0
    _, out, _ = metanp("search", "--journal", tmp_path / "run.sqlite", "status")
    assert f"{len(stopped)}, {sum(saved.values())} epochs saved" in out
    assert all(is_gone(pid) for pid in trained(tmp_path))


BAD = """
import json
def epoch(number, score): print(json.dumps({"epoch": number, "score": score}), flush=True)
epoch(1, 50); epoch(2, 51)
if name == "back": epoch(1, 52)
if name == "gap": epoch(4, 52)
if name == "nan": print('{"epoch": 3, "score": NaN}', flush=True)
if name == "none": print('{"epoch": 3, "loss": 0.1}', flush=True)
epoch(3, 53)
print(60 + len(name))
"""


def test_a_curve_that_cannot_be_read_is_named_once_and_its_training_goes_on(metanp, tmp_path):
    names = ["back", "gap", "nan", "none"]
    pool = write_pool(tmp_path / "pool.jsonl", names)
    run = ["run", "--evaluate", training(tmp_path, BAD), "--budget", 9, "--stop", 0.9]
    code, _, error = metanp(
        "search", "--pool", pool, "--journal", tmp_path / "run.sqlite", "--strategy", "random", *run
    )
    assert code == 0
    said = {name: [line for line in error.splitlines() if line.startswith(f"metanp: {name}: ")] for name in names}
    assert [len(lines) for lines in said.values()] == [1, 1, 1, 1]
    assert "epoch 1 comes after 2: epochs go up" in said["back"][0]
    assert "epoch 4 comes after 2, and none between" in said["gap"][0]
    assert "its score after epoch 3 is nan" in said["nan"][0]
    assert "it printed no score with epoch 3" in said["none"][0]
    with closing(journal(tmp_path)) as kept:
        assert {tuple(one.values) for one in kept.curves().values()} == {(50.0, 51.0)}
        assert sorted(one.score for one in kept.history().evaluated) == [63.0, 63.0, 64.0, 64.0]


SILENT = """
print('{"epoch": 1, "score": 50}', flush=True)
if name == "silent": time.sleep(600)
for _ in range(8): time.sleep(0.25); print("still there", flush=True)
print(70)
"""


def test_a_training_that_prints_nothing_for_too_long_is_killed_and_its_curve_is_kept(metanp, tmp_path):
    pool = write_pool(tmp_path / "pool.jsonl", ["silent", "slow"])
    search = ["search", "--pool", pool, "--journal", tmp_path / "run.sqlite", "--strategy", "random"]
    run = ["run", "--evaluate", training(tmp_path, SILENT), "--budget", 2, "--workers", 2, "--stalled", 1.5, "--json"]
    code, out, _ = metanp(*search, *run)
    rows = {row["id"]: row for row in map(json.loads, out.splitlines())}
    assert (code, rows["silent"]["failed"], rows["slow"]["score"]) == (0, "no output for 1.5 s; killed", 70)
    with closing(journal(tmp_path)) as kept:
        assert len(kept.curves()) == 2


def test_an_hour_of_silence_is_said_where_there_is_no_limit(metanp, tmp_path, monkeypatch):
    monkeypatch.setattr("metanp.search.command_line.evaluation.HOUR", 0.5)
    pool = write_pool(tmp_path / "pool.jsonl", ["a"])
    command = training(tmp_path, "time.sleep(1.5); print(7)")
    run = ["run", "--evaluate", command, "--budget", 1]
    code, _, error = metanp(
        "search", "--pool", pool, "--journal", tmp_path / "run.sqlite", "--strategy", "random", *run
    )
    assert code == 0
    assert error.count("a: it has printed nothing for 0.5 s; --stalled SECONDS kills what is silent for so long") == 1


AGAIN = """
import json
first = len(started()) == 1
for epoch in range(1, 6):
    print(json.dumps({"epoch": epoch, "score": epoch + (0 if first else 0.5)}), flush=True)
    if first and epoch == 3: sys.exit("no memory")
print(9)
"""


def test_a_retry_begins_its_curve_again(metanp, tmp_path):
    pool = write_pool(tmp_path / "pool.jsonl", ["a"])
    run = ["run", "--evaluate", training(tmp_path, AGAIN), "--budget", 1, "--retries", 1]
    code, _, error = metanp(
        "search", "--pool", pool, "--journal", tmp_path / "run.sqlite", "--strategy", "random", *run
    )
    assert (code, "epoch" in error) == (0, False)
    with closing(journal(tmp_path)) as kept:
        assert list(kept.curves().values()) == [Curve(1, [1.5, 2.5, 3.5, 4.5, 5.5])]


RESUMED = """
import json
first = len(started()) == 1
for epoch in range(1 if first else 3, 6):
    print(json.dumps({"epoch": epoch, "score": epoch}), flush=True)
    if first and epoch == 3: time.sleep(600)
print(9)
"""


def test_a_run_that_is_killed_keeps_the_curve_and_the_next_one_goes_on_from_a_checkpoint(metanp, tmp_path):
    pool = write_pool(tmp_path / "pool.jsonl", ["a"])
    search = ["search", "--pool", pool, "--journal", tmp_path / "run.sqlite", "--strategy", "random"]
    run = ["run", "--evaluate", training(tmp_path, RESUMED), "--budget", 1]
    first = Background(tmp_path, *search, *run)
    try:
        until(lambda: (tmp_path / "run.sqlite").exists() and reported(tmp_path) == [[1.0, 2.0, 3.0]])
        first.send(signal.SIGKILL)
        first.process.wait()
    finally:
        first.close()
    code, _, error = metanp(*search, *run)
    assert (code, "comes after" in error) == (0, False)
    assert reported(tmp_path) == [[1.0, 2.0, 3.0, 4.0, 5.0]]
    until(lambda: all(is_gone(pid) for pid in trained(tmp_path)))


def reported(folder: Path) -> list[list[float]]:
    with closing(journal(folder)) as kept:
        return [one.values for one in kept.curves().values()]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--stop", 95), "95.0 is no probability between 0 and 1"),
        (("--stop", 0), "0.0 is no probability between 0 and 1"),
        (("--stalled", 0), "stalled is 0; expected seconds, more than 0"),
    ],
)
def test_settings_that_are_none_are_said_before_anything_is_asked(metanp, search, tmp_path, option, message):
    code, out, error = metanp(*search, "run", "--evaluate", "true {cell}", "--budget", 3, *option)
    assert (code, out, message in error) == (2, "", True)
    assert not (tmp_path / "run.sqlite").exists()
