"""The wheel holds `metanp` alone, and works in an environment that has nothing but its declared dependencies."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROGRAM = """
import sys, json
from metanp import Cell, MetaNP
cells = [Cell(["input", name, "output"], [(0, 1), (1, 2)]) for name in ("conv3x3", "conv1x1", "skip", "avgpool3x3")]
model = MetaNP.from_pretrained().fit(cells[:3], [93.0, 91.0, 85.0], curves=[[80.0, 93.0], [70.0, 91.0], []])
ranking = model.rank(cells, k=1)
assert model.rank(cells, k=1, curves=[[], [], [], [60.0]]).mean[0] > 0
heavy = {"hydra", "wandb", "pandas", "sklearn", "matplotlib", "xgboost"} & set(sys.modules)
print(json.dumps({"cell": ranking.cells[0].operations, "heavy": sorted(heavy)}))
"""
FIRST_LINES = """
from metanp import Cell, MetaNP, examples
example = examples.load()
ranking = MetaNP.from_pretrained("label-free").fit(example.cells, example.accuracy).rank(example.candidates, k=10)
ranking.plot(measured=example.candidate_accuracy).save("ranking.svg")
print(ranking._repr_html_().count("<tr>"))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_library_its_checkpoints_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"metanp"}
    assert "metanp/checkpoints/label-free.safetensors" in names
    assert {"metanp/py.typed", "metanp/curves/curves.safetensors"} <= {*names}
    assert {"metanp/examples/evaluated.jsonl", "metanp/examples/candidates.jsonl"} <= {*names}
    sizes = {info.filename: info.file_size for info in zipfile.ZipFile(wheel).infolist()}
    checkpoints = [size for name, size in sizes.items() if name.endswith(".safetensors")]
    assert max(checkpoints) < 1_000_000
    assert sum(sizes.values()) - sum(checkpoints) < 1_500_000


def test_the_first_lines_run_in_an_empty_folder_from_the_files_of_the_wheel(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    (tmp_path / "empty").mkdir()
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    command = [sys.executable, "-c", FIRST_LINES + "import metanp; print(metanp.__file__)"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path / "empty", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    rows, file = done.stdout.splitlines()
    assert int(rows) == 11  # a head, and ten places
    assert Path(file).is_relative_to(tmp_path / "installed")
    assert [path.name for path in (tmp_path / "empty").iterdir()] == ["ranking.svg"]


@pytest.mark.timeout(600)
def test_the_wheel_imports_and_ranks_in_a_bare_environment(wheel, tmp_path):
    venv.create(tmp_path / "bare", with_pip=True)
    python = tmp_path / "bare" / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt"]
    # torch first and alone, as the Makefile does
    subprocess.run([*pip, "torch"], check=True)
    subprocess.run([*pip, wheel], check=True)
    done = subprocess.run([python, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=tmp_path)
    result = json.loads(done.stdout)
    assert result["heavy"] == []
    assert result["cell"] == ["input", "avgpool3x3", "output"]  # the only one not evaluated
    (tmp_path / "empty").mkdir()
    done = subprocess.run([python, "-c", FIRST_LINES], capture_output=True, text=True, cwd=tmp_path / "empty")
    assert (done.returncode, done.stderr) == (0, "")
