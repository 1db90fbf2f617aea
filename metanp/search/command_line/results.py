"""Results of evaluations in JSON lines: one object a measurement.

    {"id": "cell-7", "score": 93.1}
    {"cell": {"nasbench201": "|...|"}, "score": 93.1}
    {"id": "cell-8", "failed": "out of memory"}

Each is a result of an evaluation of this search; or all of a file are results known beforehand, of any cells.

A line that `metanp search ask` printed may be used with a score added: its other entries are ignored. So is a line
that repeats a result told before, so that a growing file may be told again and again.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any

from metanp.cell import Cell
from metanp.search.command_line.opening import Opened
from metanp.search.failed import FAILED, Failed
from metanp.search.journal import JournalError
from metanp.strict_json import parse_json

KNOWN = ("mean", "std", "p_improve", "cost")
KEYS = ("id", "cell", "score", "failed", *KNOWN)


def tell(opened: Opened, data: bytes, name: str, repeat: bool = False, known: bool = False) -> tuple[int, list[str]]:
    """Tell all lines of `data`, or none; returns how many, and notes for the user.

    Args:
        repeat: a score that was told before is another measurement.
        known: as in `Search.tell`.

    Raises:
        ValueError: a line that is no result, or that `Search.tell` refuses; names it as a line of `name`.
    """
    told, before, notes = 0, 0, []
    with opened.search.journal.together():
        earlier = Counter[tuple[str, float | None]]() if repeat else _earlier(opened)
        for number, text in enumerate(data.split(b"\n"), start=1):
            if not text.strip():
                continue
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                try:
                    cell, score = _read(opened, text)
                    said_of_it = (cell.key, None if isinstance(score, Failed) else score)
                    if earlier[said_of_it]:  # one line for each time that it was told
                        earlier[said_of_it] -= 1
                        before += 1
                        continue
                    opened.search.tell(cell, score, known=known)
                except JournalError:
                    raise
                except ValueError as error:
                    raise ValueError(f"{name}, line {number}: {error}") from None
            notes += [f"{name}, line {number}: {one.message}" for one in said]
            told += 1
    if not told and not before:
        raise ValueError(f"{name} holds no result")
    if before:
        notes.append(f"{before} told before, skipped; with --repeat the same score is another measurement")
    return told, notes


def _earlier(opened: Opened) -> Counter[tuple[str, float | None]]:
    """How often each result was told before, as (key, score); score None where it failed.

    Retracted results count: a wrong score that is still in a file does not come back with it.
    """
    events = opened.search.journal.events()
    return Counter((event["key"], event["score"]) for event in events if event["kind"] in ("tell", "fail"))


def _read(opened: Opened, text: bytes) -> tuple[Cell, float | Failed]:
    row = parse_json(text)
    if not isinstance(row, Mapping) or not {"id", "cell"} & set(row):
        raise ValueError("expected an object with a 'cell', or the 'id' of one that was asked for")
    if unknown := set(row) - set(KEYS):
        raise ValueError(f"unknown {sorted(unknown)}; known: {', '.join(KEYS)}")
    return _cell(opened, row), _score(row)


def _cell(opened: Opened, row: Mapping[str, Any]) -> Cell:
    names, journal = opened.names, opened.search.journal
    if isinstance(row.get("id"), bool | Mapping | list):
        raise ValueError(f"id is {row['id']!r:.80}; expected text or a number")
    if "cell" not in row:
        if row["id"] is None:
            raise ValueError("'id' is null; give the 'cell', or the 'id' of one that was asked for")
        return names.find(str(row["id"]), journal)
    if row["cell"] is None:
        raise ValueError("'cell' is null; give the cell, or leave it out where the 'id' names it")
    cell = names.read(row["cell"])
    if row.get("id") is not None:
        try:
            named = names.find(str(row["id"]), journal)
        except ValueError:  # a name of the user's own
            return cell
        if named.key != cell.key:
            raise ValueError(f"the id {row['id']!r:.80} is that of another cell than 'cell'")
    return cell


def _score(row: Mapping[str, Any]) -> float | Failed:
    score, failed = row.get("score"), row.get("failed") or False
    if not isinstance(failed, bool | str):
        raise ValueError(f"failed is {failed!r:.80}; expected true, or the reason")
    if (score is None) == (failed is False):
        raise ValueError("expected either a 'score' or 'failed'")
    if failed:
        return FAILED if failed is True else Failed(failed)
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise ValueError(f"score is {score!r:.80}; expected a number")
    return score
