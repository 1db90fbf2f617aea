"""Files that `metanp search` reads, and what it printed or wrote, for tests."""

import json

from metanp.search.journal import Journal
from tests.metanp.search.search_runs import DISTINCT

IDS = [f"cell-{i}" for i in range(30)]


def rows(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def write(path, *lines):
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def one_line(error: str) -> str:
    assert error.startswith("metanp: "), error
    assert error.count("\n") == 1, error
    return error


def kinds(journal) -> list[str]:
    return [event["kind"] for event in Journal(journal, {}).events()]


def numbered(path, **numbers):
    """A pool of ten cells with numbers beside them."""
    lines = [
        {"id": IDS[i], "cell": cell.to_json(), "features": {name: of(i) for name, of in numbers.items()}}
        for i, cell in enumerate(DISTINCT[:10])
    ]
    return write(path, *lines)
