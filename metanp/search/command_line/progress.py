"""The progress of a run, on a terminal or as JSON lines; a `workers.Watcher`."""

from __future__ import annotations

import json
import sys
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from metanp.cell import Cell
from metanp.search.command_line.evaluation import Job, Outcome
from metanp.search.failed import one_line
from metanp.search.search import Search


class Shown:
    """A bar while it runs, and a line an evaluation; text for people goes to standard error.

    Args:
        budget: where the bar ends.
        as_json: lines are JSON, on standard output.
    """

    def __init__(self, search: Search, budget: int, as_json: bool):
        self.search, self.budget, self.as_json = search, budget, as_json
        self.console = Console(stderr=True)
        columns = (BarColumn(20), MofNCompleteColumn(), TextColumn("best {task.fields[best]}"))
        times = (TextColumn("running {task.fields[running]}"), TimeElapsedColumn(), TextColumn("left"))
        shown = self.console.is_terminal
        self.bar = Progress(*columns, *times, TimeRemainingColumn(), console=self.console, disable=not shown)
        self.task = self.bar.add_task("search", total=budget, best=self._best(), running=0)

    def __enter__(self) -> Shown:
        self.bar.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.bar.stop()

    def state(self, spent: int, running: int) -> None:
        self.bar.update(self.task, completed=spent, running=running)

    def ended(self, job: Job, cell: Cell, outcome: Outcome) -> None:
        best, spent = self.search.best(), self.search.journal.spent()
        self.bar.update(self.task, completed=spent, best=self._best())
        row: dict[str, Any] = {"id": job.id, "cell": cell.to_json(), "score": outcome.score}
        if outcome.stopped:
            row["stopped"] = True
        elif outcome.score is None:
            row["failed"] = outcome.reason
        row |= {"attempts": outcome.attempts, "seconds": round(outcome.seconds, 3), "worker": job.worker}
        row |= {"evaluated": spent, "budget": self.budget, "best": None if best is None else best.score}
        if self.as_json:
            print(json.dumps(row), flush=True)
            return
        said = f"failed: {one_line(outcome.reason)}" if outcome.score is None else f"{outcome.score:.6g}"
        said = "stopped early" if outcome.stopped else said
        self._print(f"{spent}/{self.budget}  {job.id}  {said}  ({outcome.seconds:.1f} s)")

    def say(self, text: str) -> None:
        self._print(f"metanp: {text}")

    def _best(self) -> str:
        best = self.search.best()
        return "-" if best is None else f"{best.score:.6g}"

    def _print(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)
        sys.stderr.flush()
