"""The notebooks run from top to bottom and show no warning; the quickstart wherever the wheel is installed."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT
from tests.only_the_library import only_the_library

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ANYWHERE = ROOT / "notebooks" / "quickstart.ipynb"


def run(path: Path, folder: Path, env: dict[str, str] | None = None) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=120, resources=resources).execute(**({"env": env} if env else {}))
    return notebook


def complaints(notebook: nbformat.NotebookNode) -> list[str]:
    """What the cells wrote in red."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.text for output in outputs if output.get("name") == "stderr"]


def shown(notebook: nbformat.NotebookNode, kind: str) -> list[str]:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return ["".join(output.data[kind]) for output in outputs if kind in output.get("data", {})]


def test_there_is_a_notebook():
    assert ANYWHERE in NOTEBOOKS


def kinds(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """What each cell of code shows: kinds of data, or the stream that it writes to."""
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    return [[one.get("name") or ", ".join(sorted(one.data)) for one in some] for some in outputs]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_as_it_ran_from_top_to_bottom_without_a_complaint(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == [*range(1, len(counts) + 1)], "python -m scripts.run_notebooks stores outputs"
    assert complaints(notebook) == []


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path != ANYWHERE], ids=lambda path: path.stem)
def test_a_notebook_of_a_clone_says_so_at_its_top_and_runs_there_without_a_warning(path):
    assert "needs a clone" in nbformat.read(path, as_version=4).cells[0].source
    notebook = run(path, ROOT)
    assert complaints(notebook) == []
    assert kinds(notebook) == kinds(nbformat.read(path, as_version=4)), "python -m scripts.run_notebooks"
    assert any("<svg" in text for text in shown(notebook, "text/html"))


def test_the_quickstart_runs_in_an_empty_folder_with_the_library_alone_and_without_a_warning(tmp_path):
    env = only_the_library(tmp_path / "installed")
    (tmp_path / "empty").mkdir()
    notebook = run(ANYWHERE, tmp_path / "empty", env)
    assert complaints(notebook) == []
    assert list((tmp_path / "empty").iterdir()) == []
    assert kinds(notebook) == kinds(nbformat.read(ANYWHERE, as_version=4)), "python -m scripts.run_notebooks"
    assert sum("<svg" in text for text in shown(notebook, "text/html")) == 3  # a cell, a ranking, all predictions
    assert all(len(text) < 500 for text in shown(notebook, "text/plain"))
