"""What a number was made by, as digests: rows of other code, settings or data are not taken for those of today's.

    code      the statements of a module and of all that it imports of this project; comments and docstrings left out
    settings  a configuration
    data      what predictors were shown and held against

Each is twelve hexadecimal digits of SHA-256. And when, where and at which commit: `provenance`.
"""

from __future__ import annotations

import ast
import datetime
import hashlib
import importlib.util
import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from data.stored_cells import columns_of
from metanp.cell_array import CellArray
from scripts.results.rows import Row, write_rows

ROOT = Path(__file__).parent.parent.parent
OURS = ("metanp", "scripts")
DIGITS = 12


def code_digest(*modules: str) -> str:
    """Of `modules`, such as "metanp.predictor", and what they import, in functions too."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _imports(name)
    return _digest(*(f"{name}\n{_statements(name)}" for name in sorted(found)))


def settings_digest(settings: Any) -> str:
    """Of anything that JSON can hold; the order of keys does not matter."""
    return _digest(json.dumps(settings, sort_keys=True))


def data_digest(cells: CellArray, columns: Mapping[str, np.ndarray]) -> str:
    """Of the cells, and of all numbers that are shown or ranked against, by name."""
    stored, described = columns_of(cells)  # operations by what they are, not by the numbers of this process
    arrays = [stored["operation"], cells.adjacency, *(columns[name] for name in sorted(columns))]
    more = [json.dumps([described, stored.get("parameters")])] if described or cells.parameters is not None else []
    return _digest(*sorted(columns), *(np.ascontiguousarray(array).tobytes() for array in arrays), *more)


def checkpoint_digest(name: str) -> str:
    """Of the file of a checkpoint, by name or path."""
    from metanp.checkpoint import find  # which loads every kind of model, seconds that a training does without

    return hashlib.sha256(find(name).read_bytes()).hexdigest()[:DIGITS]


def provenance() -> dict[str, str]:
    """When, where and from which commit something was measured."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
    # tables of other protocols, published a minute ago, change nothing of what is measured
    status = [*git, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!results"]
    changed = subprocess.run(status, capture_output=True, text=True, check=True).stdout.strip()
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "commit": commit.stdout.strip() + ("-dirty" if changed else ""),
    }


def publish(table: Sequence[Row], name: str) -> None:
    """Write a table among those that README is made from, with date, machine and commit."""
    write_rows(ROOT / "results" / "summary" / f"{name}.csv", [{**row, **provenance()} for row in table])


def _digest(*parts: str | bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "little") + data)
    return whole.hexdigest()[:DIGITS]


@cache
def _imports(module: str) -> tuple[str, ...]:
    """Modules of this project that `module` names in an import."""
    return tuple(sorted(set(_named(ast.parse(_path(module).read_text())))))


def _named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name.split(".")[0] in OURS and _path(name).is_file())


@cache
def _statements(module: str) -> str:
    tree = ast.parse(_path(module).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def _path(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not path.is_file() and module.split(".")[0] not in OURS:  # somebody's own predictor
        spec = importlib.util.find_spec(module)
        return Path(spec.origin) if spec and spec.origin else path
    return path
