"""The file of a journal: damaged, of the first format, read-only, or of a search that is pickled."""

import contextlib
import copy
import json
import os
import pickle
import random
import shutil
import sqlite3
import tempfile
import threading
from pathlib import Path

import pytest

from metanp.search import FAILED, JournalError, Listed, Search, make
from metanp.search.journal import Journal, ReadOnlyError, remembered
from metanp.search.strategy import Pick
from metanp.spaces import get_space
from tests.search_runs import DISTINCT, write_pool
from tests.tiny_model import write_checkpoint

FACTS = {"better": "higher", "candidates": "a list of cells"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.sqlite"


def fill(path: Path | None) -> Journal:
    """Every kind of event, for thirty cells."""
    journal = Journal(path, FACTS)
    journal.naming = lambda cell: f"net[{cell.key[:3]}]"
    journal.alive("worker")
    for i, cell in enumerate(DISTINCT[:20]):
        journal.ask([Pick(cell, {"mean": i * 1.1})], "worker")
        if i % 5:
            journal.tell("tell", cell, 90 + i / 7, worker="worker")
        else:
            journal.tell("fail", cell, note={"reason": "no memory"}, worker="worker")
    journal.tell("tell", DISTINCT[3], 93.25)
    journal.tell("retract", DISTINCT[3], note={"last": True})
    journal.tell("retract", DISTINCT[1])
    journal.tell("drop", DISTINCT[0])
    journal.tell("tell", DISTINCT[22], 1.5, {"known": True, "outside": True})
    journal.ask([Pick(DISTINCT[23])])
    return journal


def state(path: Path) -> object:
    """All that the journal says."""
    with contextlib.closing(Journal(path, FACTS)) as journal:
        return journal.history(), journal.spent(), journal.asked(), journal.events(), journal.facts(), journal.names()


def look(path: Path) -> object:
    """All that the journal says, or why it does not."""
    try:
        return state(path)
    except JournalError as error:
        return str(error)


def change(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        for statement in statements:
            file.execute(statement)


# --- damage ---


@pytest.mark.parametrize("seed", range(3))
def test_no_flipped_bit_goes_unnoticed(path, tmp_path, seed):
    fill(path).close()
    whole, said, copied = path.read_bytes(), state(path), tmp_path / "flipped.sqlite"
    rng, reported = random.Random(seed), 0
    for _ in range(150):
        place, bit = rng.randrange(len(whole)), rng.randrange(8)
        flipped = bytearray(whole)
        flipped[place] ^= 1 << bit
        copied.write_bytes(flipped)
        found = look(copied)
        if isinstance(found, str):
            reported += 1
            assert "flipped.sqlite" in found
            assert "\n" not in found
        else:
            assert found == said, f"bit {bit} of byte {place}"
    assert reported > 20


EVENT = "UPDATE events SET {} WHERE id = 7"


@pytest.mark.parametrize(
    "statement",
    [
        "kind = 'tall'", "kind = 'drop'", "kind = x'00'", "key = 'abc'", "cell = '{'", "cell = '[]'",
        "cell = '{\"a\": 1}'",         "cell = CAST(x'ff' AS TEXT)", "cell = '" + "[" * 5000 + "'", "score = NULL",
        "score = score + 1e-13", "score = 'high'",
        "score = 9e999", "note = '{'", "note = '[]'", "note = '{\"known\": true}'", "worker = 'other'",
        "name = 'cell-1'",         "time = time + 1", "time = 'now'", "checksum = checksum + 1", "checksum = 'abc'",
    ],
)  # fmt: skip
def test_a_changed_event_is_named_with_what_to_do(path, statement):
    journal = Journal(path, FACTS)
    for cell in DISTINCT[:9]:
        journal.tell("tell", cell, 90.0)
    journal.close()
    change(path, EVENT.format(statement))
    with pytest.raises(
        JournalError, match=r"run\.sqlite is damaged: event 7: .*restore a copy.*go on without"
    ) as caught:
        state(path)
    remedy = str(caught.value).split('"')[1]
    change(path, remedy)
    assert len(state(path)[0].evaluated) == 8
    with contextlib.closing(Journal(path, FACTS)) as again:
        again.tell("tell", DISTINCT[20], 1.0)
        assert len(again.history().evaluated) == 9


@pytest.mark.parametrize("number", [1, 4, 8])
def test_a_missing_event_is_named_with_what_to_do(path, number):
    journal = Journal(path, FACTS)
    for cell in DISTINCT[:9]:
        journal.tell("tell", cell, 90.0)
    journal.close()
    change(path, f"DELETE FROM events WHERE id = {number}")
    with pytest.raises(JournalError, match=f"event {number} is missing; restore a copy") as caught:
        state(path)
    change(path, str(caught.value).split('"')[1])
    assert len(state(path)[0].evaluated) == 8


@pytest.mark.parametrize("size", [100, 4096, 8192, -1])
def test_a_file_that_was_cut_off_is_said(path, size):
    fill(path).close()
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(JournalError, match=r"run\.sqlite"):
        state(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE facts SET value = 'lower' WHERE name = 'better'",
        "UPDATE facts SET name = 'bitter' WHERE name = 'better'",
        "DELETE FROM facts WHERE name = 'checksum'",
        "DELETE FROM facts WHERE name = 'format'",
        "UPDATE facts SET value = x'00' WHERE name = 'better'",
        "INSERT INTO facts VALUES ('seed', '4')",
    ],
)
def test_changed_facts_are_said(path, metanp, statement):
    fill(path).close()
    change(path, statement)
    with pytest.raises(JournalError, match="damaged: what it says of the search"):
        remembered(path)
    with pytest.raises(JournalError, match="damaged: what it says of the search"):
        Journal(path, {})
    code, _, error = metanp("search", "--journal", path, "status")
    assert (code, error.count("\n")) == (2, 1)


def test_a_damaged_row_of_a_worker_is_nobodys_end(path):
    journal = fill(path)
    (cell,) = (pick.cell for pick in journal.ask([Pick(DISTINCT[25])], "worker"))
    change(path, "UPDATE workers SET seen = 'now', pid = 'x'")
    assert journal.adopt("other", silent=-1.0) == []
    assert cell in journal.history().pending


def test_damage_is_one_line_on_the_command_line(metanp, path, tmp_path):
    pool = write_pool(tmp_path / "pool.jsonl", ["a", "b", "c"])
    search = ["search", "--pool", pool, "--journal", path, "--strategy", "random"]
    metanp(*search, "ask", "-n", 2)
    change(path, "UPDATE events SET cell = '{' WHERE id = 2")
    for command in (["status"], ["ask"], ["suggest"], ["drop", "a"], ["retract", "a"]):
        code, out, error = metanp("search", "--journal", path, *command)
        assert (code, out, error.count("\n")) == (2, "", 1)
        assert "event 2: " in error


# --- the first format ---

FIRST = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, time REAL NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, cell TEXT NOT NULL,
    score REAL, note TEXT NOT NULL, worker TEXT NOT NULL);
