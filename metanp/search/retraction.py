"""Taking back results of a cell."""

from __future__ import annotations

from metanp.cell import Cell
from metanp.search.journal import Journal


def retract(journal: Journal, cell: Cell, last: bool = False, name: str = "this cell") -> None:
    """Take back all results of a cell, or only the last one.

    Args:
        name: the cell's name in an error.

    Raises:
        ValueError: it has no result, or all of them were taken back or forgotten.
    """
    with journal.together():
        if not journal.results(cell.key):
            raise ValueError(
                f"there is no result of {name} to take back; drop gives up a cell that was asked for, tell reports one"
            )
        journal.tell("retract", cell, note={"last": last})
