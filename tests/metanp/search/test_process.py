"""Whether another process is gone: known at once on the same machine, and never guessed elsewhere."""

import os
import signal
import subprocess
import sys
import time

import pytest

from metanp.search import process
from metanp.search.journal import Journal
from metanp.search.process import Process
from metanp.search.strategy import Pick
from tests.metanp.search.search_runs import DISTINCT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process numbers of POSIX")

SAYS_WHO = "from metanp.search.process import Process; print(*Process.this(), sep='|', flush=True); input()"


@pytest.fixture
def other():
    """Another process, which waits, and who it says that it is."""
    running = subprocess.Popen(
        [sys.executable, "-c", SAYS_WHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    machine, pid, started = running.stdout.readline().strip().split("|")
    yield running, Process(machine, int(pid), started)
    running.kill()
    running.wait()


def test_this_process_is_there():
    assert not Process.this().is_gone()
    assert Process.this().pid == os.getpid()
    assert Process.this() == Process.this()


def test_a_process_is_there_until_it_is_killed_and_gone_at_once_even_if_nobody_waited_for_it(other):
    running, who = other
    assert who.machine == Process.this().machine
    assert not who.is_gone()
    running.send_signal(signal.SIGKILL)
    end = time.monotonic() + 10
    while not who.is_gone():
        assert time.monotonic() < end
    running.wait()
    assert who.is_gone()


def test_a_number_that_was_given_again_is_another_process(other):
    _, who = other
    assert who._replace(started=f"{who.started}0").is_gone()


@pytest.mark.parametrize(
    "changed", [{"machine": "another"}, {"machine": ""}, {"pid": 0}, {"pid": -1}, {"started": ""}, {"pid": 1}]
)
def test_what_cannot_be_seen_is_not_taken_for_gone(changed):
    here = Process.this()
    unknown = {"started": ""} if "pid" in changed else {}  # whose it is there does not matter
    assert not here._replace(**{**unknown, **changed}).is_gone()


@pytest.mark.parametrize("pid", [2**22 + 7, 2**40])
def test_a_number_beyond_all_is_nobodys(pid):
    assert Process.this()._replace(pid=pid).is_gone()


def test_without_the_files_of_linux_ps_is_asked(other, monkeypatch, tmp_path):
    if subprocess.run(["which", "ps"], capture_output=True, check=False).returncode:
        pytest.skip("there is no ps")
    running, who = other
    monkeypatch.setattr(process, "PROC", tmp_path)
    process._process.cache_clear()
    here = Process.this()
    process._process.cache_clear()
    assert here.machine
    assert here.started
    assert not here.is_gone()
    there = Process(here.machine, who.pid, process._started(who.pid))
    assert not there.is_gone()
    assert there._replace(started="Thu Jan  1 00:00:00 1970").is_gone()
    running.kill()
    running.wait()
    assert there.is_gone()


def test_cells_of_a_process_that_is_gone_are_adopted_however_lately_it_was_heard_of(tmp_path, other):
    running, who = other
    path = tmp_path / "run.sqlite"
    journal = Journal(path, {})
    journal.ask([Pick(DISTINCT[0])], "there")
    journal.ask([Pick(DISTINCT[1])], "elsewhere")
    for name, its in (("there", who), ("elsewhere", who._replace(machine="another"))):
        journal.alive(name)
        with journal.together():
            update = "UPDATE workers SET machine = ?, pid = ?, started = ? WHERE name = ?"
            journal._file.execute(update, (*its, name))
    assert journal.adopt("here", silent=60) == []
    running.kill()
    running.wait()
    assert [pick.cell for pick in journal.adopt("here", silent=60)] == [DISTINCT[0]]
    assert [pick.cell for pick in journal.adopt("here", silent=-1)] == [DISTINCT[1]]
