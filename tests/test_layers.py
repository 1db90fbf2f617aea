"""The layers: metanp <- data <- tasks <- scripts, no circle, and a library that works without what research needs."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.evaluated_cells import CONTEXT, POOL, SCORE
from tests.tiny_model import write_checkpoint

LAYERS = {"metanp": 0, "data": 1, "tasks": 2, "scripts": 3}
# What the extras bring: no import of the library may need it.
RESEARCH = (
    "sklearn",
    "pandas",
    "hydra",
    "matplotlib",
    "xgboost",
    "wandb",
    "pooch",
    "pyarrow",
    "beartype",
    "emcee",
    "optuna",
)


def imported(path: Path, root: Path = ROOT) -> list[tuple[int, str, bool]]:
    """Every import of a file: its line, the module's full name, and whether importing the file runs it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    later = {
        inner
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef) or _is_for_type_checkers(outer)
        for inner in ast.walk(outer)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name, node not in later) for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            package = path.relative_to(root).parts[: -node.level] if node.level else ()
            module = ".".join([*package, *([node.module] if node.module else [])])
            found += [(node.lineno, f"{module}.{alias.name}", node not in later) for alias in node.names]
    return found


def _is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def files(layer: str) -> list[Path]:
    return sorted((ROOT / layer).rglob("*.py"))


@pytest.mark.parametrize("layer", LAYERS)
def test_no_layer_imports_a_later_one(layer):
    assert files(layer)
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in files(layer)
        for line, name, _ in imported(path)
        if LAYERS.get(name.split(".")[0], 0) > LAYERS[layer] or name.split(".")[0] == "tests"
    ]
    assert wrong == []


def import_graph(root: Path) -> dict[str, set[str]]:
    """Module -> modules of the layers that it names in an import: in functions and for type checkers alone, too.

    `from a import b` names `a.b` where that is a module, else `a`. Importing `a.b` also runs `a/__init__.py`; that is
    not counted, so that a package may list its own files.
    """
    modules = {}
    for path in (path for layer in LAYERS for path in (root / layer).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    graph = {}
    for module, path in modules.items():
        named = {name if name in modules else name.rpartition(".")[0] for _, name, _ in imported(path, root)}
        graph[module] = {name for name in named if name in modules and name != module}
    return graph


def circles(graph: Mapping[str, set[str]]) -> Iterator[frozenset[str]]:
    """The groups of modules that reach one another."""
    reached: dict[str, set[str]] = {}
    for module in graph:
        todo, reached[module] = list(graph[module]), set()
        while todo:
            if (name := todo.pop()) not in reached[module]:
                reached[module].add(name)
                todo += graph[name]
    yield from {
        frozenset(other for other in names if module in reached[other])
        for module, names in reached.items()
        if module in names
    }


@pytest.mark.parametrize("layer", LAYERS)
def test_what_is_imported_of_this_project_is_there(layer):
    """In functions too: a type checker that passes over what it cannot find would say nothing."""
    wrong = []
    for path in files(layer):
        for line, name, _ in imported(path):
            if name.split(".")[0] not in LAYERS:
                continue
            places = [ROOT.joinpath(*part.split(".")) for part in (name, name.rpartition(".")[0])]
            if not any(place.is_dir() or place.with_suffix(".py").is_file() for place in places):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert wrong == []


def test_no_packages_of_scripts_import_one_another_in_a_circle():
    graph: dict[str, set[str]] = {}
    for module, others in import_graph(ROOT).items():
        package = module.rpartition(".")[0]
        if package.startswith("scripts."):
            graph.setdefault(package, set())
            packages = {other.rpartition(".")[0] for other in others}
            graph[package] |= {name for name in packages if name.startswith("scripts.") and name != package}
    assert set(graph) >= {"scripts.results", "scripts.leaderboards", "scripts.searches", "scripts.trainings"}
    assert [sorted(circle) for circle in circles(graph)] == []


def test_no_files_import_one_another_in_a_circle():
    graph = import_graph(ROOT)
    assert {module.split(".")[0] for module in graph} == {*LAYERS}
    assert [sorted(circle) for circle in circles(graph)] == []


def test_a_circle_is_found_wherever_its_imports_stand(tmp_path):
    texts = {
        "metanp/__init__.py": "from metanp import a",  # lists a file of its own: no circle
        "metanp/a.py": "def late():\n    from data.b import thing",
        "metanp/before.py": "import metanp.a",
        "metanp/after.py": "",
        "data/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import tasks.c",
        "tasks/c.py": "from metanp import a, after",
        "scripts/d.py": "from .e import thing",
        "scripts/e.py": "from scripts import d",
        "scripts/f.py": "import numpy, scripts.d",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    graph = import_graph(tmp_path)
    assert graph["tasks.c"] == {"metanp.a", "metanp.after"}
    assert graph["scripts.f"] == {"scripts.d"}
    assert sorted(map(sorted, circles(graph))) == [["data.b", "metanp.a", "tasks.c"], ["scripts.d", "scripts.e"]]


def test_the_library_imports_neither_baselines_nor_what_research_needs_when_it_is_imported():
    # strategies, and the predictors that they train, are imported when one is made
    # and what runs inside another engine is imported by those who have that engine
    later = {"baselines", "strategies", "surrogate.py", "integrations"}
    inside = [path for path in files("metanp") if not later & {*path.parts}]
    inside += [ROOT / "metanp" / "search" / "strategies" / name for name in ("__init__.py", "bayesian.py", "pareto.py")]
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in inside
        for line, name, at_once in imported(path)
        if at_once and (name.split(".")[0] in RESEARCH or name.startswith("metanp.baselines"))
    ]
    assert wrong == []


def test_nothing_of_the_library_reads_the_measurements_of_its_example():
    # metanp knows no measurement; the example is the one exception, for readers and for nobody else
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in files("metanp")
        for line, name, _ in imported(path)
        if name.startswith("metanp.examples")
    ]
    assert wrong == []
    data = [path for path in (ROOT / "metanp").rglob("*") if path.suffix in (".json", ".jsonl", ".csv", ".parquet")]
    assert {path.parent.name for path in data} == {"examples"}


SCRIPT = """
import json, sys

sys.modules.update(dict.fromkeys({research!r}))  # importing any of them fails now
from metanp import Cell, MetaNP
from metanp.search import Search, make

context, pool, score = json.loads(sys.stdin.read())
context, pool = ([Cell.from_json(cell) for cell in cells] for cells in (context, pool))
model = MetaNP({checkpoint!r}).fit(context, score)
assert len(Search(pool, make("metanp", checkpoint={checkpoint!r})).ask(3)) == 3
best = model.rank(pool, k=1)
try:
    model.predict([pool[0], "|none~0|"])
except ValueError as error:
    refused = str(error)
print(json.dumps([int(best.index[0]), [n for n in sys.modules if n.startswith("metanp.baselines")], refused]))
"""


def test_the_library_fits_ranks_and_refuses_without_what_research_needs(tmp_path):
    """In a process of its own, where those packages are absent; and free of the type checks that tests run under."""
    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    cells = [[cell.to_json() for cell in some] for some in (CONTEXT, POOL)]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(research=RESEARCH, checkpoint=checkpoint)],
        input=json.dumps([*cells, SCORE.tolist()]),
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    index, baselines, refused = json.loads(done.stdout)
    assert 0 <= index < len(POOL)
    assert baselines == []
    assert refused == "cell 1 is '|none~0|', no Cell; make one with Cell.from_nasbench201 or its like"
