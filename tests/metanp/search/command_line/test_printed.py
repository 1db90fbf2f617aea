"""What people read: ids and reasons as they are, help in words of the command line."""

import subprocess
import sys

import pytest

from tests.metanp.search.command_line.command_lines import one_line, write
from tests.metanp.search.search_runs import DISTINCT
from tests.tiny_model import write_checkpoint


def test_the_command_line_starts_without_pytorch():
    program = "import sys, metanp.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


MARKED = ["net[best]", "[red]net", "net[/]", "[bold]7[/bold]", "a[link=x]b", "net\\\\[b]"]


@pytest.fixture
def marked(tmp_path, journal, monkeypatch):
    """A search whose ids, and the name of whose cost, look like markup."""
    monkeypatch.setenv("COLUMNS", "200")
    lines = [
        {"id": name, "cell": cell.to_json(), "features": {"lat[ms]": float(i)}}
        for i, (name, cell) in enumerate(zip(MARKED, DISTINCT, strict=False))
    ]
    return ["search", "--pool", write(tmp_path / "pool.jsonl", *lines), "--journal", journal]


def test_ids_are_printed_as_they_are_in_every_table(metanp, marked, tmp_path):
    checkpoint = write_checkpoint(tmp_path / "tiny.safetensors")
    front = [*marked, "--cost", "lat[ms]", "--checkpoint", checkpoint]
    table = metanp(*front, "suggest", "-n", 6)[1]
    assert all(name[:9] in table for name in MARKED)
    metanp(*front, "tell", write(tmp_path / "told", *({"id": name, "score": i} for i, name in enumerate(MARKED))))
    table = metanp(*marked, "status")[1]
    assert all(table.count(name) >= 3 for name in MARKED)  # best cells, front and events
    assert "front of score against lat[ms]" in table


def test_ids_are_printed_as_they_are_in_lines_and_errors(metanp, marked, tmp_path):
    run = ["run", "--evaluate", f"{sys.executable} -I -S -c print(1) {{id}}", "--budget", 6]
    error = metanp(*marked, "--strategy", "random", *run)[2]
    assert all(f"  {name}  1  (" in error for name in MARKED)
    error = metanp(*marked, "retract", *MARKED)[2]
    assert all(name in error for name in MARKED)
    for command in (["retract", "net[best]"], ["drop", "net[best]"], ["retract", "x[red]y"]):
        assert command[1] in one_line(metanp(*marked, *command)[2])
    told = write(tmp_path / "told[red]", {"id": "net[bad]", "score": 1})
    assert "told[red], line 1: the id 'net[bad]'" in one_line(metanp(*marked, "tell", told)[2])


def test_a_reason_of_a_failure_is_one_line_without_what_a_terminal_obeys(metanp, marked):
    program = "import sys; print('no [red]memory\\x1b[2J', file=sys.stderr); sys.exit(1)"
    command = f'{sys.executable} -I -S -c "{program}" {{id}}'
    error = metanp(*marked, "--strategy", "random", "run", "--evaluate", command, "--budget", 2, "--give-up", 9)[2]
    assert "no [red]memory [2J" in error.splitlines()[0]
    table = metanp(*marked, "status")[1]
    assert "no [red]memory" in table
    assert "\x1b[2J" not in table


@pytest.mark.parametrize("command", [None, "ask", "tell", "drop", "retract", "status", "suggest", "run"])
def test_help_speaks_of_commands_and_not_of_modules(metanp, command):
    code, out, _ = metanp("search", *([command] if command else []), "--help")
    assert code == 0
    assert "metanp." not in out
    assert "`" not in out
    assert ".py" not in out.replace("train.py", "")
