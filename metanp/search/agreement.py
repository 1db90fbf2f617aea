"""Whether a journal may be gone on with for some candidates.

A space is the same or another one. A list of cells may have grown, be in another order, and lack cells that the journal
does not need: all that were asked for, or told other than as known beforehand, have to be in it.
"""

from __future__ import annotations

import numpy as np

from metanp.cell import Cell
from metanp.search.candidates import Candidates
from metanp.search.journal import Journal, JournalError
from metanp.search.listed import A_LIST, Listed


def agree(journal: Journal, candidates: Candidates) -> None:
    """Keep what is searched in the journal, and which scores are better, or hold it against what the journal has.

    Raises:
        JournalError: the journal is of other candidates, or of a cell that these have not; names it and what to do.
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
