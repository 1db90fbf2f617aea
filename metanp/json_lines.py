"""Cells in JSON lines: one object a cell, with what is known of it.

    {"id": "run-7", "cell": {"nasbench201": "|...|"}, "score": 93.1, "features": {"flops": 51.0, "synflow": null}}

`cell` is in any form that `Cell.from_json` reads; `id`, `score` and `features` may be absent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metanp.cell import Cell


@dataclass(frozen=True)
class Records:
    """The lines of one file; a name that a line lacks is None there. `features` has a column for every name seen."""

    ids: list[str | None]
    cells: list[Cell]
    scores: list[float | None]
    features: dict[str, list[float | None]]

    def scored(self) -> list[float]:
        """Every score.

        Raises:
            ValueError: a line without one; names it.
        """
        if None in self.scores:
            raise ValueError(f"line {self.scores.index(None) + 1} has no 'score'")
        return [score for score in self.scores if score is not None]


def read(path: Path) -> Records:
    """Read a file of JSON lines; empty lines are passed over.

    Raises:
        ValueError: a line that is no JSON object, has no cell or one that is refused, an unknown key, a score or
            feature that is no number, an id given twice, or no line at all; names file and line.
    """
    rows = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if text.strip():
            try:
                rows.append(_row(text))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from None
    if not rows:
        raise ValueError(f"{path} holds no cell")
    seen: set[str] = set()
    for row in rows:
        if row["id"] is not None and row["id"] in seen:
            raise ValueError(f"{path}: id {row['id']!r} is given twice")
        seen.add(row["id"])
    names = list(dict.fromkeys(name for row in rows for name in row["features"]))
    columns = {name: [row["features"].get(name) for row in rows] for name in names}
    return Records([r["id"] for r in rows], [r["cell"] for r in rows], [r["score"] for r in rows], columns)


def _row(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(data, Mapping) or "cell" not in data:
        raise ValueError("expected an object with a 'cell'")
    if unknown := set(data) - {"id", "cell", "score", "features"}:
        raise ValueError(f"unknown {sorted(unknown)}; known: id, cell, score, features")
    features = data.get("features") or {}
    return {
        "id": None if data.get("id") is None else str(data["id"]),
        "cell": Cell.from_json(data["cell"]),
        "score": _number("score", data.get("score")),
        "features": {name: _number(name, value) for name, value in features.items()},
    }


def _number(name: str, value: Any) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise ValueError(f"{name} is {value!r}; expected a number or null")
    return None if value is None else float(value)
