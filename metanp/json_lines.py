"""Cells in JSON lines: one object a cell, with what is known of it.

    {"id": "run-7", "cell": {"nasbench201": "|...|"}, "score": 93.1, "features": {"flops": 51.0, "synflow": null}}
    {"id": "run-8", "cell": {"nasbench201": "|...|"}, "failed": "out of memory"}
    {"id": "run-9", "cell": {"nasbench201": "|...|"}, "curve": [31.0, 55.2, 61.7]}

`cell` is in any form that `Cell.from_json` reads; all others may be absent. `failed` is true, or the reason, where an
evaluation failed. `curve` has the learning curve, a number an epoch from the first on, as far as it is known. A line
may also be the cell alone, as `metanp convert` writes it.
"""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from metanp.brief import brief, clipped, counted, listed, short
from metanp.cell import Cell
from metanp.strict_json import parse_json

T = TypeVar("T")
KEYS = ("id", "cell", "score", "features", "failed", "curve")


@dataclass(frozen=True)
class Records:
    """The lines of one file; a name that a line lacks is None there. `features` has a column for every name seen."""

    path: Path
    lines: list[int]
    ids: list[str | None]
    cells: list[Cell]
    scores: list[float | None]
    features: dict[str, list[float | None]]
    failed: list[bool | str] = field(default_factory=list)
    curves: list[tuple[float, ...]] = field(default_factory=list)

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
            line, advice = self.lines[self.scores.index(None)], '"failed": true says that its evaluation failed'
            raise ValueError(f"{self.path}, line {line}: an evaluated cell has no 'score'; {advice}")
        return [score for score in self.scores if score is not None]

    def evaluated(self) -> dict[str, Any]:
        """The arguments of `MetaNP.fit` that the lines say: cells with a score or failed ones, features, curves.

        Raises:
            ValueError: a line with neither; names it.
        """
        rest = self.only([i for i, failed in enumerate(self.failed) if not failed])
        broken = self.only([i for i, failed in enumerate(self.failed) if failed])
        features = {name: [*column, *broken.features[name]] for name, column in rest.features.items()}
        more = {"features": features or None, "failed": broken.cells, "curves": rest.curves_or_none()}
        return {"cells": rest.cells, "score": rest.scored(), **more}

    def only(self, rows: Sequence[int]) -> Records:
        """Some of the lines."""

        def taken(column: Sequence[T]) -> list[T]:
            return [column[i] for i in rows]

        features = {name: taken(column) for name, column in self.features.items()}
        known = taken(self.lines), taken(self.ids), taken(self.cells), taken(self.scores)
        return Records(self.path, *known, features, taken(self.failed), taken(self.curves))

    def curves_or_none(self) -> list[tuple[float, ...]] | None:
        """The curves of all lines, empty where there is none; None where no line has one."""
        return self.curves if any(self.curves) else None


def read(path: Path) -> Records:
    """Read a file of JSON lines; `-` is standard input; empty lines are skipped.

    Raises:
        ValueError: a line that is no JSON object, has no cell or one that is refused, an unknown key, a score or
            feature that is no finite number, an id given twice, or no line at all; names file and line.
    """
    return parse(*source(path))


def source(path: Path) -> tuple[Path, bytes]:
    """The file's name for messages, and its content; `-` is standard input."""
    if str(path) == "-":
        return Path("standard input"), sys.stdin.buffer.read()
    return path, path.read_bytes()


def lines(path: Path, data: bytes) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers from 1; a byte order mark is skipped.

    A line ends with a line feed alone, not at U+2028 and its like, which JSON allows inside of a text.

    Raises:
        ValueError: a line that is no UTF-8; names file and line.
    """
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}, line {number}: not JSON or any text: not UTF-8 ({error.reason})") from None
        if text:
            yield number, text


def parse(path: Path, data: bytes) -> Records:
    """As `read`, from the content of a file."""
    rows: dict[int, Row] = {}
    first: dict[str, int] = {}
    for number, text in lines(path, data):
        try:
            rows[number] = row = read_row(text)
            if row.id is not None and first.setdefault(row.id, number) != number:
                raise ValueError(f"id {row.id!r} is given twice, first in line {first[row.id]}")
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from None
    if not rows:
        raise ValueError(f"{path} holds no cell")
    names = dict.fromkeys(name for row in rows.values() for name in row.features)
    columns = {name: [row.features.get(name) for row in rows.values()] for name in names}
    ids, cells, scores, failed, curves = (
        [getattr(row, key) for row in rows.values()] for key in ("id", "cell", "score", "failed", "curve")
    )
    return Records(path, list(rows), ids, cells, scores, columns, failed, curves)


@dataclass(frozen=True)
class Row:
    """One line; what it does not state is None, or no features."""

    id: str | None
    cell: Cell
    score: float | None = None
    features: Mapping[str, float | None] = field(default_factory=dict)
    failed: bool | str = False
    curve: tuple[float, ...] = ()

    __repr__ = brief

    def written(self) -> str:
        """The line as JSON, without what is not known; the cell alone where nothing else is known."""
        known = vars(self) | {"cell": self.cell.to_json(), "features": dict(self.features)}
        said = {key: known[key] for key in KEYS if known[key] not in (None, False, {}, ())}
        return json.dumps(said if len(said) > 1 else said["cell"])


def read_row(text: str) -> Row:
    """An object with a cell and what is known of it, or the cell alone.

    Raises:
        ValueError: something else; names the item.
    """
    data = parse_json(text, any_number=True)
    if isinstance(data, Mapping) and data and not set(KEYS) & set(data):
        return Row(None, Cell.from_json(data))
    if not isinstance(data, Mapping) or "cell" not in data:
        raise ValueError("expected an object with a 'cell'")
    if unknown := set(data) - set(KEYS):
        raise ValueError(f"unknown {sorted(unknown)}; known: {', '.join(KEYS)}")
    features = {} if data.get("features") is None else data["features"]
    if not isinstance(features, Mapping):
        raise ValueError(f"features is {features!r:.80}; expected an object of names and numbers")
    if data["cell"] is None:
        raise ValueError("the cell is null; leave the line out")
    return Row(
        None if data.get("id") is None else _name(data["id"]),
        Cell.from_json(data["cell"]),
        _number("score", data.get("score")),
        {name: _number(name, value) for name, value in features.items()},
        _failed(data),
        _curve(data.get("curve")),
    )


def _curve(value: Any) -> tuple[float, ...]:
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"curve is {value!r:.80}; expected a list of numbers, one an epoch")
    found = [_number(f"epoch {epoch} of the curve", number) for epoch, number in enumerate(value, start=1)]
    while found and found[-1] is None:  # not measured yet
        found.pop()
    if None in found:
        raise ValueError(
            f"epoch {found.index(None) + 1} of the curve is null, and a number comes after it; fill the gap"
        )
    return tuple(number for number in found if number is not None)


def _failed(data: Mapping[str, Any]) -> bool | str:
    failed = data.get("failed") or False
    if not isinstance(failed, bool | str):
        raise ValueError(f"failed is {failed!r:.80}; expected true, or the reason")
    if failed and data.get("score") is not None:
        raise ValueError("both a score and 'failed'; give one of them")
    return failed


def _name(value: Any) -> str:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"id is {value!r:.80}; expected a text or a number")


def _number(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise ValueError(f"{name} is {value!r:.80}; expected a finite number or null")
    return float(value)
