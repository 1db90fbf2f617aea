"""Spaces of one's own by name: entry points and module:NAME, in Python and on the command line."""

import json
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from metanp import Cell
from metanp.spaces import ProductSpace, Space, get_space, own, read_text
from tests.metanp.search.search_runs import DISTINCT
from tests.tiny_model import write_checkpoint

MODULE = """
from metanp.spaces import ProductSpace, Space

SPACE = ProductSpace("widths", {"depth": [1, 2, 3], "width": [16, 32], "kernel": ["3x3", "5x5"]})
LARGE = ProductSpace("large", {f"width {i}": [1, 2, 3, 4] for i in range(12)})
number = 3
def make():
    return SPACE
class Mine(ProductSpace):
    def __init__(self):
        super().__init__("mine", {"depth": [1, 2]})
class Half(Space):
    name = "half"
    def __len__(self):
        return 3
def broken():
    raise RuntimeError("no GPU")
def parses():
    raise SystemExit(2)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The name of a module in the current folder, imported by nobody before."""
    name = f"own_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(own, "_FOUND", {})
    yield name
    sys.modules.pop(name, None)


@pytest.fixture
def importable(module, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    return module


@pytest.fixture
def points(monkeypatch):
    """Entry points as installed packages have them; counts how often they are looked for."""
    found: dict = {"asked": 0}

    def entry_points(group):
        assert group == "metanp.spaces"
        found["asked"] += 1
        return [EntryPoint(name, value, group) for name, value in found.items() if name != "asked"]

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    monkeypatch.setattr(own, "_FOUND", {})
    return found


def test_a_space_a_class_of_one_and_a_function_are_found_by_module_and_name(importable):
    assert get_space(f"{importable}:SPACE").name == "widths"
    assert get_space(f"{importable}:make") is get_space(f"{importable}:SPACE")
    assert get_space(f"{importable}:Mine").name == "mine"
    assert get_space(f"{importable}:Mine") is get_space(f"{importable}:Mine")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("{}_:SPACE", "there is no module '{}_', here or installed"),
        ("{}:SPCE", "{} has no 'SPCE'; nearest: SPACE"),
        ("{}:number", "3 is no metanp.spaces.Space, nor a class of one"),
        ("{}:Half", "TypeError: .*neighbours"),
        ("{}:broken", "RuntimeError: no GPU"),
        ("{}:parses", "SystemExit: 2"),
        ("{}:", "expected module:NAME"),
        (":SPACE", "expected module:NAME"),
        ("{}:SPACE; import os", "expected module:NAME"),
    ],
)
def test_what_gives_no_space_is_refused_with_what_is_wrong(importable, name, says):
    with pytest.raises(ValueError, match=says.format(importable)):
        get_space(name.format(importable))


class Breaks(ProductSpace):
    def __init__(self, **methods):
        super().__init__("breaks", {"depth": [1, 2]})
        self.methods = methods

    def sample(self, rng):
        return self.methods.get("sample", super().sample)(rng)

    def neighbours(self, cell):
        return self.methods.get("neighbours", super().neighbours)(cell)

    def write_text(self, cell):
        return self.methods.get("write_text", super().write_text)(cell)

    def __len__(self):
        return self.methods.get("length", super().__len__)()


@pytest.mark.parametrize(
    ("method", "does", "says"),
    [
        ("sample", lambda rng: {"depth": 1}, "sample returns {'depth': 1}, no Cell"),
        ("sample", lambda rng: DISTINCT[0], "draws a cell that is not in it"),
        ("neighbours", lambda cell: [DISTINCT[0]], "neighbours has .* which is no cell of it"),
        ("write_text", lambda cell: '{"depth": 1}', "parse_text reads another cell than write_text wrote"),
        ("length", lambda: 0, "has a length of 0"),
    ],
)
def test_a_space_that_breaks_the_contract_is_refused_by_method(importable, method, does, says):
    module = pytest.importorskip(importable)
    module.BREAKS = Breaks(**{method: does})
    with pytest.raises(ValueError, match=says):
        get_space(f"{importable}:BREAKS")


def test_the_current_folder_is_imported_from_only_while_a_name_is_looked_up(module, tmp_path):
    before = [*sys.path]
    assert str(tmp_path) not in before
    assert get_space(f"{module}:SPACE").name == "widths"
    with pytest.raises(ValueError, match="no GPU"):
        get_space(f"{module}:broken")
    assert sys.path == before


