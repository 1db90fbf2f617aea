"""Digests of the code, settings and data behind a number, so that rows of other code are not used as today's.

    code      the statements of a module and of all modules of this project that it imports, without docstrings
    settings  a configuration
    data      the shown and scored columns

Each is twelve hexadecimal digits of SHA-256. `provenance` gives date, machine and commit.
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
    """Digest of `modules`, such as "metanp.predictor", and of their imports, including those within functions."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _imports(name)
    return _digest(*(f"{name}\n{_statements(name)}" for name in sorted(found)))


def settings_digest(settings: Any) -> str:
    """Digest of anything that JSON can represent; the order of keys does not matter."""
    return _digest(json.dumps(settings, sort_keys=True))


def data_digest(cells: CellArray, columns: Mapping[str, np.ndarray]) -> str:
    """Digest of the cells, and of all columns that are shown or ranked against, by name."""
    stored, described = columns_of(cells)  # operations by their description, not by their numbers in this process
    arrays = [stored["operation"], cells.adjacency, *(columns[name] for name in sorted(columns))]
    more = [json.dumps([described, stored.get("parameters")])] if described or cells.parameters is not None else []
    return _digest(*sorted(columns), *(np.ascontiguousarray(array).tobytes() for array in arrays), *more)


def checkpoint_digest(name: str) -> str:
    """Digest of the file of a checkpoint (name or path)."""
    from metanp.checkpoint import find  # here, as it takes seconds that other users of this module need not wait

    return hashlib.sha256(find(name).read_bytes()).hexdigest()[:DIGITS]


def provenance() -> dict[str, str]:
    """Date, machine and commit of a measurement; the commit is "unknown" outside a repository."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    # tables of other protocols, just published, do not affect what is measured
    status = [*git, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!results"]
    changed = subprocess.run(status, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "commit": (commit.stdout.strip() or "unknown") + ("-dirty" if changed else ""),
    }


def publish(table: Sequence[Row], name: str) -> None:
    """Write a table to `results/summary/`, from which the docs are made, with date, machine and commit."""
    write_rows(ROOT / "results" / "summary" / f"{name}.csv", [{**row, **provenance()} for row in table])


def _digest(*parts: str | bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "little") + data)
    return whole.hexdigest()[:DIGITS]


@cache
def _imports(module: str) -> tuple[str, ...]:
    """Modules of this project that `module` imports."""
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
    if not path.is_file() and module.split(".")[0] not in OURS:  # a user's own predictor
        spec = importlib.util.find_spec(module)
        return Path(spec.origin) if spec and spec.origin else path
    return path
