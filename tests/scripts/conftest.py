"""Fits of studies run in the tests' own process, where a test is not about processes."""

import pytest

from scripts.results.executors import EXECUTORS
from tests.in_this_process import in_this_process


@pytest.fixture(autouse=True)
def fits_in_this_process(request, monkeypatch):
    """Starting processes, which import everything anew, would take most of the time of the tests."""
    if request.node.get_closest_marker("processes") is None:
        monkeypatch.setitem(EXECUTORS, "local", in_this_process)
