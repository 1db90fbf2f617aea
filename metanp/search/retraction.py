"""Taking back what was told of a cell."""

from __future__ import annotations

from metanp.cell import Cell
from metanp.search.journal import Journal


def retract(journal: Journal, cell: Cell, last: bool = False, name: str = "this cell") -> None:
    """Take back all that was told of a cell, or only what was told last.

    Args:
        name: what the cell is called in an error.

    Raises:
        ValueError: nothing was told of it, or all of it was taken back or forgotten.
    """
    with journal.together():
        if not journal.results(cell.key):
            raise ValueError(
                f"nothing is told of {name}, so that there is nothing to take back; "
                "drop gives up a cell that was asked for, tell says what came of one"
            )
        journal.tell("retract", cell, note={"last": last})