def test_a_package_offers_a_space_which_is_imported_when_it_is_asked_for(importable, points):
    points |= {"widths": f"{importable}:SPACE", "other": "nowhere_at_all:SPACE"}
    assert get_space("nasbench201").name == "nasbench201"
    assert points["asked"] == 0
    assert importable not in sys.modules
    space = get_space("widths")
    assert space.name == "widths"
    cell = space.sample(np.random.default_rng(0))
    assert Cell.from_json({"widths": space.write_text(cell)}) == cell
    with pytest.raises(ValueError, match=r"unknown search space 'width'; nearest: widths; known: .*, widths, other"):
        get_space("width")


@pytest.mark.parametrize("value", ["nowhere_at_all:SPACE", "{}:number", "{}:SPCE", "{}:broken"])
def test_an_entry_point_that_gives_no_space_is_named(importable, points, value):
    points["mine"] = value.format(importable)
    with pytest.raises(ValueError, match=r"the entry point 'mine' of the group 'metanp.spaces' \(.*\) gives no search"):
        get_space("mine")


def test_a_file_of_cells_imports_no_module(importable):
    text = get_space(f"{importable}:SPACE").write_text(get_space(f"{importable}:SPACE")[0])
    sys.modules.pop(importable)
    with pytest.raises(ValueError, match="unknown search space"):
        read_text(f"{importable}:SPACE", text)
    with pytest.raises(ValueError, match="unknown search space"):
        Cell.from_json({f"{importable}:SPACE": text})
    assert importable not in sys.modules


# --- the contract -------------------------------------------------------------------------------------------------


class Lengths(Space):
    """Chains of 1 to 9 convolutions: listed, with nothing but what has to be defined."""

    name = "lengths"

    def __len__(self):
        return 9

    def list_cells(self):
        return [chain(n) for n in range(1, 10)]

    def neighbours(self, cell):
        n = self.find(cell) + 1
        return [chain(m) for m in (n - 1, n + 1) if 1 <= m <= 9]


class Drawn(Lengths):
    """The same, drawn."""

    list_cells = Space.list_cells

    def sample(self, rng):
        return chain(int(rng.integers(1, 10)))

    def __contains__(self, cell):
        return cell.key in {chain(n).key for n in range(1, 10)}

    def neighbours(self, cell):
        return [chain(m) for m in (len(cell) - 3, len(cell) - 1) if 1 <= m <= 9]


def chain(n: int) -> Cell:
    return Cell(["input", *["conv3x3"] * n, "output"], [(i, i + 1) for i in range(n + 1)])


@pytest.mark.parametrize("space", [Lengths(), Drawn()])
def test_what_has_to_be_defined_is_enough(space):
    rng = np.random.default_rng(0)
    cell = space.sample(rng)
    assert space.parse_text(space.write_text(cell)) == cell
    assert chain(10) not in space
    assert space.crossover(cell, chain(3), rng) in space
    assert own._tried(space) is space
    for text in (json.dumps(chain(10).to_json()), "text"):
        with pytest.raises(ValueError, match=r"lengths has no cell|JSON"):
            space.parse_text(text)
    with pytest.raises(ValueError, match="lengths has no cell that computes the same"):
        space.write_text(chain(10))


def test_the_trial_looks_at_few_neighbours_and_lists_no_space():
    asked = []

    class Counted(Drawn):
        def __contains__(self, cell):
            asked.append(cell)
            return True

        def neighbours(self, cell):
            return [chain(n) for n in range(1, 10)]

    own._tried(Counted())
    assert len(asked) < 10

    class Large(Counted):
        __contains__ = Space.__contains__

        def list_cells(self):
            raise AssertionError("listed")

    own._tried(Large())


def test_a_space_that_does_not_say_which_cells_it_has_is_told_so():
    class Silent(Drawn):
        __contains__ = Space.__contains__

    with pytest.raises(NotImplementedError, match="does not say which cells it has: define __contains__"):
        assert chain(1) in Silent()


# --- the command line ---------------------------------------------------------------------------------------------


def test_a_space_in_the_current_folder_is_searched_with_a_training_command_and_found_again(metanp, module, journal):
    program = "import json, sys; c = json.loads(sys.argv[1]); print(c['depth'] + c['width'])"
    command = f'{sys.executable} -I -S -c "{program}" {{cell}}'
    run = ("run", "--evaluate", command, "--budget", 4, "--workers", 1)
    status, _, err = metanp("search", "--space", f"{module}:SPACE", "--strategy", "random", "--journal", journal, *run)
    assert status == 0, err
    own._FOUND.clear()
    status, out, err = metanp("search", "--journal", journal, "ask", "--as", "text")
    assert status == 0, err
    told = json.dumps({"cell": out.strip(), "score": 3.5})
    (journal.parent / "told.jsonl").write_text(told)
    assert metanp("search", "--journal", journal, "tell", journal.parent / "told.jsonl")[0] == 0
    status, out, _ = metanp("search", "--journal", journal, "status", "--json")
    assert status == 0
    assert json.loads(out)["evaluated"] == 5


