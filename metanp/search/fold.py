"""The state of a search after all events of its journal: they are folded one by one, here and nowhere else.

event, event, event, ... -> cells that are out, told, failed -> history
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from metanp.cell import Cell
from metanp.search.event import Event
from metanp.search.history import Evaluated, History


class Result(NamedTuple):
    """One result of a cell.

    score: higher is better, None where it failed. known: a result known beforehand, not counted in a budget. outside:
    the cell was no candidate when it was told. stopped: the score is the end that was predicted of a training that was
    stopped early.
    """

    score: float | None
    known: bool = False
    outside: bool = False
    stopped: bool = False


class Fold:
    """The state until now.

    last: id of the last event. asked: how often cells were given out. spent: results told, failures and stopped ones
    too, without those known beforehand and those taken back. out: cells given out and not told, with note and worker,
    by key. told: scores, higher is better, by key. stopped: epochs trained and epochs of a whole training, by key.
    cells: all cells of any event, by key. names: names of cells, by key.

    Args:
        sign: -1 where a lower score is better.
    """

    def __init__(self, sign: int):
        self.sign, self.last, self.asked, self.spent = sign, 0, 0, 0
        self.out: dict[str, tuple[Cell, dict[str, Any], str]] = {}
        self.told: dict[str, list[float]] = {}
        self.stopped: dict[str, tuple[int, int]] = {}
        self.cells: dict[str, Cell] = {}
        self.names: dict[str, str] = {}
        self._notes: dict[str, dict[str, Any]] = {}
        self._results: dict[str, list[Result]] = {}
        self._failed: dict[str, Cell] = {}

    def add(self, event: Event) -> None:
        """Add the next event.

        Raises:
            ValueError: its cell or its note cannot be read.
        """
        key, kind = event.key, event.kind
        self.last = event.id
        if kind == "void":
            return
        if key not in self.cells:
            self.cells[key] = event.read_cell()
            vars(self.cells[key])["key"] = key  # checked with the event; computing it takes longer than all else here
        if event.name:
            self.names.setdefault(key, event.name)
        if kind == "ask":
            self.asked += 1
            self._notes[key] = event.read_note()
            self.out[key] = (self.cells[key], self._notes[key], event.worker)
        elif kind == "retract":
            self._retract(key, bool(event.read_note().get("last")))
        elif kind == "drop":
            self._drop(key, event.worker)
        elif kind == "stop":
            self._stop(event, event.read_note())
        else:
            self._tell(event, event.read_note())

    def _tell(self, event: Event, note: dict[str, Any]) -> None:
        score = None if event.score is None else self.sign * event.score
        result = Result(score, bool(note.get("known")), bool(note.get("outside")))
        self.out.pop(event.key, None)
        self.spent += not result.known
        if event.key in self.stopped and not result.known:  # it ended all the same: one evaluation, this result
            self._forget_stop(event.key)
            self.spent -= 1
        self._results.setdefault(event.key, []).append(result)
        if score is None:
            self._failed[event.key] = self.cells[event.key]
        else:
            self.told.setdefault(event.key, []).append(score)

    def _stop(self, event: Event, note: dict[str, Any]) -> None:
        if event.key in self.stopped or event.score is None:
            return
        self.out.pop(event.key, None)
        self.spent += 1
        self._results.setdefault(event.key, []).append(Result(self.sign * event.score, stopped=True))
        self.stopped[event.key] = int(note.get("epochs", 0)), int(note.get("of", 0))

    def _forget_stop(self, key: str) -> None:
        del self.stopped[key]
        self._results[key] = [result for result in self._results[key] if not result.stopped]

    def _drop(self, key: str, worker: str) -> None:
        if worker and (key not in self.out or self.out[key][2] != worker):
            return  # another worker has it by now, and may have told its result
        self.out.pop(key, None)
        if self._failed.pop(key, None) is not None:  # forgotten, but its evaluation was spent
            self._results[key] = [result for result in self._results[key] if result.score is not None]

    def _retract(self, key: str, last: bool) -> None:
        results = self._results.pop(key, [])
        kept, gone = (results[:-1], results[-1:]) if last else ([], results)
        self.spent -= sum(not result.known for result in gone)
        if kept:
            self._results[key] = kept
        if not any(result.stopped for result in kept):
            self.stopped.pop(key, None)
        if scores := [result.score for result in kept if result.score is not None and not result.stopped]:
            self.told[key] = scores
        else:
            self.told.pop(key, None)
        if all(result.score is not None for result in kept):
            self._failed.pop(key, None)

    def taken(self, key: str) -> bool:
        """Whether the cell of this key need not be asked for again, as in `History.taken`."""
        return key in self.out or key in self.told or key in self._failed or key in self.stopped

    def was_asked(self, key: str) -> bool:
        """Whether the cell of this key was ever given out."""
        return key in self._notes

    def results(self, key: str) -> int:
        """How many results the cell of this key has, failures too, without those taken back."""
        return len(self._results.get(key, ()))

    def claimed(self) -> list[Cell]:
        """Cells that have to be candidates: those that are out, and those with a result not known beforehand."""
        told = [self.cells[key] for key, results in self._results.items() if not self._beforehand(results)]
        return [*(cell for cell, _, _ in self.out.values()), *told]

    def history(self, inside: Callable[[Cell], bool] | None = None) -> History:
        """The history that strategies read.

        Args:
            inside: whether a cell is a candidate, asked of cells whose results were known beforehand; without it, as it
                was when they were told.
        """
        evaluated, outside = list[Evaluated](), list[Evaluated]()
        for key, scores in self.told.items():
            one = Evaluated(self.cells[key], tuple(scores), self._notes.get(key, {}))
            (outside if self._is_outside(key, inside) else evaluated).append(one)
        pending = [cell for cell, _, _ in self.out.values()]
        failed = [cell for key, cell in self._failed.items() if key not in self.told]
        return History(evaluated, pending, failed, outside, self._stopped())

    def _stopped(self) -> list[Evaluated]:
        found = []
        for key in self.stopped:
            if key not in self.told and key not in self._failed:
                ends = tuple(r.score for r in self._results[key] if r.stopped and r.score is not None)
                found.append(Evaluated(self.cells[key], ends, self._notes.get(key, {})))
        return found

    def _is_outside(self, key: str, inside: Callable[[Cell], bool] | None) -> bool:
        results = self._results[key]
        if not self._beforehand(results):
            return False
        return results[-1].outside if inside is None else not inside(self.cells[key])

    @staticmethod
    def _beforehand(results: list[Result]) -> bool:
        return all(result.known for result in results)
