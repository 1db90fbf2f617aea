"""What is wrong is one line, and the files stay as they were."""

import os
import sqlite3

import pytest

from metanp.search.journal import Journal
from tests.metanp.search.command_line.command_lines import kinds, numbered, one_line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask"], "say which journal"),
        (["--journal", "new", "ask"], "new does not say what is searched; give --space NAME or --pool FILE"),
        (["--journal", "new", "status"], "there is no journal at new"),
        (["--journal", "new", "--space", "nasbench21", "ask"], "nearest: nasbench201"),
        (["--journal", "new", "--pool", "nowhere", "ask"], "there is no pool of candidates at nowhere"),
        (["--journal", "new", "--space", "nasbench_macro", "ask", "--strategy", "randm"], "nearest: random"),
        (["--journal", "new", "--space", "nasbench_macro", "--strategy", "random", "ask", "--checkpoint", "x"],
         "strategy 'random' cannot be made with these settings: "),
        (["--journal", "no/such/new", "--space", "nasbench_macro", "--strategy", "random", "ask"],
         "the journal no/such/new cannot be read or written: unable to open database file"),
        (["--journal", "new", "--space", "nasbench_macro", "--strategy", "random", "run", "--evaluate", "true",
          "--budget", "0"], "budget is 0; expected 1 or more"),
        (["--journal", "new", "--limit", "latency<5", "ask"],
         "--limit 'latency<5': expected a name and a number, such as latency=5.2"),
        (["--journal", "new", "--space", "nasbench_macro", "--limit", "latency=5", "ask"],
         "'latency' is a number beside the cells of a pool; give --pool FILE"),
        (["--journal", "new", "--space", "nasbench_macro", "--strategy", "pareto", "ask"],
         "strategy 'pareto' searches score against a cost; say which: --cost NAME"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_options_is_one_line_and_no_file_is_made(metanp, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, out, error = metanp("search", *arguments)
    assert (code, out) == (2, "")
    assert message in one_line(error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--cost", "latncy"], "has no 'latncy' beside its cells; nearest: latency"),
        (["--limit", "flops=3"], "line 5: no 'flops', which every candidate needs here"),
    ],
)
def test_a_number_that_candidates_lack_is_named(metanp, journal, tmp_path, option, message):
    pool = numbered(tmp_path / "pool.jsonl", latency=lambda i: 10 - i, flops=lambda i: None if i == 4 else i)
    code, out, error = metanp("search", "--journal", journal, "--pool", pool, *option, "ask")
    assert (code, out, journal.exists()) == (2, "", False)
    assert message in one_line(error)


def test_text_needs_a_space_and_nothing_is_given_out_without(metanp, search, journal):
    code, out, error = metanp(*search, "ask", "--as", "text")
    assert (code, out) == (2, "")
    assert "only a search with --space has cells as text" in one_line(error)
    assert kinds(journal) == []


def garbage(path):
    path.write_bytes(b"no database at all, but a longer text than a header" * 50)


def foreign(path):
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE photos (name TEXT)")


def of_the_future(path):
    Journal(path, {}).close()
    with sqlite3.connect(path) as file:
        file.execute("UPDATE facts SET value = '99' WHERE name = 'format'")


def of_another_space(path):
    Journal(path, {"candidates": "three cells"}).close()


@pytest.mark.parametrize("command", [["ask"], ["run", "--evaluate", "true {cell}", "--budget", 3], ["status"]])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (garbage, "is no journal of a search: file is not a database"),
        (foreign, "it is an SQLite file with other tables, ['photos']"),
        (of_the_future, "is a journal of version 99; this version of metanp reads 1"),
    ],
)
def test_a_file_that_is_no_journal_of_ours_is_left_as_it_is(metanp, search, journal, spoil, message, command):
    spoil(journal)
    before = journal.read_bytes()
    code, out, error = metanp(*search, *command)
    assert (code, out) == (2, "")
    assert message in one_line(error)
    assert journal.read_bytes() == before


def test_the_journal_of_another_search_is_left_as_it_is(metanp, search, journal):
    of_another_space(journal)
    before = journal.read_bytes()
    code, _, error = metanp(*search, "ask")
    assert (code, "its candidates is three cells, not a list of cells" in one_line(error)) == (2, True)
    assert journal.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_one_line(metanp, search, tmp_path):
    metanp(*search, "ask")
    before = (tmp_path / "run.sqlite").read_bytes()
    (tmp_path / "run.sqlite").chmod(0o400)
    tmp_path.chmod(0o500)
    code, _, error = metanp(*search, "ask")
    tmp_path.chmod(0o700)
    assert code == 2
    assert "cannot be read or written: attempt to write a readonly database" in one_line(error)
    assert (tmp_path / "run.sqlite").read_bytes() == before
