"""The state of a search, from its journal alone: in JSON, and as tables for people."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from metanp.cell import Cell
from metanp.search.command_line.opening import Names
from metanp.search.command_line.plot import text_plot
from metanp.search.history import Evaluated
from metanp.search.journal import Journal
from metanp.search.pareto import pareto_front

TOP = 10
FACTS = ("space", "pool", "candidates", "better", "limits", "cost", "strategy", "checkpoint", "seed")


def status(journal: Journal, names: Names, facts: dict[str, str]) -> dict[str, Any]:
    """The numbers. scores: mean of each evaluated cell, in the order of first results; times are seconds since 1970.

    front: of score against cost, cheapest first, where the search has a cost and its pool is there, with all cells.
    """
    history = journal.history(_inside(names))

    def row(one: Evaluated) -> dict[str, Any]:
        return {
            "id": names.id(one.cell),
            "cell": one.cell.to_json(),
            "score": journal.sign * one.score,
            "measurements": len(one.scores),
        }

    front = {}
    if "cost" in facts and names.pool is not None and all(len(names.pool.rows(cell)) for cell in history.cells):
        cost = names.number(facts["cost"])
        front = {"front": [{**row(one), "cost": cost(one.cell)} for one in pareto_front(history, cost)]}
    top = sorted(history.evaluated, key=lambda one: -one.score)[:TOP]
    return {
        "journal": str(journal.path),
        **{name: facts[name] for name in FACTS if name in facts},
        **({"limits": json.loads(facts["limits"])} if "limits" in facts else {}),
        "evaluated": len(history.evaluated),
        "measurements": sum(len(one.scores) for one in history.evaluated),
        "pending": len(history.pending),
        "failed": len(history.failed),
        "outside": len(history.outside),
        "stopped": len(history.stopped),
        "saved_epochs": sum(whole - trained for trained, whole in journal.stopped().values()),
        "spent": journal.spent(),
        "pending_ids": [names.id(cell) for cell in history.pending],
        "failed_ids": [names.id(cell) for cell in history.failed],
        "best": row(history.best) if history.best else None,
        "top": [row(one) for one in top],
        **front,
        "events": [_event(event, names) for event in journal.events()[-TOP:]],
        "scores": (journal.sign * history.scores).tolist(),
    }


def _inside(names: Names) -> Callable[[Cell], bool] | None:
    """Whether a cell is a candidate, where that can be answered without listing a space."""
    if names.pool is not None:
        return names.pool.has
    return None if names.space is None else names.space.__contains__


def _event(event: dict[str, Any], names: Names) -> dict[str, Any]:
    """reason: why it failed, what was taken back, or when it stopped. known: whether it was known beforehand."""
    name, note = names.id(Cell.from_json(json.loads(event["cell"]))), json.loads(event["note"])
    reasons = {"fail": note.get("reason", ""), "retract": "the last result" if note.get("last") else "all results"}
    reasons["stop"] = f"after {note.get('epochs', 0)} of {note.get('of', 0)} epochs"
    known = event["kind"] in ("tell", "fail") and bool(note.get("known"))
    kept = {key: event[key] for key in ("time", "kind", "score", "worker")}
    return {**kept, "id": name, "reason": reasons.get(event["kind"], ""), "known": known}


def show(found: dict[str, Any], names: Names, console: Console) -> None:
    """Tables and a plot, for 80 columns or more."""
    counts = Table(show_header=False, title="search")
    counts.add_column()
    counts.add_column(overflow="fold")
    for name in ("journal", *FACTS, "evaluated"):
        if name in found:
            counts.add_row(name, Text(_fact(found[name])))
    for name in ("pending", "failed"):
        counts.add_row(name, Text(" ".join([str(found[name]), *found[f"{name}_ids"]])))
    if found["stopped"]:
        counts.add_row("stopped early", f"{found['stopped']}, {found['saved_epochs']:,} epochs saved")
    if found["outside"]:
        counts.add_row("known outside", str(found["outside"]))
    if best := found["best"]:
        counts.add_row("best score", f"{best['score']:.6g}")
        counts.add_row("best id", Text(best["id"]))
        counts.add_row("best cell", Text(names.text(Cell.from_json(best["cell"]))))
    console.print(counts)
    if found["top"]:
        console.print(_cells("best cells", found["top"], names))
    if found.get("front"):
        console.print(_cells(f"front of score against {found['cost']}", found["front"], names))
    if found["events"]:
        console.print(_events(found["events"]))
    for line in text_plot(found["scores"], found.get("better") != "lower"):
        console.print(line, markup=False, highlight=False, no_wrap=True)


def _fact(value: Any) -> str:
    return ", ".join(f"{name} ≤ {most:g}" for name, most in value.items()) if isinstance(value, dict) else str(value)


def _cells(title: str, rows: list[dict[str, Any]], names: Names) -> Table:
    table = Table(title=Text(title, style="table.title"), expand=False)
    costs = ["cost"] if "cost" in rows[0] else []
    for name in ("rank", "score", *costs, "n"):
        table.add_column(name, justify="right", no_wrap=True)
    # a key is long and has no meaning; its beginning distinguishes cells
    table.add_column("id", no_wrap=True, max_width=16)
    table.add_column("cell", overflow="fold")
    for place, row in enumerate(rows, start=1):
        cell = Cell.from_json(row["cell"])
        values = [f"{row[name]:.6g}" for name in ("score", *costs)]
        numbers = (str(place), *values, str(row["measurements"]))
        table.add_row(*numbers, Text(row["id"]), Text(drawn(cell, names)))
    return table


def _events(rows: list[dict[str, Any]]) -> Table:
    kinds = Counter(row["kind"] for row in rows)
    table = Table(title=f"last {sum(kinds.values())} events")
    for name in ("time", "event", "id", "what"):
        table.add_column(name, no_wrap=True, overflow="ellipsis", max_width=16 if name == "id" else None)
    for row in rows:
        what = f"{row['score']:.6g}" if row["score"] is not None else row["reason"] or row["worker"]
        what = row["reason"] if row["kind"] == "stop" else what
        what = f"{what} known" if row["known"] else what
        clock = time.strftime("%m-%d %H:%M:%S", time.localtime(row["time"]))
        table.add_row(clock, row["kind"], Text(row["id"]), Text(what))
    return table


def drawn(cell: Cell, names: Names) -> str:
    """A cell in one line: the benchmark's text, of a pool its operations, or JSON."""
    return " ".join(cell.names[1:-1]) if names.pool and not names.space else names.text(cell)