def test_a_journal_is_read_without_importing_the_space_that_it_names(metanp, module, journal, tmp_path, monkeypatch):
    name, where = f"{module}:SPACE", ("search", "--journal", journal)
    status, out, err = metanp(*where, "--space", name, "--strategy", "random", "ask", "-n", 3)
    assert status == 0, err
    asked = [json.loads(line) for line in out.splitlines()]
    ids = [one["id"] for one in asked]
    text = get_space(name).write_text(Cell.from_json(asked[0]["cell"]))
    (tmp_path / "told").write_text(json.dumps({"cell": text, "score": 1}))
    assert metanp(*where, "tell", tmp_path / "told")[0] == 0
    (tmp_path / "wrong").write_text(
        json.dumps({"cell": text.replace('"3x3"', '"7x7"').replace('"5x5"', '"7x7"'), "score": 1})
    )
    status, _, err = metanp(*where, "tell", tmp_path / "wrong")
    assert (status, "'kernel' is '7x7'; nearest" in " ".join(err.split())) == (2, True)
    own._FOUND.clear()
    sys.modules.pop(module)
    for command in (("drop", ids[1]), ("status",), ("status", "--json"), ("retract", ids[0])):
        status, out, err = metanp(*where, *command)
        assert (status, module in sys.modules) == (0, False), err
        assert command != ("status",) or '"parameters"' in out
    assert metanp(*where, "--space", name, "status")[0] == 0
    assert module in sys.modules
    own._FOUND.clear()
    sys.modules.pop(module)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    status, _, err = metanp(*where, "ask")
    assert status == 2
    assert "give --space module:NAME from the folder that has it" in " ".join(err.split())


def test_a_strategy_of_ones_own_may_be_in_the_current_folder(metanp, module, journal, tmp_path):
    (tmp_path / f"{module}.py").write_text("from metanp.search.strategies.random_search import RandomSearch as Mine")
    begin = ("search", "--space", "nasbench_macro", "--journal", journal)
    status, _, err = metanp(*begin, "--strategy", f"{module}:Mine", "ask")
    assert status == 0, err


@pytest.mark.parametrize("name", ["{}:LARGE", "darts", "bert"])
def test_metanp_suggests_cells_of_spaces_that_are_large(metanp, module, journal, monkeypatch, name):
    monkeypatch.setattr("metanp.search.open_space.CLIMBS", 1)
    monkeypatch.setattr("metanp.search.candidates.DRAWS", 50)
    monkeypatch.setattr("metanp.search.open_space.Open.__init__.__defaults__", (None, 20, 2, 10))
    checkpoint = write_checkpoint(journal.parent / "tiny.safetensors")
    options = ("--space", name.format(module), "--journal", journal, "--checkpoint", checkpoint)
    status, out, err = metanp("search", *options, "ask", "-n", 3)
    assert status == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) == 3
    space = get_space(name.format(module))
    assert all(Cell.from_json(line["cell"]) in space for line in lines)
    scores = [json.dumps({"id": line["id"], "score": i}) for i, line in enumerate(lines)]
    (journal.parent / "told.jsonl").write_text("\n".join(scores))
    assert metanp("search", "--journal", journal, "tell", journal.parent / "told.jsonl")[0] == 0
    status, out, err = metanp("search", "--journal", journal, "suggest", "-n", 2, "--json")
    assert status == 0, err


def test_a_wrong_name_is_one_line_on_the_command_line(metanp, module, journal):
    status, _, err = metanp("search", "--space", f"{module}:SPCE", "--journal", journal, "ask")
    assert status == 2
    assert "has no 'SPCE'; nearest: SPACE" in " ".join(err.split())
    assert not journal.exists()


def test_cells_are_converted_to_and_from_the_text_of_a_space_of_ones_own(metanp, module, tmp_path):
    (tmp_path / "in").write_text('{"depth": 1, "width": 16, "kernel": "3x3"}\n')
    status, out, err = metanp("convert", tmp_path / "in", "--from", f"{module}:SPACE", "--to", "json")
    assert status == 0, err
    (tmp_path / "json").write_text(out)
    status, out, err = metanp("convert", tmp_path / "json", "--to", f"{module}:SPACE")
    assert (status, out) == (0, (tmp_path / "in").read_text()), err
