"""Where the journal of a test's search is."""

from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "run.sqlite"
