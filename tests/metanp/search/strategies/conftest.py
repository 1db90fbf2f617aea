"""Candidates for tests of strategies: what was encoded once is not encoded again."""

import pytest

from metanp.search import Listed
from tests.metanp.search.strategies.known_scores import SPACE, quarter, scattered, thousand


@pytest.fixture(scope="session")
def whole() -> Listed:
    """All 15,625 cells."""
    return Listed.of(SPACE)


@pytest.fixture(scope="session")
def pool() -> Listed:
    """A quarter of the space."""
    return quarter()


@pytest.fixture(scope="session")
def part() -> Listed:
    """A thousand cells of the space."""
    return thousand()


@pytest.fixture(scope="session")
def without_skips() -> Listed:
    """A thousand cells of which those with a skip may not be asked for."""
    return thousand(feasible=lambda cell: "skip" not in cell.operations)


@pytest.fixture(scope="session")
def few() -> Listed:
    """Cells that lack most of their neighbours."""
    return scattered()
