"""Rows of the studies on learning curves: kept one a line, so that a command that was killed goes on where it was.

A row has a `key`, everything that says which piece of work it is; work whose key is in the file is not done again.
Every row has its seconds, date, machine and commit. What rows mean is not known here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from scripts.results.provenance import provenance
from scripts.results.statistics import interval
from scripts.results.table import Table

Key = Mapping[str, Any]
Work = tuple[Key, Callable[[], Mapping[str, Any]]]


def carry_out(work: Iterable[Work], path: Path | None, title: str) -> list[dict[str, Any]]:
    """Rows of all pieces of work, in their order; those that the file has are read, the others are appended to it.

    Args:
        work: key of a piece, and what does it and answers with its numbers.
        path: the file; None keeps nothing.
    """
    known = {_text(row["key"]): row for row in _read(path)}
    pieces, rows, marks = list(work), [], provenance()
    for key, do in track(pieces, title, console=Console(stderr=True)):
        row = known.get(_text(key))
        if row is None:
            start = time.perf_counter()
            row = {"key": dict(key), **do(), "seconds": round(time.perf_counter() - start, 3)}
            row |= marks
            _append(path, row)
        rows.append(row)
    return rows


def over(rows: Iterable[Mapping[str, Any]], number: str) -> tuple[float, float]:
    """Mean of a number over rows that differ in `set`, and half of its 95 % interval."""
    by_set = {row["key"]["set"]: float(row[number]) for row in rows}
    found = interval(np.array([list(by_set.values())]))
    return found.mean, found.half


def show(summary: list[dict[str, Any]], table: Table, as_json: bool, as_markdown: bool) -> None:
    """To standard output, as asked for; a table for people unless it was."""
    if as_json:
        print(json.dumps(summary))
    elif as_markdown:
        print(table.markdown())
    else:
        table.print()


def _text(key: Key) -> str:
    return json.dumps(key, sort_keys=True)


def _read(path: Path | None) -> list[dict[str, Any]]:
    if path is None or not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:  # the last line of a command that was killed while it wrote
            Console(stderr=True).print(f"{path}: line {number} is cut off, and its work is done again")
    return found


def _append(path: Path | None, row: Mapping[str, Any]) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    ends = not path.exists() or path.read_bytes()[-1:] in (b"", b"\n")
    with open(path, "a", encoding="utf-8") as file:
        file.write(("" if ends else "\n") + json.dumps(row) + "\n")
