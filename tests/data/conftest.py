"""Where the files of later benchmarks stand: in `more/`, beside the mirror."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def more(mirror) -> Path:
    """The folder; skips the test where it is absent."""
    folder = mirror.parent / "more"
    if not folder.is_dir():
        pytest.skip(f"no later benchmark files: there is no {folder}")
    return folder
