"""One evaluation by a training command: what a score is, what fails, and what is left running."""

import os
import sys
import time
from pathlib import Path

import pytest

from metanp.search.command_line.evaluation import Command, Job, Outcome, Stop, read_score
from metanp.search.command_line.guard import Guard
from tests.metanp.search.search_runs import is_gone, until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups")


def python(folder: Path, program: str, **settings) -> Command:
    (folder / "program.py").write_text(program)
    command = f"{sys.executable} -I -S {folder / 'program.py'} {{cell}} {{json}} {{id}} {{worker}}"
    return Command.parse(command, folder, **settings)


def evaluate(command: Command, **job) -> Outcome:
    with Guard() as guard:
        return command.evaluate(Job(**{"id": "a", "json": "{}", "text": "|x|", "worker": 1, **job}), Stop(), guard)


@pytest.mark.parametrize(
    ("line", "score"), [("93.1", 93.1), ("-1e-3", -0.001), ('{"score": 93.1, "epochs": 3}', 93.1), ('{"score": 7}', 7)]
)
def test_a_score_is_a_number_or_json_with_one(line, score):
    assert read_score(line) == (score, "")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "it printed nothing; the last line of its output should be the score"),
        ("nan", "its score is not finite: nan"),
        ("1e999", "its score is not finite: 1e999"),
        ('{"score": NaN}', 'its score is not finite: {"score": NaN}'),
        ("accuracy 93.1", "the last line of its output is no score: 'accuracy 93.1'"),
        ('{"score": true}', "the last line of its output is no score: '{\"score\": true}'"),
        ('{"loss": 1}', "the last line of its output is no score: '{\"loss\": 1}'"),
        ("[93.1]", "the last line of its output is no score: '[93.1]'"),
        ("[" * 5000, f"the last line of its output is no score: '{'[' * 200}'"),
    ],
)
def test_what_is_no_score_is_shown(line, reason):
    assert read_score(line) == (None, reason)


def test_arguments_arrive_whole_whatever_is_in_them_and_the_environment_has_the_cell(tmp_path):
    program = "import os, sys; print(sys.argv[1:], os.environ['METANP_CELL'], os.environ['METANP_ID']); print(1)"
    command = python(tmp_path, program)
    outcome = evaluate(command, id="a b'{worker}", text="|a~0|+ $(touch x) {json}", json='{"operations": []}')
    assert (outcome.score, outcome.attempts) == (1.0, 1)
    expected = ["|a~0|+ $(touch x) {json}", '{"operations": []}', "a b'{worker}", "1"]
    assert f'{expected} {{"operations": []}} a b\'{{worker}}\n' in command.log("a b'{worker}").read_text()


def test_all_that_it_prints_is_in_the_log_and_the_last_line_of_much_is_read(tmp_path):
    program = "import sys; print('x' * 3_000_000); print('trouble', file=sys.stderr); print(2.5); print()"
    command = python(tmp_path, program)
    assert evaluate(command).score == 2.5
    log = command.log("a").read_text()
    assert log.startswith("$ ")
    assert "x" * 3_000_000 in log
    assert "trouble\n" in log
    assert "2.5\n" in log


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import sys; print('first\\nno memory', file=sys.stderr); print(1); sys.exit(3)", "exit status 3: no memory"),
        ("import sys; sys.exit(1)", "exit status 1"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
        ("print(93.1); print('done')", "the last line of its output is no score: 'done'"),
    ],
)
def test_a_failure_says_why(tmp_path, program, reason):
    outcome = evaluate(python(tmp_path, program, retries=1))
    assert (outcome.score, outcome.reason, outcome.attempts, outcome.dropped) == (None, reason, 2, False)


CHILD = "import subprocess, sys, time; child = subprocess.Popen(['sleep', '60']); open(sys.argv[1], 'w').write(str(child.pid)); "  # fmt: skip # noqa: E501


def test_one_that_hangs_is_killed_with_all_that_it_started(tmp_path):
    began = time.monotonic()
    outcome = evaluate(python(tmp_path, CHILD + "time.sleep(60)", timeout=0.7), text=str(tmp_path / "child"))
    assert outcome.reason == "no result after 0.7 s; killed"
    assert time.monotonic() - began < 20
    until(lambda: is_gone(int((tmp_path / "child").read_text())))


def test_what_it_leaves_running_neither_holds_it_up_nor_stays(tmp_path):
    began = time.monotonic()
    assert evaluate(python(tmp_path, CHILD + "print(4)"), text=str(tmp_path / "child")).score == 4
    assert time.monotonic() - began < 20
    until(lambda: is_gone(int((tmp_path / "child").read_text())))


def test_an_output_that_is_closed_early_is_waited_for(tmp_path):
    program = "import os, time; print(5, flush=True); os.close(1); os.close(2); time.sleep(0.3); os._exit(7)"
    assert evaluate(python(tmp_path, program)).reason == "exit status 7"


def test_a_failed_attempt_is_followed_by_another(tmp_path):
    program = "import os, sys; new = not os.path.exists(sys.argv[1]); open(sys.argv[1], 'w'); print('no' if new else 6)"
    command = python(tmp_path, program, retries=3)
    outcome = evaluate(command, text=str(tmp_path / "tried"))
    assert (outcome.score, outcome.attempts) == (6.0, 2)
    assert "# attempt 2\n6\n" in command.log("a").read_text()


def test_a_last_line_may_be_long(tmp_path):
    curve = "print('{\"score\": 1.5, \"curve\": [' + ', '.join(['0.123456789'] * 30000) + ']}')"
    assert evaluate(python(tmp_path, curve)).score == 1.5
