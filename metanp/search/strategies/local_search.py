"""Local search: try the neighbours of the best cell, move as soon as one is better, restart where none is.

A *climb* begins with some random cells; its *centre* is the best cell that it has met, whose neighbours are asked for
in random order. It is over when all of them are taken and none was better: the next climb begins. Each pick's note
holds its climb and the centre whose neighbour it is, so that an interrupted search continues its climbs. A score that
comes late may reopen a climb that was over.

Setting: the authors' (naszilla): 10 random cells at the beginning of each climb, a move at the first better neighbour.

Needs a space, for neighbours.

Source: White et al. 2020, "Exploring the Loss Landscape in Neural Architecture Search" (arXiv:2005.02960);
github.com/naszilla/naszilla, file nas_algorithms.py.
"""

from __future__ import annotations

import numpy as np

from metanp.cell import Cell
from metanp.search.candidates import Candidates
from metanp.search.history import Evaluated, History
from metanp.search.strategy import Pick, Strategy


class LocalSearch(Strategy):
    """Args: first: random cells at the beginning of a climb."""

    needs_neighbours = True
    title = "local search"
    source = "White et al. 2020, arXiv:2005.02960"

    def __init__(self, first: int = 10, batch: int = 1):
        self.first, self.batch = first, batch

    def propose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        climbs = _climbs(history)
        taken, picks = dict(history.taken), list[Pick]()
        for number, met in sorted(climbs.items()):
            missing = self.first - sum("centre" not in one.note for one in met) - len(history.pending)
            if number == max(climbs) and missing > 0:
                picks += _begin(number, candidates, taken, min(missing, n - len(picks)), rng)
            centre = max(met, key=lambda one: one.score).cell
            near = candidates.neighbours(centre)
            shuffled = (near[i] for i in rng.permutation(len(near)))
            for cell in candidates.fresh(shuffled, taken, n - len(picks)):
                taken[cell.key] = cell
                picks.append(Pick(cell, {"climb": number, "centre": centre.key}))
        return picks + _begin(max(climbs, default=-1) + 1, candidates, taken, n - len(picks), rng)


def _climbs(history: History) -> dict[int, list[Evaluated]]:
    """The cells that each climb has met; those told without a note belong to the first."""
    climbs: dict[int, list[Evaluated]] = {}
    for one in history.evaluated:
        climbs.setdefault(one.note.get("climb", 0), []).append(one)
    return climbs


def _begin(climb: int, candidates: Candidates, taken: dict[str, Cell], n: int, rng: np.random.Generator) -> list[Pick]:
    """Random cells for a climb, which are taken then."""
    cells = candidates.random(taken, n, rng)
    taken.update((cell.key, cell) for cell in cells)
    return [Pick(cell, {"climb": climb}) for cell in cells]
