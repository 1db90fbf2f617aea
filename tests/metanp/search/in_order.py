"""A search that asks for the cells of a list in their order, for tests."""

from metanp import Cell
from metanp.search import Pick, Search, Strategy
from metanp.spaces import get_space
from tests.evaluated_cells import CELLS

SPACE = get_space("nasbench201")


def score(cell: Cell) -> float:
    """More convolutions, more points."""
    return float(sum(name.startswith("conv") for name in cell.pruned.operations))


class InOrder(Strategy):
    """The first cells of a list that are left, with a note."""

    title, source = "in order", "these tests"

    def propose(self, history, candidates, n, rng):
        cells = (candidates.cell(row) for row in range(len(candidates.cells)))
        return [Pick(cell, {"seen": len(history.evaluated)}) for cell in candidates.fresh(cells, history.taken, n)]


def in_order(journal=None, **more) -> Search:
    return Search(CELLS, InOrder(), journal=journal, **more)
