"""The wheel holds `metanp` alone, and works in an environment that has nothing but its declared dependencies."""

import json
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
ranking = MetaNP.from_pretrained().fit(cells[:3], [93.0, 91.0, 85.0]).rank(cells, k=1)
heavy = {"hydra", "wandb", "pandas", "sklearn", "matplotlib", "xgboost"} & set(sys.modules)
print(json.dumps({"cell": ranking.cells[0].operations, "heavy": sorted(heavy)}))
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
    assert "metanp/py.typed" in names
    sizes = {info.filename: info.file_size for info in zipfile.ZipFile(wheel).infolist()}
    checkpoints = [size for name, size in sizes.items() if name.endswith(".safetensors")]
    assert max(checkpoints) < 1_000_000
    assert sum(sizes.values()) - sum(checkpoints) < 1_000_000


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
