"""Work that several processes share: a piece belongs to whoever holds its lock, a byte of one file.

The system takes the byte back when the process ends, however it ends. Each process appends its rows to a file of its
own, a line a piece, so that a line cut off by a kill spoils no other.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from metanp.atomic import write_whole


@contextmanager
def claimed(folder: Path, number: int) -> Iterator[bool]:
    """Whether this process has the piece of this number for itself; it has it until it leaves, or dies."""
    with open(folder / "locks", "ab") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except OSError:
            yield False
            return
        yield True


def own_file(folder: Path) -> Path:
    """A file of rows that no other process writes to."""
    return folder / f"rows-{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:8]}.jsonl"


def append(path: Path, row: dict[str, Any]) -> None:
    """A line more, on the disk when this returns."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
        file.flush()
        os.fsync(file.fileno())


def written(folder: Path) -> Iterator[dict[str, Any]]:
    """The rows of all processes; lines that were cut off are passed over."""
    for path in sorted(folder.glob("rows-*.jsonl")):
        yield from rows_of(path.read_text(encoding="utf-8", errors="replace"))


def keep_rows(rows: Iterable[Mapping[str, Any]], kept: Path) -> None:
    """All rows in one compressed file, the same bytes for the same rows."""
    text = "".join(json.dumps(row) + "\n" for row in rows)
    write_whole(kept, gzip.compress(text.encode(), mtime=0))


def kept_rows(kept: Path | None) -> Iterator[dict[str, Any]]:
    """The rows of such a file; none where it is not there."""
    if kept is not None and kept.is_file():
        yield from rows_of(gzip.decompress(kept.read_bytes()).decode())


def rows_of(text: str) -> Iterator[dict[str, Any]]:
    """The rows of a text, a line each."""
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue
