"""Runs of a training command: budgets, and that no end of a run loses anything."""

import json
import os
import signal
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from metanp.search.journal import Journal
from metanp.search.strategy import Pick
from tests.metanp.search.search_runs import DISTINCT, Background, is_gone, trained, training, until, write_pool

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups")


@pytest.fixture
def background(tmp_path):
    """Starts `metanp` in processes of their own, which end with the test."""
    started = []

    def start(*arguments):
        started.append(Background(tmp_path, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def search(tmp_path):
    """Arguments of a random search among forty cells."""
    pool = write_pool(tmp_path / "pool.jsonl", [f"cell-{i}" for i in range(40)])
    return ["search", "--pool", pool, "--journal", tmp_path / "run.sqlite", "--strategy", "random"]


def events(folder: Path, *kinds: str) -> list[dict]:
    with closing(Journal(folder / "run.sqlite", {})) as journal:
        return [event for event in journal.events() if not kinds or event["kind"] in kinds]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("no-such-program {cell}", "there is no program 'no-such-program' that can be run"),
        ("", "the command is empty"),
        ("true {cell} --timeout", "timeout is 0; expected seconds, more than 0"),
        ("python 'train.py", "cannot read the command"),
    ],
)
def test_a_command_that_cannot_be_run_is_said_before_anything_is_asked(metanp, search, tmp_path, template, message):
    limit = ["--timeout", 0] if "--timeout" in template else []
    code, out, error = metanp(*search, "run", "--evaluate", template, "--budget", 3, *limit)
    assert (code, out) == (2, "")
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run.sqlite").exists()


BY_NAME = """
if name == "hang": time.sleep(60)
if name == "exit": sys.exit("no memory")
print("garbage" if name == "garbage" else 90 + len(name))
"""


def test_scores_and_failures_are_told_with_reasons_until_no_candidate_is_left(metanp, tmp_path):
    pool = write_pool(tmp_path / "pool.jsonl", ["good", "hang", "exit", "garbage", "better"])
    search = ["search", "--pool", pool, "--journal", tmp_path / "run.sqlite", "--strategy", "random"]
    command = training(tmp_path, BY_NAME)
    run = ["run", "--evaluate", command, "--budget", 10, "--workers", 2, "--timeout", 1.5, "--json"]
    code, out, error = metanp(*search, *run)
    assert code == 0
    assert "5 of 10 evaluated; best 96, better" in error
    rows = {row["id"]: row for row in map(json.loads, out.splitlines())}
    assert {name: row["score"] for name, row in rows.items() if row["score"]} == {"good": 94, "better": 96}
    reasons = {name: row["failed"] for name, row in rows.items() if row["score"] is None}
    assert reasons == {
        "hang": "no result after 1.5 s; killed",
        "exit": "exit status 1: no memory",
        "garbage": "the last line of its output is no score: 'garbage'",
    }
    kept = [json.loads(event["note"])["reason"] for event in events(tmp_path, "fail")]
    assert sorted(kept) == sorted(reasons.values())
    assert "garbage\n" in (tmp_path / "run.sqlite.logs" / "garbage.log").read_text()
    assert {row["worker"] for row in rows.values()} <= {0, 1}


def test_a_budget_is_a_total_that_a_second_run_goes_on_to(metanp, search, tmp_path):
    command = training(tmp_path, "print(1)")
    assert metanp(*search, "run", "--evaluate", command, "--budget", 3)[0] == 0
    code, _, error = metanp("search", *search[3:5], "run", "--evaluate", command, "--budget", 3)
    assert (code, len(trained(tmp_path))) == (0, 3)
    assert "3 of 3 evaluated" in error
    metanp(*search, "run", "--evaluate", command, "--budget", 5, "--workers", 4)
    assert len(events(tmp_path, "tell")) == len({event["key"] for event in events(tmp_path, "tell")}) == 5


def test_a_run_whose_evaluations_all_fail_gives_up(metanp, search, tmp_path):
    command = training(tmp_path, "sys.exit('no such data set')")
    code, _, error = metanp(*search, "run", "--evaluate", command, "--budget", 30, "--give-up", 3)
    assert code == 2
    last = error.splitlines()[-1]
    assert last == "metanp: 3 evaluations failed one after another, the last: exit status 1: no such data set"
    assert len(events(tmp_path, "fail")) == 3


