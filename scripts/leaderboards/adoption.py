"""Rows of other code, adopted where that code still does the same: a few fits are repeated, all must come out alike.

older rows -> some tasks, run again -> the same numbers, times apart? -> the older rows count as today's

A change of code that no number depends on (a module moved, a check added) would otherwise cost hours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scripts.processes import Task
from scripts.rows import Key, Row, RowFile

TIMES = ("seconds_fit", "seconds_predict")
Run = Callable[[Sequence[Task], Callable[[Task, list[Row]], None]], None]


def key_of(task: Task) -> Key:
    """Where a task's rows are in its predictor's file."""
    return task.shown, task.number, task.budget


def adopt(missing: Mapping[Task, RowFile], repeats: int, run: Run, commit: Mapping[str, str]) -> list[Row]:
    """Adopt what may be; what was repeated is kept as today's. One row a file and code, which says how it went.

    Args:
        missing: tasks without rows of today.
        repeats: fits of each file and code to run again, drawn at random.
        run: runs tasks and hands over their rows.
        commit: of today's code, for the rows that it makes.
    """
    offers: list[tuple[RowFile, str, list[Task]]] = []
    for file in dict.fromkeys(missing.values()):
        mine = [task for task, where in missing.items() if where is file]
        for code, older in file.older.items():
            if known := [task for task in mine if key_of(task) in older]:
                offers.append((file, code, known))
    rng = np.random.default_rng(0)
    drawn = [
        [tasks[i] for i in rng.choice(len(tasks), size=min(repeats, len(tasks)), replace=False)]
        for _, _, tasks in offers
    ]
    repeated: dict[Task, list[Row]] = {}

    def done(task: Task, rows: list[Row]) -> None:
        repeated[task] = rows
        missing[task].add({**row, **commit} for row in rows)

    run(list(dict.fromkeys(task for tasks in drawn for task in tasks)), done)
    return [
        _settled(file, code, tasks, {task: repeated[task] for task in tried})
        for (file, code, tasks), tried in zip(offers, drawn, strict=True)
    ]


def _settled(file: RowFile, code: str, tasks: Sequence[Task], repeated: Mapping[Task, list[Row]]) -> Row:
    older = file.older[code]
    differ = [task for task, rows in repeated.items() if not _alike(rows, older[key_of(task)], file.marks)]
    told = {"file": str(file.path), "code": code, "repeated": len(repeated), "differ": len(differ), "adopted": 0}
    if differ:
        return told
    rest = [task for task in tasks if key_of(task) not in file]
    for task in rest:
        file.add({**row, "adopted_from": code} for row in older[key_of(task)])
    return {**told, "adopted": len(rest)}


def _alike(rows: Sequence[Row], older: Sequence[Row], marks: Row) -> bool:
    """The same numbers, times and marks apart."""
    aside = {*TIMES, *marks, "commit", "adopted_from"}

    def plain(some: Sequence[Row]) -> list[Row]:
        return [{name: value for name, value in row.items() if name not in aside} for row in some]

    return plain(rows) == plain(older)
