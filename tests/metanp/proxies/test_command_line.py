"""`metanp proxies`: a pool in, the pool with side features out; it goes on where it was interrupted."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from metanp import Cell
from metanp.networks import network
from metanp.proxies import measure
from metanp.proxies.image_file import draw_batch, read_images
from metanp.proxies.pool import Plan, journal_path, read_journal

CELLS = [
    "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|nor_conv_1x1~2|",
    "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|",
    "|skip_connect~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|",
]
SMALL = ["--skeleton", "small", "--batch", 4, "--workers", 1]


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("METANP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def images(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "images.npz"
    np.savez(path, x=rng.integers(256, size=(12, 16, 16, 3), dtype=np.uint8), y=np.arange(12) % 2)
    return path


@pytest.fixture
def pool(tmp_path):
    path = tmp_path / "cells.jsonl"
    rows = [{"id": f"c{i}", "cell": {"nasbench201": cell}, "score": 90.0 + i} for i, cell in enumerate(CELLS)]
    rows[1]["features"] = {"mine": 3.0}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def features(out: str) -> list[dict]:
    return [json.loads(line)["features"] for line in out.splitlines()]


def test_cells_keep_what_is_known_of_them_and_gain_features(metanp, pool, images):
    status, out, error = metanp("proxies", "--pool", pool, "--images", images, *SMALL, "--proxies", "snip,params")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 0, error
    assert [(row["id"], row["score"]) for row in rows] == [("c0", 90.0), ("c1", 91.0), ("c2", 92.0)]
    assert list(rows[1]["features"]) == ["mine", "snip", "params"]
    cell, plan = Cell.from_nasbench201(CELLS[2]), Plan("small")
    built = network(cell, "small", prune=False, rng=plan.seed_of(cell))
    expected = measure(built, draw_batch(*read_images(images), 4, 0), ["snip", "params"], plan.seed_of(cell))
    assert rows[2]["features"] == pytest.approx(dict(expected.values))


def test_thirteen_proxies_are_measured_where_none_is_named(metanp, pool, images):
    status, out, _ = metanp("proxies", "--pool", pool, "--images", images, *SMALL)
    assert status == 0
    assert len(features(out)[0]) == 13
    assert all(value is not None for value in features(out)[0].values())


def test_what_failed_is_null_and_said_once(metanp, pool, tmp_path):
    one_of_each = tmp_path / "one.npz"
    np.savez(one_of_each, x=np.random.default_rng(0).normal(size=(4, 3, 16, 16)), y=np.arange(4))
    status, out, error = metanp("proxies", "--pool", pool, "--images", one_of_each, *SMALL, "--proxies", "epe_nas,snip")
    assert status == 0
    assert [row["epe_nas"] for row in features(out)] == [None] * 3
    assert all(row["snip"] > 0 for row in features(out))
    assert "epe_nas is missing for 3 of 3 cells, first line 1: no class has two images" in error


def test_the_vote_is_the_share_of_the_pool_that_a_cell_wins_against(metanp, pool, images):
    status, out, _ = metanp("proxies", "--pool", pool, "--images", images, *SMALL, "--proxies", "vote,synflow")
    assert status == 0
    assert sum(row["vote"] for row in features(out)) == 1.5
    assert set(features(out)[0]) == {"vote", "synflow"}


def test_a_second_run_measures_nothing_again(metanp, pool, images, tmp_path):
    asked = ["proxies", "--pool", pool, "--images", images, *SMALL, "--proxies", "params", "--journal", tmp_path / "j"]
    _, first, _ = metanp(*asked)
    journal = tmp_path / "j"
    lines = journal.read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    rows[0]["values"]["params"] = 123.0
    broken_off = json.dumps(rows[1])[:40]
    journal.write_text("\n".join([json.dumps(rows[0]), lines[2], broken_off]))
    _, second, error = metanp(*asked)
    assert "goes on from" in error
    assert 123.0 in [row["params"] for row in features(second)]
    assert len(read_journal(journal)) == 3
    assert {row["params"] for row in features(second)} - {123.0} < {row["params"] for row in features(first)}


def test_processes_change_values_by_rounding_alone(metanp, pool, images, tmp_path):
    asked = ["proxies", "--pool", pool, "--images", images, *SMALL, "--proxies", "grad_norm,swap"]
    _, out, error = metanp(*asked, "--workers", 2, "--journal", tmp_path / "a")
    _, again, _ = metanp(*asked, "--workers", 1, "--journal", tmp_path / "b")
    assert len(features(out)) == 3, error
    assert features(out) == [pytest.approx(row, rel=1e-6) for row in features(again)]


def test_a_killed_run_goes_on_and_leaves_no_process_behind(images, tmp_path):
    from metanp.spaces import SPACES

    pool, journal = tmp_path / "many.jsonl", tmp_path / "j"
    cells = [{"nasbench201": SPACES["nasbench201"].write_text(SPACES["nasbench201"][i])} for i in range(10)]
    pool.write_text("".join(json.dumps(cell) + "\n" for cell in cells))
    main = "if __name__ == '__main__':\n    from metanp.cli import main; main()"
    (tmp_path / "main.py").write_text(main)
    asked = [
        "proxies",
        "--pool",
        pool,
        "--images",
        images,
        *SMALL,
        "--workers",
        2,
        "--proxies",
        "grasp",
        "--journal",
        journal,
    ]
    command = [sys.executable, str(tmp_path / "main.py"), *map(str, asked)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not journal.is_file() or not journal.stat().st_size:
        time.sleep(0.05)
        assert running.poll() is None
    children = subprocess.run(["pgrep", "-P", str(running.pid)], capture_output=True, text=True).stdout.split()
    running.send_signal(signal.SIGKILL)
    running.wait()
    before = len(read_journal(journal))
    assert 0 < before < 10
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 10
    assert children
    assert not any(os.path.exists(f"/proc/{child}") for child in children)


BAD = {
    "unknown proxy 'nwto'; nearest: nwot": ["--proxies", "nwto"],
    "no skeleton 'nasbench2'": ["--skeleton", "nasbench2"],
    "a batch of 13 of 12 images; give a smaller one": ["--batch", 13],
    "the batch size is 1; give 2 or more": ["--batch", 1],
}


@pytest.mark.parametrize("said", BAD)
def test_what_was_mistyped_is_named(metanp, pool, images, said):
    status, _, error = metanp("proxies", "--pool", pool, "--images", images, *SMALL, *BAD[said])
    assert status == 2
    assert said in error


def test_a_cell_that_the_skeleton_has_no_module_for_is_named_by_its_line(metanp, images, tmp_path):
    pool = tmp_path / "cells.jsonl"
    rows = [{"nasbench201": CELLS[0]}, {"operations": ["input", "gat", "output"], "edges": [[0, 1], [1, 2]]}]
    pool.write_text("".join(json.dumps(row) + "\n" for row in rows))
    status, _, error = metanp("proxies", "--pool", pool, "--images", images, *SMALL)
    assert status == 2
    assert "cells.jsonl, line 2: the operation 'gat' has no module here" in error


FILES = {
    "has no array 'x'; it has x_train, y": {"x_train": np.zeros((4, 3, 8, 8)), "y": np.zeros(4, int)},
    "has no array 'y'": {"x": np.zeros((4, 3, 8, 8))},
    "x is float64 of shape (4, 8, 8); expected": {"x": np.zeros((4, 8, 8)), "y": np.zeros(4, int)},
    "y is int64 of shape (3,); expected one class number for each of 4": {
        "x": np.zeros((4, 3, 8, 8)),
        "y": np.zeros(3, int),
    },
    "y is float64 of shape (4,)": {"x": np.zeros((4, 3, 8, 8)), "y": np.zeros(4)},
}


@pytest.mark.parametrize("said", FILES)
def test_a_file_without_images_and_labels_is_refused(said, tmp_path):
    np.savez(tmp_path / "bad.npz", **FILES[said])
    with pytest.raises(ValueError, match=r"bad\.npz") as error:
        read_images(tmp_path / "bad.npz")
    assert said in str(error.value)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_a_file_that_is_no_archive_is_refused(content, tmp_path):
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises((ValueError, OSError), match=r"bad\.npz"):
        read_images(tmp_path / "bad.npz")


def test_pixels_are_brought_to_mean_zero_and_variance_one(images, tmp_path):
    x, y = read_images(images)
    assert x.shape == (12, 3, 16, 16)
    assert x.mean(axis=(0, 2, 3)) == pytest.approx(0, abs=1e-5)
    assert x.std(axis=(0, 2, 3)) == pytest.approx(1, abs=1e-5)
    assert len(y) == 12


def test_every_cell_has_a_seed_of_its_own_and_the_same_one_wherever_it_stands():
    cells = [Cell.from_nasbench201(cell) for cell in CELLS]
    assert len({Plan(seed=seed).seed_of(cell) for cell in cells for seed in (0, 1)}) == 6
    again = Cell.from_nasbench201(CELLS[0])
    assert Plan().seed_of(again) == Plan().seed_of(cells[0])


def test_a_journal_is_that_of_one_plan_and_batch(images):
    batch = draw_batch(*read_images(images), 4)
    paths = {journal_path(Plan(seed=seed), batch) for seed in (0, 1)}
    paths |= {journal_path(Plan(), draw_batch(*read_images(images), 4, rng=1)), journal_path(Plan(prune=True), batch)}
    assert len(paths) == 4
    assert journal_path(Plan(), batch) in paths
