"""Rows: of fits, kept as they come, one file an entrant; of tables, which people edit too.

A row of fits is one fit, held against one scored column. It carries marks of what it was made by (`provenance.py`, the
seed of the label sets); rows with other marks stay in their file and count for nothing, unless they are adopted
(`fits.Plan.adopt`): nothing that was measured is lost, and nothing is mixed up.
"""

from __future__ import annotations

import csv
import fcntl
import io
import json
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from metanp.atomic import replacing, write_whole
from metanp.strict_json import parse_json

Row = dict[str, Any]
Key = tuple[str, int, int]
KEY = ("shown", "set", "labels")  # of a fit
DRAWN = ("scatter_predicted", "scatter_truth")  # predictions of single cells, in the rows of a first label set


class RowFile:
    """Rows of one entrant, one JSON object a line, appended fit by fit; no other process writes meanwhile.

    rows: those of today. older: those that differ from them in nothing but the code that made them.

    Args:
        path: begun where it is absent; a last line that was cut off is dropped.
        marks: what rows of today carry. Of several rows of one fit and column with the same marks, the last counts.
        resume: False looks at no row that is there, so that new ones take their place.
        kept: rows of earlier runs that stand elsewhere; those in the file take their place.

    Raises:
        BlockingIOError: another process writes to it.
        ValueError: a row is damaged; names file and line.
    """

    def __init__(self, path: Path, marks: Row, resume: bool = True, kept: Iterable[Row] = ()):
        self.path, self.marks = path, marks
        self.rows: dict[Key, list[Row]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "a+b")  # noqa: SIM115 (open, and locked, as long as the object lives)
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BlockingIOError(error.errno, "another run writes to it", str(path)) from None
        self.older: dict[str, dict[Key, list[Row]]] = {}  # by code
        there = [*kept, *self._read()]
        for row in there if resume else []:
            differ = {name for name, value in marks.items() if row.get(name) != value}
            if not differ:
                _put(self.rows, row)
            elif differ == {"code"} and "code" in row:
                _put(self.older.setdefault(row["code"], {}), row)

    def __contains__(self, key: Key) -> bool:
        return key in self.rows

    def get(self, key: Key) -> list[Row]:
        """Rows of one fit; none where the entrant had nothing to say."""
        return self.rows.get(key, [])

    def add(self, rows: Iterable[Row]) -> None:
        """Keep and append the rows of one fit, all in one piece; they take the place of earlier ones."""
        marked = [{**row, **self.marks} for row in rows]
        for row in marked:
            _put(self.rows, row)
        self.file.write("".join(json.dumps(row) + "\n" for row in marked).encode())
        self.file.flush()

    def _read(self) -> list[Row]:
        self.file.seek(0)
        lines = self.file.read().split(b"\n")
        if lines[-1]:  # a kill cut it off
            self.file.truncate(self.file.tell() - len(lines[-1]))
        return [self._row(i, line) for i, line in enumerate(lines[:-1], start=1) if line.strip()]

    def _row(self, number: int, line: bytes) -> Row:
        try:
            row = parse_json(line, any_number=True)
            if not isinstance(row, dict):
                raise ValueError("no object")
            if wrong := [name for name in KEY if not isinstance(row.get(name), str | int)]:
                raise ValueError(f"no {', '.join(wrong)}")
        except ValueError as error:
            remedy = "delete the line, and its fit is run again"
            raise ValueError(f"{self.path}, line {number}: a damaged row ({error}); {remedy}") from None
        return row


def _key(row: Row) -> Key:
    shown, number, labels = (row[name] for name in KEY)
    return shown, number, labels


def _put(rows: dict[Key, list[Row]], row: Row) -> None:
    """Among those of its fit, instead of one of the same column."""
    mine = rows.setdefault(_key(row), [])
    mine[:] = [one for one in mine if one.get("scored") != row.get("scored")] + [row]


def write_parquet(path: Path, rows: Sequence[Row]) -> None:
    """All rows, whole or not at all; what a row lacks is null."""
    columns = _columns(rows)
    table = pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows])
    with replacing(path) as file:
        pq.write_table(table, file)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """All rows, whole or not at all."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _columns(rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode())


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def read_rows(path: Path, words: Container[str] | None = None) -> list[dict[str, Any]]:
    """One row a line of a CSV file; a blank line stops nothing. Columns other than `words` hold
    numbers, or nothing (None); without `words` all is text.

    Raises:
        ValueError: a line with more or fewer fields than the first, or with something else where a number should be.
    """
    rows = []
    with open(path, newline="", encoding="utf-8") as file:
        lines = csv.reader(file, strict=True)
        try:
            head = next(lines, [])
            for fields in filter(any, lines):
                if len(fields) != len(head):
                    raise ValueError(f"{len(fields)} fields, where the first line has {len(head)}")
                texts = zip(head, fields, strict=True)
                rows.append({n: text if words is None or n in words else _number(n, text) for n, text in texts})
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{path}, line {lines.line_num}: a damaged row ({error})") from None
    return rows


def _number(name: str, text: str) -> int | float | None:
    try:
        return None if not text else int(text) if text.removeprefix("-").isdecimal() else float(text)
    except ValueError:
        raise ValueError(f"{name} is {text!r}, expected a number") from None
