"""The real script: killed at any moment it resumes to the same bits, and two processes equal one.

A killed run is one process, started without a wrapper and killed by its own id.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from metanp.checkpoint import CheckpointError, read_tensors
from scripts.meta_train import meta_train
from tests.conftest import ROOT

SMALL = [
    *(f"tasks.spaces.{name}=0" for name in ("nasbench201", "nasbench_graph", "random", "configurations", "chains")),
    "+tasks.spaces.transnas=1",
    "tasks.episodes.target_cells=16",
    "tasks.episodes.context_cells=[3,12]",
    *(f"model.encoder.{size}" for size in ("width=8", "layers=1", "d_embed=8")),
    *(f"model.whitened.kernel.{size}" for size in ("heads=2", "embedding_heads=1", "directions=2", "forest_heads=0")),
    *(f"model.whitened.{size}" for size in ("maps=2", "points=6", "channels=4")),
    *("wandb=disabled", "workers=0", "threads=1"),
]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
PATIENCE = 240  # seconds; a machine that is busy is no failure


def run_here(output: Path, *overrides: str) -> dict[str, float]:
    """What the script does, in this process."""
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        config: Any = OmegaConf.to_object(compose("meta_train", [f"output={output}", *SMALL, *overrides]))
    return meta_train(config)


def start(output: Path, *overrides: str, module: tuple[str, ...] = ()) -> subprocess.Popen:
    command = [sys.executable, *module, "-m", "scripts.meta_train", f"output={output}", *SMALL, *overrides]
    return subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> None:
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


def state(folder: Path) -> dict[str, bytes]:
    """All bits of the last state, optimiser included, and of the best model."""
    return {
        f"{file} {name}": tensor.numpy().tobytes()
        for file in ("last", "best")
        for name, tensor in read_tensors(folder / f"{file}.safetensors")[0].items()
    }


def log(folder: Path) -> list[dict]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def saved_step(folder: Path) -> int:
    try:
        return read_tensors(folder / "last.safetensors")[1]["step"]
    except CheckpointError:  # none yet
        return 0


def wait_for(process: subprocess.Popen, happened: Callable[[], bool], look_every: float) -> None:
    """Until something happened; seconds between two looks."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "nothing happened"
        try:
            process.wait(look_every)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"ended by itself: {process.stderr.read() if process.stderr else ''}")


def kill(process: subprocess.Popen) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def half_written(folder: Path) -> list[Path]:
    return list(folder.glob(".last.safetensors.*"))


def kill_while_writing(process: subprocess.Popen, folder: Path) -> None:
    """Stop the process when a half-written checkpoint is seen; kill it if that is still so once it stands still."""

    def caught() -> bool:
        if not half_written(folder):
            return False
        os.kill(process.pid, signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        if half_written(folder):
            return True
        os.kill(process.pid, signal.SIGCONT)
        return False

    wait_for(process, caught, look_every=0.0002)
    kill(process)
    assert half_written(folder)


def kill_and_resume(folder: Path, steps: int, kills: list[float | None]) -> None:
    """Kill after each has made progress: so many seconds later, or (None) while it writes a checkpoint; then finish."""
    overrides = (f"training.steps={steps}", "training.save_every=1", "training.validate_every=40", "resume=true")
    for delay in kills:
        before = saved_step(folder)
        process = start(folder, *overrides)
        wait_for(process, lambda before=before: saved_step(folder) > before, look_every=0.05)
        if delay is None:
            kill_while_writing(process, folder)
        else:
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                kill(process)
        assert before < saved_step(folder) < steps, "finished before it was killed: train longer"
    finish(start(folder, *overrides))


def check_against_uninterrupted(tmp_path: Path, steps: int) -> None:
    run_here(tmp_path / "whole", f"training.steps={steps}", "training.validate_every=40")
    assert state(tmp_path / "killed") == state(tmp_path / "whole")
    assert log(tmp_path / "killed") == log(tmp_path / "whole")
    left = sorted(path.name for path in (tmp_path / "killed").iterdir())
    assert left == ["best.safetensors", "last.safetensors", "log.jsonl"]


def test_a_run_killed_twice_ends_with_the_bits_of_an_uninterrupted_one(tmp_path):
    kill_and_resume(tmp_path / "killed", 60, [None, 0.1])
    check_against_uninterrupted(tmp_path, 60)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_run_killed_twenty_times_ends_with_the_bits_of_an_uninterrupted_one(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "killed"
    for seconds in rng.uniform(0, 6, size=5):  # some while it starts: nothing is lost, and nothing may be gained
        process = start(
            folder, "training.steps=1000", "training.save_every=1", "training.validate_every=40", "resume=true"
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            kill(process)
    kills: list[float | None] = [None if i % 3 == 0 else float(rng.uniform(0, 0.5)) for i in range(20)]
    kill_and_resume(folder, 1000, kills)
    check_against_uninterrupted(tmp_path, 1000)


def test_two_processes_with_half_of_each_batch_equal_one_with_all_of_it(tmp_path):
    """Contexts of differing sizes, so that what is padded together matters; within 1e-5 is asked for, 0 is measured."""
    overrides = ("training.steps=20", "training.warmup=1", "tasks.episodes.alike=1")
    module = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    finish(start(tmp_path / "two", *overrides, module=module))
    run_here(tmp_path / "one", *overrides)
    two, one = (read_tensors(tmp_path / name / "last.safetensors")[0] for name in ("two", "one"))
    assert two.keys() == one.keys()
    apart = {name: float((two[name] - one[name]).abs().max()) for name in one if name.startswith("model.")}
    assert max(apart.values()) < 1e-5, apart
    losses = [[line["loss"] for line in log(tmp_path / name) if "loss" in line] for name in ("two", "one")]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)  # the same episodes
    assert len(losses[0]) == 20


def test_workers_that_draw_episodes_change_no_bit(tmp_path):
    for workers in (0, 2):
        run_here(tmp_path / str(workers), "training.steps=5", f"workers={workers}")
    assert state(tmp_path / "0") == state(tmp_path / "2")


def test_another_seed_gives_other_weights(tmp_path):
    for seed in (0, 1):
        run_here(tmp_path / str(seed), "training.steps=2", f"training.seed={seed}")
    assert state(tmp_path / "0") != state(tmp_path / "1")


def test_earlier_work_in_the_process_changes_no_bit(tmp_path):
    run_here(tmp_path / "first", "training.steps=3")
    torch.rand(5)
    np.random.default_rng()
    run_here(tmp_path / "second", "training.steps=3")
    assert state(tmp_path / "first") == state(tmp_path / "second")


def test_a_run_into_a_used_folder_starts_again(tmp_path):
    run_here(tmp_path, "training.steps=3")
    metrics = run_here(tmp_path, "training.steps=2")
    assert [line["step"] for line in log(tmp_path)] == [1, 2, 2]
    assert {"score", "tau@20", "n10@100", "nll@50"} <= metrics.keys()


def test_a_label_free_training_reads_no_table(tmp_path, monkeypatch):
    def refused(name):
        raise AssertionError(f"{name} was read")

    monkeypatch.setattr("tasks.sources.load_benchmark", refused)
    run_here(tmp_path, "training.steps=2")
    card = read_tensors(tmp_path / "best.safetensors")[1]
    assert (card["kind"], card["tested"]) == ("label-free", None)
    assert [source["labels"] for source in card["sources"] + card["chosen_by"]] == [None, None]
    assert card["training"]["steps"] == card["step"] == 2
