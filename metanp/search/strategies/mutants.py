"""Children of the best cells, from which strategies that mutate choose.

Only cells that were not asked for count, so there may be fewer than draws; where there are too few for one batch,
further parents have children too. In a list that holds few of a space's cells, most neighbours are missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metanp.cell import Cell
from metanp.search.candidates import Candidates
from metanp.search.history import History


@dataclass(frozen=True)
class Brood:
    """How many children.

    parents: best evaluated cells that have children. each: neighbours drawn of each parent, with replacement. enough:
    fresh children after which no further parent is used.
    """

    parents: int
    each: int
    enough: int

    def children(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Cell]:
        """Fresh cells one edit away from the best; at least `n` where all parents together have as many.

        Raises:
            ValueError: the candidates have no neighbours.
        """
        found: dict[str, Cell] = {}
        best = sorted(history.evaluated, key=lambda one: -one.score)
        for place, parent in enumerate(best):
            if len(found) >= (self.enough if place < self.parents else n):
                break
            near = candidates.neighbours(parent.cell)
            drawn = [near[i] for i in rng.integers(len(near), size=self.each)] if near else []
            fresh = candidates.fresh(drawn, {**history.taken, **found}, len(drawn))
            found.update((cell.key, cell) for cell in fresh)
        return list(found.values())
