"""Rows of fits, stored as they arrive in one file for each entrant, and rows of tables.

A row of fits is one fit compared with one scored column. It carries marks: digests of code, settings and data
(`provenance.py`), and seeds. Rows with other marks stay in their file and are not used, unless they are adopted
(`running.Plan.adopt`), so that nothing that was measured is lost and rows of different code are never mixed.

Rows behind published tables are also kept in the repository, one Parquet file for each study,
`results/rows/<study>.parquet`, written with `publish=true`: those of rivals alone, as MetaNP is run again. They lack
the predictions of single cells, which are only drawn. They are read as if they were in the files of a run.
"""

from __future__ import annotations

import csv
import fcntl
import io
import json
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from metanp.atomic import replacing, write_whole
from metanp.strict_json import parse_json

Row = dict[str, Any]
Key = tuple[str, int, int]
KEY = ("shown", "set", "labels")  # of a fit
DRAWN = ("scatter_predicted", "scatter_truth")  # predictions of single cells, in the rows of the first label set
FOLDER = Path(__file__).parent.parent.parent / "results" / "rows"
FILE = "file"  # column of kept rows: the row file of a run that they belong to


class RowFile:
    """Rows of one entrant, one JSON object a line, appended fit by fit; no other process writes to it meanwhile.

    rows: those with today's marks. older: by code, those that differ from them in nothing but the code.

    Args:
        path: created where it is missing; a last line that was cut off is dropped.
        marks: columns of today's rows. Of several rows of one fit and column with the same marks, the last counts.
        resume: False ignores existing rows, so that new ones replace them.
        kept: rows of earlier runs that are stored elsewhere; rows in the file replace them.

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
        self.older: dict[str, dict[Key, list[Row]]] = {}
        found = [*kept, *self._read()]
        for row in found if resume else []:
            differ = {name for name, value in marks.items() if row.get(name) != value}
            if not differ:
                _put(self.rows, row)
            elif differ == {"code"} and "code" in row:
                _put(self.older.setdefault(row["code"], {}), row)

    def __contains__(self, key: Key) -> bool:
        return key in self.rows

    def get(self, key: Key) -> list[Row]:
        """Rows of one fit; none where it was not run."""
        return self.rows.get(key, [])

    def add(self, rows: Iterable[Row]) -> None:
        """Store and append the rows of one fit in one write; they replace earlier ones."""
        marked = [{**row, **self.marks} for row in rows]
        for row in marked:
            _put(self.rows, row)
        self.file.write("".join(json.dumps(row) + "\n" for row in marked).encode())
        self.file.flush()

    def _read(self) -> list[Row]:
        self.file.seek(0)
        lines = self.file.read().split(b"\n")
        if lines[-1]:  # cut off when a run was killed
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


def _put(rows: dict[Key, list[Row]], row: Row) -> None:
    """Add a row to those of its fit, in place of one of the same scored column."""
    shown, number, labels = (row[name] for name in KEY)
    mine = rows.setdefault((shown, number, labels), [])
    mine[:] = [one for one in mine if one.get("scored") != row.get("scored")] + [row]


@lru_cache(maxsize=1)
def kept_rows(study: str) -> dict[str, list[Row]]:
    """Rows of a study that are kept in the repository, by the row file that they belong to."""
    path = _kept(study)
    found: dict[str, list[Row]] = {}
    for row in pq.read_table(path).to_pylist() if path.is_file() else []:
        file = row.pop(FILE)
        found.setdefault(file, []).append({name: value for name, value in row.items() if value is not None})
    return found


def keep(study: str, rows: Mapping[str, Iterable[Row]]) -> Path:
    """Keep rows, by row file, in the repository; a new row replaces the kept one of the same fit and column."""
    found: dict[tuple, Row] = {}
    for file, mine in [*kept_rows(study).items(), *rows.items()]:
        for row in mine:
            plain = {name: value for name, value in row.items() if name not in DRAWN}
            found[file, *(row[name] for name in KEY), row.get("scored")] = {FILE: file, **plain}
    kept_rows.cache_clear()
    path = _kept(study)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(path, [found[key] for key in sorted(found, key=str)])
    return path


def _kept(study: str) -> Path:
    return FOLDER / f"{study.replace('/', '-')}.parquet"


def write_parquet(path: Path, rows: Sequence[Row]) -> None:
    """Write all rows, or nothing; columns that a row lacks are null."""
    columns = _columns(rows)
    table = pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows])
    with replacing(path) as file:
        pq.write_table(table, file)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write all rows as CSV, or nothing."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _columns(rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode())


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def read_rows(path: Path, words: Container[str] | None = None) -> list[dict[str, Any]]:
    """One row for each line of a CSV file that is not blank.

    Args:
        words: columns of text; other columns have numbers, or nothing (None). Without `words` all columns are text.

    Raises:
        ValueError: a line with more or fewer fields than the first, or a field that is no number where one is expected.
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
