"""Whether a journal may be continued with some candidates.

A space must be the same. A list of cells may have grown, be in another order, and lack cells that the journal does not
need: all cells that were asked for have to be in it, and all with a result that was not told as known beforehand.
"""

from __future__ import annotations

import numpy as np

from metanp.cell import Cell
from metanp.search.candidates import Candidates
from metanp.search.journal import Journal, JournalError
from metanp.search.listed import A_LIST, Listed


def agree(journal: Journal, candidates: Candidates) -> None:
    """Record in the journal what is searched and which scores are better, or compare it with what is recorded.

    Raises:
        JournalError: the journal is of other candidates, or of a cell that these lack; names it and the remedy.
    """
    facts = {"better": "higher" if journal.sign > 0 else "lower"}
    kept = journal.facts().get("candidates")
    if kept is None or not candidates.agree(kept):
        facts["candidates"] = candidates.identity
    journal.agree(facts)
    if isinstance(candidates, Listed) and candidates.identity == A_LIST:
        claimed = journal.claimed()
        for place in np.flatnonzero(candidates.first_rows(claimed) < 0)[:1]:
            raise _lost(journal, claimed[place], len(candidates.cells))


def _lost(journal: Journal, cell: Cell, size: int) -> JournalError:
    name = journal.names().get(cell.key)
    called = f"{name!r:.80}, " if name else ""
    return JournalError(
        f"{journal.path} is the journal of a list with {called}{cell.to_json()}, and this list of {size} cells has "
        "no cell that computes the same; put it back into the list, or drop it from the journal if it is pending, or "
        "retract it if it was told"
    )
