"""Fixtures shared by all tests: one thread, and the folder of downloaded benchmark files where there is one."""

import os
from pathlib import Path

import hypothesis
import pytest
import torch
from jaxtyping import install_import_hook

from tests import medium

torch.set_num_threads(1)

# shapes and types in signatures are checked wherever arrays are handed on; what users call is left alone, so that
# tests see our own errors for wrong input
ARRAYS = ("cell_array", "features", "graphs", "score_transform", "encoder", "distribution", "neural_process", "model")
SEARCH = ("belief", "pareto")
CURVES = ("formulas", "posterior", "regressors")
CHECKED = [*(f"metanp.{name}" for name in ARRAYS), *(f"metanp.search.{name}" for name in SEARCH)]
CHECKED += [f"metanp.curves.{name}" for name in CURVES]
install_import_hook(CHECKED, "beartype.beartype")
# the same examples every time, and no stopwatch: other work on the machine is no failure
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("repeatable")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder laid out as host/path that `METANP_MIRROR` names; skips the test where it is absent."""
    folder = Path(os.environ.get("METANP_MIRROR", ROOT.parent / "shared" / "data" / "mirror"))
    if not folder.is_dir():
        pytest.skip(f"no benchmark files: METANP_MIRROR is {folder}, which is no folder")
    os.environ.setdefault("METANP_MIRROR", str(folder))
    return folder


@pytest.fixture
def metanp(monkeypatch, capsys):
    """The command `metanp`, run in this process: exit status, standard output, standard error."""
    from tests.metanp.search.search_runs import metanp_command  # after the import hook above

    return metanp_command(monkeypatch, capsys)


@pytest.fixture
def journal(tmp_path) -> Path:
    """Where a test's search is kept."""
    return tmp_path / "run.sqlite"


def pytest_addoption(parser):
    parser.addoption("--write-medium", action="store_true", help="measure all tests and write tests/medium.txt")


def pytest_make_parametrize_id(val):
    """Processes collect the same names even where bytes differ between them, as a compressed file's date does."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


def pytest_configure(config):
    if config.getoption("--write-medium") and not hasattr(config, "workerinput"):  # one process hears of all tests
        config.pluginmanager.register(medium.Measuring())


def pytest_collection_modifyitems(items):
    """Marks the tests that `slow.txt` and `medium.txt` name."""
    lists = {mark: medium.names(ROOT / "tests" / f"{mark}.txt") for mark in ("slow", "medium")}
    for item in items:
        for mark, names in lists.items():
            if item.nodeid.startswith(names):
                item.add_marker(mark)
