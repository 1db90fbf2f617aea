"""The file of a journal that was damaged: it is said, and nothing goes unnoticed."""

import contextlib
import random

import pytest

from metanp.search import JournalError
from metanp.search.journal import Journal, remembered
from metanp.search.strategy import Pick
from tests.metanp.search.journals import FACTS, change, fill, look, state
from tests.metanp.search.search_runs import DISTINCT, write_pool


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
