"""Cells in JSON lines: one object a cell, with what is known of it.

    {"id": "run-7", "cell": {"nasbench201": "|...|"}, "score": 93.1, "features": {"flops": 51.0, "synflow": null}}

`cell` is in any form that `Cell.from_json` reads; `id`, `score` and `features` may be absent.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metanp.brief import clipped, counted, listed, short
from metanp.cell import Cell

KEYS = ("id", "cell", "score", "features")


@dataclass(frozen=True)
class Records:
    """The lines of one file; a name that a line lacks is None there. `features` has a column for every name seen."""

    path: Path
    lines: list[int]
    ids: list[str | None]
    cells: list[Cell]
    scores: list[float | None]
    features: dict[str, list[float | None]]

    def __repr__(self) -> str:
        scored = sum(score is not None for score in self.scores)
        features = f", features: {clipped(listed(self.features, 150), 200)}" if self.features else ""
        return f"Records({counted(len(self.cells), 'cell')} of {short(str(self.path))}, {scored:,} scored{features})"

    def scored(self) -> list[float]:
        """Every score.

        Raises:
            ValueError: a line without one; names it.
        """
        if None in self.scores:
            raise ValueError(
                f"{self.path}, line {self.lines[self.scores.index(None)]}: an evaluated cell has no 'score'"
            )
        return [score for score in self.scores if score is not None]


def read(path: Path) -> Records:
    """Read a file of JSON lines; empty lines are passed over.

    Raises:
        ValueError: a line that is no JSON object, has no cell or one that is refused, an unknown key, a score or
            feature that is no finite number, an id given twice, or no line at all; names file and line.
    """
    rows: dict[int, dict[str, Any]] = {}
    first: dict[str, int] = {}
    # not splitlines, which also breaks at separators that JSON allows inside of a string
    for number, text in enumerate(path.read_bytes().split(b"\n"), start=1):
        if text.strip():
            try:
                rows[number] = _row(text)
                if (name := rows[number]["id"]) is not None and first.setdefault(name, number) != number:
                    raise ValueError(f"id {name!r} is given twice, first in line {first[name]}")
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from None
    if not rows:
        raise ValueError(f"{path} holds no cell")
    ids, cells, scores, features = ([row[key] for row in rows.values()] for key in KEYS)
    names = dict.fromkeys(name for known in features for name in known)
    columns = {name: [known.get(name) for known in features] for name in names}
    return Records(path, list(rows), ids, cells, scores, columns)


def _row(text: bytes) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:  # no JSON, or no UTF-8
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(data, Mapping) or "cell" not in data:
        raise ValueError("expected an object with a 'cell'")
    if unknown := set(data) - set(KEYS):
        raise ValueError(f"unknown {sorted(unknown)}; known: {', '.join(KEYS)}")
    features = data.get("features") or {}
    if not isinstance(features, Mapping):
        raise ValueError(f"features is {features!r:.80}; expected an object of names and numbers")
    return {
        "id": None if data.get("id") is None else str(data["id"]),
        "cell": Cell.from_json(data["cell"]),
        "score": _number("score", data.get("score")),
        "features": {name: _number(name, value) for name, value in features.items()},
    }


def _number(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise ValueError(f"{name} is {value!r:.80}; expected a finite number or null")
    return float(value)
