"""Rows of other code, adopted where that code still does the same: a few fits are repeated, all must come out alike.

older rows -> some tasks, run again -> the same numbers, times apart? -> the older rows count as today's

A change of code that no number depends on (a module moved, a check added) would otherwise cost hours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from scripts.processes import Task
from scripts.rows import Key, Row, RowFile

TIMES = ("seconds_fit", "seconds_encode", "seconds_predict")
Run = Callable[[Sequence[Task], Callable[[Task, list[Row]], None]], None]


def key_of(task: Task) -> Key:
    """Where a task's rows are in its predictor's file."""
    return task.shown, task.number, task.budget


def adopt(missing: Mapping[Task, RowFile], repeats: int, run: Run, commit: Mapping[str, str]) -> list[Row]:
    """Adopt what may be; what was run again is kept as today's. One row a file and code, which says how it went.

    Rows of fits that failed are never adopted. All there is of today is held against rows of a code, so that a
    difference once found is found again.

    Args:
        missing: tasks without rows of today.
        repeats: fits of each file, code and number of labels to run again, drawn at random.
        run: runs tasks and hands over their rows.
        commit: of today's code, for the rows that it makes.
    """
    offers = list(_offers(missing))
    rng = np.random.default_rng(0)
    drawn: dict[Task, None] = {}
    for _, _, tasks in offers:
        for budget in sorted({task.budget for task in tasks}):
            alike = [task for task in tasks if task.budget == budget]
            chosen = rng.choice(len(alike), size=min(repeats, len(alike)), replace=False)
            drawn |= dict.fromkeys(alike[i] for i in chosen)

    def done(task: Task, rows: list[Row]) -> None:
        missing[task].add({**row, **commit} for row in rows)

    run(list(drawn), done)
    return [_settled(file, code, tasks) for file, code, tasks in offers]


def _offers(missing: Mapping[Task, RowFile]) -> Iterator[tuple[RowFile, str, list[Task]]]:
    """For each file and older code the tasks that it answered."""
    for file in dict.fromkeys(missing.values()):
        mine = [task for task, where in missing.items() if where is file]
        for code, older in file.older.items():
            answered = {key for key, rows in older.items() if all(row["status"] == "ok" for row in rows)}
            if known := [task for task in mine if key_of(task) in answered]:
                yield file, code, known


def _settled(file: RowFile, code: str, tasks: Sequence[Task]) -> Row:
    older = file.older[code]
    both = [key for key in older if key in file]
    differ = sum(_plain(file.get(key), file.marks) != _plain(older[key], file.marks) for key in both)
    told = {"file": str(file.path), "code": code, "compared": len(both), "differ": differ, "adopted": 0}
    if differ or not both:
        return told
    rest = [key_of(task) for task in tasks if key_of(task) not in file]
    for key in rest:
        file.add({**row, "adopted_from": code} for row in older[key])
    return {**told, "adopted": len(rest)}


def _plain(rows: Sequence[Row], marks: Row) -> str:
    """Rows without times and marks; as text, in which a NaN is one."""
    aside = {*TIMES, *marks, "commit", "adopted_from"}
    return json.dumps([{name: row[name] for name in sorted(row) if name not in aside} for row in rows])
