"""Which predictors exist, and which of them run."""

import json
import os
import pty
import subprocess
import sys
from io import StringIO

import pytest
from rich.console import Console

from metanp import MetaNP
from metanp.nearest import nearest
from scripts.leaderboards import entrants as catalogue
from scripts.leaderboards.entrants import Entry, print_catalogue, read_catalogue, select
from scripts.results import table
from tests.conftest import ROOT


def test_fast_predictors_run_unless_others_are_asked_for():
    entries = {"quick": Entry(), "slow": Entry(slow=True)}
    assert list(select(entries, [], slow=False)) == ["quick"]
    assert list(select(entries, [], slow=True)) == ["quick", "slow"]
    assert list(select(entries, ["slow"], slow=False)) == ["slow"]
    with pytest.raises(ValueError, match="unknown predictor 'quik'; nearest: quick"):
        select(entries, ["quik"], slow=False)
    assert nearest("zzz", ["a", "b"]) == "known: a, b"


def test_every_entry_says_how_its_settings_were_chosen():
    assert all(entry.tuning for entry in read_catalogue().values())


def test_the_list_describes_metanp_as_its_class_does():
    ours = catalogue.MINE
    said = MetaNP.about
    assert (ours.title, ours.family, ours.needs, ours.source) == (said.title, said.family, said.needs, said.source)


LONG = "a_predictor_whose_name_is_longer_than_half_of_many_a_terminal"


def listed(monkeypatch, width: int, terminal: bool) -> list[str]:
    """Lines of the list, on a terminal of this width or in a pipe."""
    written = StringIO()

    def console(width: int = width) -> Console:
        return Console(file=written, width=width, force_terminal=terminal, no_color=True, highlight=False)

    monkeypatch.setattr(catalogue, "Console", console)
    monkeypatch.setattr(table, "Console", console)
    entries = read_catalogue()
    print_catalogue({**entries, LONG: entries["xgboost"]}, "table")
    return written.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 60, 72, 80, 119, 120, 200])
@pytest.mark.parametrize("terminal", [True, False])
def test_a_name_that_people_type_is_never_cut_in_the_list(monkeypatch, width, terminal):
    first = [line.split("\u2502")[1].strip() for line in listed(monkeypatch, width, terminal) if "\u2502" in line]
    assert {*read_catalogue(), "metanp", LONG} == {*first} - {""}
    assert len([name for name in first if name]) == len(read_catalogue()) + 2


def test_a_pipe_has_every_column_and_a_narrow_terminal_says_where_they_are(monkeypatch):
    piped, narrow = (listed(monkeypatch, 80, terminal) for terminal in (False, True))
    assert any("Wen et al. 2020, arXiv:1912.00848" in line for line in piped)
    assert "list=json" in narrow[-1]


def test_the_command_lists_whole_names_on_a_terminal_of_sixty_columns():
    reading, writing = pty.openpty()
    command = [sys.executable, "-m", "scripts.leaderboard", "list=table"]
    with subprocess.Popen(command, cwd=ROOT, stdout=writing, env={**os.environ, "COLUMNS": "60", "TERM": "xterm"}):
        os.close(writing)
        text = b""
        try:
            while part := os.read(reading, 65536):
                text += part
        except OSError:  # the other end is closed
            pass
    os.close(reading)
    assert all(name in text.decode() for name in read_catalogue())


def test_the_list_as_json_has_every_predictor_with_all_fields(capsys):
    print_catalogue(read_catalogue(), "json")
    told = {one["name"]: one for one in json.loads(capsys.readouterr().out) if "name" in one}
    assert set(told) == {*read_catalogue(), "metanp"}
    assert all(set(one) >= {"title", "family", "needs", "source", "tuning", "slow"} for one in told.values())
