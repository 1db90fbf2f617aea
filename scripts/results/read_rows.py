"""Rows of CSV files, which people edit too: what is damaged is named by file and line, a blank line stops nothing."""

from __future__ import annotations

import csv
from collections.abc import Container
from pathlib import Path
from typing import Any


def read_rows(path: Path, words: Container[str] | None = None) -> list[dict[str, Any]]:
    """One row a line. Columns other than `words` hold numbers, or nothing (None); without `words` all is text.

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
