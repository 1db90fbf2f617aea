"""Whitened heads for tests, their scales fixed or not."""

import pytest

from metanp.neural_process.heads import WhitenedHeads
from tests.metanp.neural_process.points_and_heads import some_heads


@pytest.fixture
def heads() -> WhitenedHeads:
    """With scales that stay as they are, so that plain numpy can follow."""
    return some_heads(0)


@pytest.fixture(params=[0, 2])
def any_heads(request) -> WhitenedHeads:
    """With scales that stay, and with scales that follow the context."""
    return some_heads(request.param)
