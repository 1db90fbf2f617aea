"""Forms of cells: each is found by its name in the module that registers it, and none before it is asked for."""

import json
import subprocess
import sys

import pytest

from metanp import Cell, forms
from metanp.spaces import nasbench201
from tests.conftest import ROOT

CELL = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])


@pytest.mark.parametrize("name", forms.HOMES)
def test_every_form_is_registered_by_its_module(name):
    found = forms.form(name)
    assert {found.read.__module__, found.write.__module__} == {forms.HOMES[name]}


def test_a_form_that_is_registered_takes_the_place_of_another(monkeypatch):
    assert forms.form("nasbench201").read is nasbench201.parse
    monkeypatch.setattr(forms, "FORMS", {**forms.FORMS})
    forms.register("nasbench201", lambda text: CELL, lambda cell: "a cell")
    assert Cell.from_nasbench201("any") is CELL
    assert CELL.to_nasbench201() == "a cell"


def test_a_space_is_imported_when_a_form_is_asked_for_and_not_before():
    program = """
import json, sys
from metanp import Cell
cell = Cell.from_json('{"operations": ["input", "output"], "edges": [[0, 1]]}')
before = [name for name in sys.modules if name.startswith("metanp.spaces")]
print(json.dumps([before, Cell.from_json({"nasbench_macro": "00000000"}).operations[1], "torch" in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True, text=True)
    assert json.loads(done.stdout) == [[], "skip", False]
