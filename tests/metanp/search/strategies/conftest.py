"""Candidates for tests of strategies: what was encoded once is not encoded again."""

import pytest

from metanp.search import Listed
from tests.metanp.search.strategies.known_scores import SPACE, quarter


@pytest.fixture(scope="module")
def whole() -> Listed:
    """One for all tests: what was encoded once is not encoded again."""
    return Listed.of(SPACE)


@pytest.fixture(scope="module")
def pool() -> Listed:
    """A quarter of the space."""
    return quarter()
