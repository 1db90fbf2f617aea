"""Arguments of small searches on the command line."""

import pytest

from tests.metanp.search.command_line.command_lines import IDS
from tests.metanp.search.search_runs import write_pool


@pytest.fixture
def pool(tmp_path):
    return write_pool(tmp_path / "pool.jsonl", IDS)


@pytest.fixture
def search(pool, journal):
    """Arguments of a random search among thirty cells."""
    return ["search", "--pool", pool, "--journal", journal, "--strategy", "random"]


@pytest.fixture
def space(journal):
    return ["search", "--space", "nasbench_macro", "--journal", journal, "--strategy", "random"]