def test_a_program_that_vanishes_is_no_failure_of_the_cell(metanp, search, tmp_path):
    program = tmp_path / "train"
    program.write_text(f"#!{sys.executable}\nimport sys, os\nos.remove(sys.argv[0])\nprint(1)\n")
    program.chmod(0o755)
    code, _, error = metanp(*search, "run", "--evaluate", f"{program} {{cell}}", "--budget", 5)
    assert code == 2
    assert "No such file" in error.splitlines()[-1]
    assert [event["kind"] for event in events(tmp_path)] == ["ask", "tell", "ask", "drop"]


def test_a_command_without_a_cell_is_warned_of(metanp, search, tmp_path):
    command = f"{sys.executable} -I -S -c print(1) {{worker}}"
    code, _, error = metanp(*search, "run", "--evaluate", command, "--budget", 1)
    assert code == 0
    assert "the command has no {cell}" in error.splitlines()[0]


HELD = """
if len(started()) > 3:
    while (folder / "hold").exists(): time.sleep(0.02)
print(1)
"""


def test_a_run_that_was_killed_loses_nothing_and_leaves_nothing_running(metanp, background, search, tmp_path):
    (tmp_path / "hold").touch()
    command = training(tmp_path, HELD)
    run = ["run", "--evaluate", command, "--budget", 8, "--workers", 2, "--silent", 1]
    first = background(*search, *run)
    until(lambda: len(trained(tmp_path)) == 5 and len(events(tmp_path, "tell")) == 3)
    os.killpg(first.process.pid, signal.SIGKILL)
    first.ended()
    before = events(tmp_path)
    pids = trained(tmp_path)
    until(lambda: all(map(is_gone, pids)))
    told = {event["key"] for event in before if event["kind"] == "tell"}
    lost = {event["key"] for event in before if event["kind"] == "ask"} - told
    assert len(lost) == 2
    (tmp_path / "hold").unlink()
    code, _, error = metanp(*search, *run)
    assert code == 0
    assert "that is gone" in error
    after = events(tmp_path)
    assert after[: len(before)] == before
    times_told = Counter(event["key"] for event in after if event["kind"] == "tell")
    assert len(times_told) == sum(times_told.values()) == 8
    assert told | lost <= set(times_told)


def test_the_next_run_knows_at_once_that_one_was_killed(background, search, tmp_path):
    """Not only when it was silent for a minute."""
    (tmp_path / "hold").touch()
    run = ["run", "--evaluate", training(tmp_path, HELD), "--budget", 8, "--workers", 2]
    first = background(*search, *run)
    until(lambda: len(trained(tmp_path)) == 5 and len(events(tmp_path, "tell")) == 3)
    first.send(signal.SIGKILL)
    first.ended()
    lost = {event["key"] for event in events(tmp_path, "ask")} - {event["key"] for event in events(tmp_path, "tell")}
    (tmp_path / "hold").unlink()
    began = time.time()
    assert background(*search, *run).ended() == 0
    after = [event for event in events(tmp_path, "ask") if event["time"] > began]
    assert {event["key"] for event in after[:2]} == lost  # before anything new is asked for
    assert after[1]["time"] - after[0]["time"] < 2
    assert len(events(tmp_path, "tell")) == 8


def test_a_run_beside_one_that_is_killed_takes_over_soon(background, search, tmp_path):
    (tmp_path / "hold").touch()
    run = ["run", "--evaluate", training(tmp_path, HELD), "--budget", 6, "--workers", 2]
    first = background(*search, *run)
    until(lambda: len(trained(tmp_path)) == 5)
    second = background(*search, *run)
    until(lambda: len(trained(tmp_path)) == 6)
    first.send(signal.SIGKILL)
    (tmp_path / "hold").unlink()
    assert second.ended() == 0
    assert len({event["key"] for event in events(tmp_path, "tell")}) == 6


BOTH = """
while len(started()) < 4: time.sleep(0.02)
print(1)
"""


def test_two_runs_on_one_journal_share_a_budget_and_no_cell(background, search, tmp_path):
    run = ["run", "--evaluate", training(tmp_path, BOTH), "--budget", 17, "--workers", 2]
    both = [background(*search, *run) for _ in range(2)]
    assert [one.ended() for one in both] == [0, 0]
    names = list(trained(tmp_path).values())
    assert len(names) == len(set(names)) == 17
    tells = events(tmp_path, "tell")
    assert len(tells) == len({event["key"] for event in tells}) == 17
    assert len({event["worker"] for event in tells}) == 2
    assert sum(event["kind"] == "ask" for event in events(tmp_path)) == 17


