"""What the events of a journal amount to: folded one by one, here and nowhere else.

event, event, event, ... -> what is out, told, failed -> history
"""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from metanp.cell import Cell
from metanp.search.history import Evaluated, History

Kind = Literal["ask", "tell", "fail", "drop"]


class Event(NamedTuple):
    """As the journal keeps it. cell, note: JSON. score: as it was told, of a "tell" alone."""

    id: int
    kind: Kind
    key: str
    cell: str
    score: float | None
    note: str
    worker: str


class Fold:
    """Everything until now.

    last: id of the last event. asked: how often cells were given out. spent: evaluations told, failed ones too. out:
    cells given out and not told, with note and worker, by key. told: measurements, higher is better, by key. cells: all
    there ever were, by key.

    Args:
        sign: -1 where a lower score is better.
    """

    def __init__(self, sign: int):
        self.sign, self.last, self.asked, self.spent = sign, 0, 0, 0
        self.out: dict[str, tuple[Cell, dict[str, Any], str]] = {}
        self.told: dict[str, list[float]] = {}
        self.cells: dict[str, Cell] = {}
        self._notes: dict[str, dict[str, Any]] = {}
        self._failed: dict[str, Cell] = {}

    def add(self, event: Event) -> None:
        """The next one."""
        key, kind = event.key, event.kind
        self.last = event.id
        if key not in self.cells:
            self.cells[key] = Cell.from_json(json.loads(event.cell))
        if kind == "ask":
            self.asked += 1
            self._notes[key] = json.loads(event.note)
            self.out[key] = (self.cells[key], self._notes[key], event.worker)
            return
        if kind == "drop" and event.worker and (key not in self.out or self.out[key][2] != event.worker):
            return  # it was another's by then, who may have told what came of it
        self.out.pop(key, None)
        self.spent += kind != "drop"
        if kind == "tell":
            assert event.score is not None
            self.told.setdefault(key, []).append(self.sign * event.score)
        elif kind == "fail":
            self._failed[key] = self.cells[key]
        else:
            self._failed.pop(key, None)

    def taken(self, key: str) -> bool:
        """Whether the cell of this key need not be asked for again, as `History.taken` has it."""
        return key in self.out or key in self.told or key in self._failed

    def history(self) -> History:
        """As strategies read it."""
        told = self.told
        evaluated = [Evaluated(self.cells[key], tuple(told[key]), self._notes.get(key, {})) for key in told]
        pending = [cell for cell, _, _ in self.out.values()]
        return History(evaluated, pending, [cell for key, cell in self._failed.items() if key not in told])
