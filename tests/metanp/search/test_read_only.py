"""Journals that may be read and not written."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from metanp.search import JournalError, Search
from metanp.search.journal import Journal, ReadOnlyError
from tests.metanp.search.journals import EXPECTED, first_state, write_first
from tests.metanp.search.search_runs import DISTINCT, write_pool


@pytest.fixture
def readable():
    """A folder that everybody may read; the test goes on as a user who may write nothing in it."""
    if not hasattr(os, "geteuid"):
        pytest.skip("no users")
    folder = Path(tempfile.mkdtemp())
    yield folder
    if os.getuid() == 0:
        os.seteuid(0)
    folder.chmod(0o700)
    shutil.rmtree(folder)


def lock(folder: Path, mode: int) -> None:
    for file in folder.iterdir():
        file.chmod(mode)
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)


@pytest.mark.parametrize("mode", [0o444, 0o644])
def test_a_journal_that_is_read_only_is_read_and_says_so_when_it_is_written(readable, mode):
    path = readable / "run.sqlite"
    with Search(DISTINCT, "random", journal=path) as search:
        search.tell(search.ask(2)[0], 90.0)
    before = path.read_bytes()
    lock(readable, mode)
    with Search(DISTINCT, "random", journal=path) as search:
        assert search.best().score == 90.0
        assert len(search.suggestions(3)) == 3
        said = r"run\.sqlite is read-only, .* make the file and its folder writable"
        for write in (
            lambda: search.ask(),
            lambda: search.tell(search.pending[0], 1.0),
            lambda: search.drop(search.pending[0]),
            lambda: search.retract(search.best().cell),
        ):
            with pytest.raises(JournalError, match=said):
                write()
    assert path.read_bytes() == before


@pytest.mark.parametrize("how", ["mode=ro", "immutable=1"])
@pytest.mark.parametrize("first", [True, False])
def test_an_address_that_is_read_only_is_one(path, how, first):
    write_first(path, candidates="a list of cells")
    if not first:
        Journal(path, {}).alive("somebody")  # written to, so of the second format
    with Search(DISTINCT, "random", journal=f"{path.as_uri()}?{how}") as search:
        assert first_state(search) == EXPECTED
        with pytest.raises(ReadOnlyError, match="read-only"):
            search.tell(DISTINCT[2], 1.0)
        assert first_state(search) == EXPECTED


def test_status_and_suggest_read_a_read_only_journal(readable, metanp):
    path, pool = readable / "run.sqlite", write_pool(readable / "pool.jsonl", [f"net[{i}]" for i in range(20)])
    start = ["search", "--pool", pool, "--journal", path, "--strategy", "random"]
    ids = [json.loads(line)["id"] for line in metanp(*start, "ask", "-n", 2)[1].splitlines()]
    (readable / "told").write_text(json.dumps({"id": ids[0], "score": 90}))
    metanp(*start, "tell", readable / "told")
    (readable / "told").write_text(json.dumps({"id": ids[1], "score": 90}))
    lock(readable, 0o444)
    later = ["search", "--journal", path]
    code, out, _ = metanp(*later, "status")
    assert (code, "net[" in out) == (0, True)
    assert json.loads(metanp(*later, "status", "--json")[1])["best"]["id"] == ids[0]
    assert len(json.loads(metanp(*later, "suggest", "-n", 3, "--json")[1])["suggestions"]) == 3
    assert metanp(*later, "--seed", 5, "suggest")[0] == 0
    for command in (["ask"], ["tell", readable / "told"], ["drop", ids[1]], ["retract", ids[0]]):
        code, out, error = metanp(*later, *command)
        assert (code, out, error.count("\n"), "is read-only" in error) == (2, "", 1, True)
