"""One training as a command: what it prints, goes on from and refuses; and a real search of real trainings."""

import json
import os
import subprocess
import sys

import pytest

from scripts.train import Config, take_cell, train
from scripts.trainings.loop import Diverged
from tests.conftest import ROOT

CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"
QUICK = {"epochs": 2, "batch_size": 100, "train": 300, "validation": 100, "flip": False}


def config(tmp_path, **more) -> Config:
    return Config(output=str(tmp_path / "kept"), **{"side": 8, **QUICK, **more})


def command(*arguments: str, cell: str | None = CELL, **environment: str) -> subprocess.CompletedProcess[str]:
    given = [] if cell is None else ["--cell", cell]
    quick = [f"{name}={str(value).lower()}" for name, value in QUICK.items()]
    return subprocess.run(
        [sys.executable, "-m", "scripts.train", *given, "side=8", *quick, *arguments],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
    )  # fmt: skip


def without_seconds(rows: list[dict]) -> list[dict]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_a_line_an_epoch_and_the_score_at_the_end(tmp_path):
    done = command(f"output={tmp_path}")
    assert done.returncode == 0, done.stderr
    *rows, score = done.stdout.splitlines()
    first, last = map(json.loads, rows)
    names = ["epoch", "training_loss", "training_score", "validation_loss", "validation_score", "seconds"]
    assert list(first) == names
    assert (first["epoch"], last["epoch"]) == (1, 2)
    assert float(score) == last["validation_score"]
    assert list(tmp_path.iterdir()) == []


def test_digits_are_learned(tmp_path):
    """Three in four of digits that were not seen; a guess finds one in ten."""
    rows = list(train(CELL, config(tmp_path, epochs=10, batch_size=30, train=1200, validation=300, padding=1)))
    assert rows[-1]["validation_score"] > 75


def test_a_training_that_was_interrupted_goes_on_to_the_same_numbers(tmp_path):
    whole = list(train(CELL, config(tmp_path, epochs=3)))
    assert not list((tmp_path / "kept").iterdir())
    running = train(CELL, config(tmp_path, epochs=3))
    next(running), next(running)
    running.close()
    assert len(list((tmp_path / "kept").iterdir())) == 1
    again = list(train(CELL, config(tmp_path, epochs=3)))
    assert without_seconds(again) == without_seconds(whole)
    assert not list((tmp_path / "kept").iterdir())


def test_a_state_that_cannot_be_read_is_said_and_the_training_starts_anew(tmp_path, capsys):
    running = train(CELL, config(tmp_path))
    first = next(running)
    running.close()
    (path,) = (tmp_path / "kept").iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    assert without_seconds([next(train(CELL, config(tmp_path)))]) == without_seconds([first])
    assert "cannot be read" in capsys.readouterr().err


def test_another_seed_is_another_training(tmp_path):
    losses = {next(iter(train(CELL, config(tmp_path, epochs=1, seed=seed))))["training_loss"] for seed in (0, 1, 0)}
    assert len(losses) == 2


def test_a_training_that_diverges_has_no_score(tmp_path):
    with pytest.raises(Diverged, match="lower the learning rate"):
        list(train(CELL, config(tmp_path, learning_rate=1e30)))
    assert list(tmp_path.rglob("*.pt")) == []


def test_the_cell_is_taken_out_before_hydra_reads_the_arguments():
    assert take_cell(["epochs=1", "--cell", "|a~0|", "seed=2"], {}) == (["epochs=1", "seed=2"], "|a~0|")
    assert take_cell(["--cell=|a~0|"], {"METANP_CELL": "other"}) == ([], "|a~0|")
    assert take_cell(["seed=2"], {"METANP_CELL": "other"}) == (["seed=2"], "other")
    assert take_cell([], {}) == ([], None)
    with pytest.raises(ValueError, match="--cell is given 2 times"):
        take_cell(["--cell", "a", "--cell", "b"], {})
    with pytest.raises(ValueError, match="without a cell"):
        take_cell(["--cell"], {})


def test_cells_in_json_and_other_architectures_are_read(tmp_path):
    chain = json.dumps({"operations": ["input", "conv3x3", "output"], "edges": [[0, 1], [1, 2]]})
    assert len(list(train(chain, config(tmp_path, epochs=1)))) == 1
    blocks = '[{"kind": "mbconv", "channels": 8, "expansion": 2}]'
    assert len(list(train(blocks, config(tmp_path, epochs=1, skeleton="blocks")))) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"data": "digit"}, "no images 'digit'; nearest: digits"),
        ({"train": 1500}, "digits has 1500 images to learn from; 1500 for training and 100 for validation"),
        ({"batch_size": 400}, "300 images to learn from make no batch of 400; set batch_size to 300 or less"),
        ({"batch_size": 1}, "batch_size is 1; batch normalisation needs two"),
        ({"side": 12}, "images of 12x12 pixels; this skeleton takes multiples of 8"),
        ({"epochs": 0}, "epochs is 0; give 1 or more"),
        ({"skeleton": "smal"}, "no skeleton 'smal'; nearest: small"),
        ({"skeleton": "transformer"}, "layer 0 is"),
        ({"space": "nasbench"}, "unknown search space 'nasbench'"),
    ],
)
def test_what_cannot_be_trained_is_named(tmp_path, options, said):
    with pytest.raises(ValueError, match=said):
        next(train(CELL, config(tmp_path, **options)))


def test_texts_cannot_be_trained_on_images(tmp_path):
    with pytest.raises(ValueError, match="takes texts, and digits are images"):
        next(train("SA:SDP:4:1024:1", config(tmp_path, skeleton="transformer")))


def test_the_command_refuses_in_one_line(tmp_path):
    done = command(cell=None, METANP_CELL="")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("train: no cell to train; give --cell CELL")
    done = command("data=cifar10", METANP_CACHE=str(tmp_path), METANP_MIRROR=str(tmp_path))
    assert done.returncode == 2
    assert "allow its download" in done.stderr
    assert "download=true" in done.stderr


def test_a_search_trains_networks_and_takes_the_nan_of_a_diverged_one_as_failed(tmp_path, metanp, monkeypatch):
    monkeypatch.chdir(ROOT)
    journal = tmp_path / "run.sqlite"
    options = f"side=8 epochs=1 batch_size=100 train=300 validation=100 threads=1 output={tmp_path}"
    evaluate = f"{sys.executable} -m scripts.train --cell {{cell}} {options}"
    search = ["search", "--space", "nasbench201", "--journal", str(journal), "--strategy", "random"]
    code, _, err = metanp(*search, "run", "--evaluate", evaluate, "--workers", "2", "--budget", "3")
    assert code == 0, err
    after = status(metanp, journal)
    assert (after["evaluated"], after["failed"]) == (3, 0)
    assert 0 < after["best"]["score"] <= 100
    diverging = f"{evaluate} learning_rate=1e30"
    metanp(*search, "run", "--evaluate", diverging, "--workers", "1", "--budget", "4", "--retries", "0")
    after = status(metanp, journal)
    assert (after["evaluated"], after["failed"]) == (3, 1)


def status(metanp, journal) -> dict:
    """What the command says of a search, for programs."""
    return json.loads(metanp("search", "--journal", str(journal), "status", "--json")[1])