def test_the_journal_gives_workers_no_more_cells_than_the_budget_has_room_for():
    journal = Journal(None, {})
    picks = [Pick(cell) for cell in DISTINCT[:9]]
    journal.tell("tell", DISTINCT[20], 1.0)
    journal.tell("fail", DISTINCT[21])
    journal.ask(picks[:1])  # a person's own
    journal.alive("a")
    journal.alive("b")
    assert journal.ask(picks[1:5], "a", budget=8) == picks[1:5]
    assert journal.room(8) == 2
    assert journal.ask(picks[5:], "b", budget=8) == picks[5:7]
    assert journal.ask(picks[7:], "b", budget=8) == []
    journal.tell("drop", picks[1].cell)
    assert journal.ask(picks[7:], "b", budget=8) == picks[7:8]


WAITING = """
while not (folder / "go").exists(): time.sleep(0.02)
print(1)
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_interrupt_waits_for_what_runs_and_starts_nothing_more(background, search, tmp_path, number, status):
    run = ["run", "--evaluate", training(tmp_path, WAITING), "--budget", 9, "--workers", 2]
    one = background(*search, *run)
    until(lambda: len(trained(tmp_path)) == 2)
    one.send(number)
    until(lambda: one.says("stopping: waiting for the 2 that run"))
    assert one.process.poll() is None
    (tmp_path / "go").touch()
    assert one.ended() == status
    assert [event["kind"] for event in events(tmp_path)] == ["ask", "ask", "tell", "tell"]
    assert one.says("2 of 9 evaluated; stopped; best 1")


def test_the_second_interrupt_kills_what_runs_and_gives_its_cells_back(metanp, background, search, tmp_path):
    run = ["run", "--evaluate", training(tmp_path, WAITING), "--budget", 3, "--workers", 2]
    one = background(*search, *run)
    until(lambda: len(trained(tmp_path)) == 2)
    one.send(signal.SIGINT)
    until(lambda: one.says("stopping"))
    one.send(signal.SIGINT)
    assert one.ended() == 130
    assert one.says("killing what runs; those cells may be asked for again")
    until(lambda: all(map(is_gone, trained(tmp_path))))
    assert [event["kind"] for event in events(tmp_path)] == ["ask", "ask", "drop", "drop"]
    (tmp_path / "go").touch()
    assert metanp(*search, *run)[0] == 0
    assert len(events(tmp_path, "tell")) == 3


def test_cells_that_a_person_asked_for_are_left_to_them(metanp, search, tmp_path):
    metanp(*search, "ask", "-n", 2)
    run = ["run", "--evaluate", training(tmp_path, "print(1)"), "--budget", 3, "--silent", 0.01]
    assert metanp(*search, *run)[0] == 0
    asked = [event["key"] for event in events(tmp_path, "ask")]
    assert len(set(asked)) == len(asked) == 5


def test_a_journal_that_cannot_be_written_any_more_ends_the_run_and_keeps_what_was_told(metanp, search, tmp_path):
    spoil = f"""
import sqlite3
if len(started()) == 2:
    with sqlite3.connect({str(tmp_path / "run.sqlite")!r}) as file:
        file.execute("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END")
print(len(started()))
"""
    run = ["run", "--evaluate", training(tmp_path, spoil), "--budget", 4]
    code, _, error = metanp(*search, *run)
    assert code == 2
    assert "cannot be written into the journal" in error
    assert "disk full" in error.splitlines()[-1]
    with sqlite3.connect(tmp_path / "run.sqlite") as file:
        file.execute("DROP TRIGGER full")
    assert metanp(*search, *run, "--silent", 0.1)[0] == 0
    assert len(events(tmp_path, "tell")) == 4
    assert len({event["key"] for event in events(tmp_path, "ask")}) == 4


def test_a_cell_that_cannot_be_written_for_the_command_is_given_back(metanp, tmp_path):
    """A pool whose cells the space does not have."""
    pool = write_pool(tmp_path / "pool.jsonl", ["a", "b"])
    where = ["search", "--pool", pool, "--space", "nasbench_macro", "--journal", tmp_path / "run.sqlite"]
    code, _, error = metanp(*where, "--strategy", "random", "run", "--evaluate", "true {cell}", "--budget", 2)
    assert code == 2
    assert error.startswith("metanp: ")
    assert [event["kind"] for event in events(tmp_path)] == ["ask", "drop"]