CREATE TABLE workers (name TEXT PRIMARY KEY, seen REAL NOT NULL);
"""


def write_first(path: Path, **facts: str) -> None:
    """As the version before wrote it: three cells asked for, one told, one failed."""
    facts = {"format": "1", "better": "higher", "candidates": "9 cells 0123456789abcdef", **facts}
    rows = [("ask", 0, None, '{"mean": 1.5}'), ("ask", 1, None, "{}"), ("ask", 2, None, "{}")]
    rows += [("tell", 0, 91.5, "{}"), ("fail", 1, None, '{"reason": "no memory"}')]
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.executescript(FIRST)
        file.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
        file.execute("INSERT INTO workers VALUES ('host:1:abc', 1.0)")
        for kind, i, score, note in rows:
            values = (5.0, kind, DISTINCT[i].key, json.dumps(DISTINCT[i].to_json()), score, note, "host:1:abc")
            file.execute(
                "INSERT INTO events (time, kind, key, cell, score, note, worker) VALUES (?, ?, ?, ?, ?, ?, ?)", values
            )


def first_state(search: Search) -> tuple:
    history = search.history
    return ([one.cell for one in history.evaluated], history.pending, history.failed, search.journal.spent())


EXPECTED = ([DISTINCT[0]], [DISTINCT[2]], [DISTINCT[1]], 2)


def test_a_journal_of_the_first_format_is_read_as_it_is_and_changed_with_the_first_write(path):
    write_first(path)
    before = path.read_bytes()
    with Search(DISTINCT, "random", journal=path) as search:
        assert first_state(search) == EXPECTED
        assert path.read_bytes() == before
        search.tell(DISTINCT[2], 92.0)
        assert search.best().score == 92.0
        assert search.journal.facts()["format"] == "2"
    with Search(DISTINCT, "random", journal=path) as again:
        assert again.best().score == 92.0
        assert [event["id"] for event in again.journal.events()] == [1, 2, 3, 4, 5, 6]
        assert again.history.evaluated[0].note == {"mean": 1.5}
    change(path, "UPDATE events SET score = 99 WHERE id = 4")
    with pytest.raises(JournalError, match="event 4: does not fit its checksum"):
        Search(DISTINCT, "random", journal=path)


def test_processes_that_have_a_first_format_open_go_on_when_another_changed_it(path):
    write_first(path)
    with Search(DISTINCT, "random", journal=path) as one, Search(DISTINCT, "random", journal=path) as other:
        assert first_state(one) == first_state(other) == EXPECTED
        one.tell(DISTINCT[2], 92.0)
        assert other.best().score == 92.0
        other.retract(DISTINCT[2])
        assert one.best().score == other.best().score == 91.5


def test_a_version_that_knows_the_first_format_alone_can_add_nothing_to_the_second(path):
    write_first(path)
    old = sqlite3.connect(path, isolation_level=None)
    with Search(DISTINCT, "random", journal=path) as search:
        search.tell(DISTINCT[2], 92.0)
    insert = "INSERT INTO events (time, kind, key, cell, score, note, worker) VALUES (1, 'drop', '', '', NULL, '', '')"
    with pytest.raises(sqlite3.IntegrityError):
        old.execute(insert)
    # what it does to open a file: it finds a format that it does not know, and says so
    old.execute("INSERT OR IGNORE INTO facts VALUES ('format', '1')")
    assert old.execute("SELECT value FROM facts WHERE name = 'format'").fetchone() == ("2",)
    old.close()


@pytest.mark.parametrize(
    "statement",
    ["kind = 'tall'", "score = NULL", "cell = '{'", "key = 'abc'", "note = '{'", "worker = CAST(x'ff' AS TEXT)"],
)
def test_a_damaged_event_of_the_first_format_is_named_and_not_sealed(path, statement):
    write_first(path)
    change(path, f"UPDATE events SET {statement} WHERE id = 4")
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"event 4: .*DELETE FROM events WHERE id = 4"):
        Search(DISTINCT, "random", journal=path).tell(DISTINCT[2], 1.0)
    assert path.read_bytes() == before
    change(path, "DELETE FROM events WHERE id = 4")
    with Search(DISTINCT, "random", journal=path) as search:
        search.tell(DISTINCT[2], 1.0)
        assert search.best().score == 1.0
    with Search(DISTINCT, "random", journal=path) as again:
        assert again.best().score == 1.0


@pytest.mark.parametrize("of", ["9 cells 0123456789abcdef", Listed(DISTINCT).counted])
def test_a_list_of_the_first_format_may_change(path, of):
    write_first(path, candidates=of)
    with Search(DISTINCT[::-1], "random", journal=path) as search:
        assert first_state(search) == EXPECTED
    with pytest.raises(JournalError, match="no cell that computes the same"):
        Search(DISTINCT[1:], "random", journal=path)


def test_a_space_of_the_first_format_is_no_list_and_goes_on_as_it_was(path):
    space = get_space("nasbench201")
    write_first(path, candidates=Listed.of(space).counted)
    with Search(space, "random", journal=path) as search:
        assert first_state(search) == EXPECTED
    with pytest.raises(JournalError, match="its candidates is 15625 cells"):
        Search(DISTINCT, "random", journal=path)


def test_an_unknown_format_says_which_are_read(path):
    fill(path).close()
    change(path, "UPDATE facts SET value = '3' WHERE name = 'format'")
    with pytest.raises(JournalError, match=r"version 3; this version of metanp reads 1 and 2: pip install --upgrade"):
        Journal(path, {})


# --- read-only ---


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


# --- pickled ---


AGAIN = [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]


@pytest.mark.parametrize("again", AGAIN)
@pytest.mark.parametrize("strategy", ["random", "local_search", "weak_nas_boosting"])
def test_a_search_in_memory_is_read_again_with_its_events(again, strategy):
    search = Search(get_space("nasbench_macro"), strategy, rng=3, maximize=False)
    cells = search.ask(4)
    search.tell(cells[0], 0.5)
    search.tell(cells[1], FAILED)
    other = again(search)
    assert other.best() == search.best()
    assert (other.pending, other.history.failed) == (search.pending, search.history.failed)
    assert other.ask(3) == search.ask(3)
    other.tell(cells[2], 0.1)
    assert search.best().score == 0.5  # events of its own
    assert other.best().score == 0.1


@pytest.mark.parametrize("again", AGAIN)
def test_a_search_in_a_file_opens_it_again(path, again, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with Search(DISTINCT, "random", journal="run.sqlite") as search:
        search.tell(search.ask(2)[0], 90.0)
        monkeypatch.chdir("/")
        with again(search) as other:
            other.tell(other.pending[0], 92.0)
            assert search.best().score == 92.0  # one file


def test_a_search_of_which_the_file_is_gone_or_another_says_so(path):
    with Search(DISTINCT, "random", journal=path) as search:
        search.ask()
        kept = pickle.dumps(search)
    path.unlink()
    with pytest.raises(JournalError, match=r"run\.sqlite of this search is not there any more"):
        pickle.loads(kept)
    Search(get_space("nasbench_macro"), "random", journal=path).close()
    with pytest.raises(JournalError, match="is the journal of another search"):
        pickle.loads(kept)


def test_a_search_with_a_loaded_model_pickles_small_and_says_the_same(tmp_path):
    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    for strategy in (make("metanp", checkpoint=checkpoint), make("weak_nas_metanp", checkpoint=checkpoint)):
        search = Search(DISTINCT, strategy)
        for i, cell in enumerate(search.ask(12)):
            search.tell(cell, 90.0 + i)
        assert search.suggestions(2)
        kept = pickle.dumps(search)
        assert len(kept) < 300_000
        assert pickle.loads(kept).ask(3) == search.ask(3)


def test_threads_may_share_what_was_read_again():
    search = pickle.loads(pickle.dumps(Search(DISTINCT, "random")))
    asked = []
    threads = [threading.Thread(target=lambda: asked.extend(search.ask(2))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({cell.key for cell in asked}) == 8
